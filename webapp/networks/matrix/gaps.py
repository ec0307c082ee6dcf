"""What a homeserver left out of its answer because too much was said: fetched before anything newer is told.

Whoever was away for a night wants to find what was said, in order and counted, not a line that something is missing.
Only where that is very much the line stays, and the rest is fetched when somebody looks there.
"""

from collections.abc import Mapping
from typing import Any

from webapp.networks.matrix.line import Line
from webapp.networks.matrix.paging import page_back
from webapp.networks.matrix.quarantine import Heard
from webapp.networks.matrix.room import Room
from webapp.networks.matrix.trouble import Declined

PAGE = 100
MOST_PAGES = 10
"""Of one room."""
MOST_TOGETHER = 100
"""Pages for one answer: after a long absence the other rooms should not wait for minutes."""


class Gaps:
    """``renew`` at the beginning of each answer."""

    def __init__(self, line: Line) -> None:
        self._line = line
        self._left = MOST_TOGETHER

    def renew(self) -> None:
        self._left = MOST_TOGETHER

    async def missed(self, room: Room, timeline: Mapping[str, Any]) -> tuple[list[Heard], bool]:
        """What was said between the last message that we know and this part of the room, oldest first; and whether
        that is all of it. Raises NotReached, Rejected."""
        found: list[Heard] = []
        start = timeline.get("prev_batch")
        for _ in range(MOST_PAGES):
            if not isinstance(start, str) or not start or not self._left:
                break
            self._left -= 1
            try:
                page = await page_back(self._line, room.id, start, PAGE)
            except Declined:
                break
            for event in self._line.quarantine.all_of({"events": page.get("chunk")}):
                if event.name == room.last:
                    return found[::-1], True
                found.append(event)
            end = page.get("end")
            if not isinstance(end, str) or end == start:
                return found[::-1], True  # that is where the room begins
            start = end
        return found[::-1], False
