"""Spaces (specification, "Spaces"): rooms that name other rooms, as names under which conversations belong together.

A space may be in a space, and in itself: what is in it by way of another one counts, each once.
"""

from collections import defaultdict
from collections.abc import Mapping
from typing import Any

from webapp.networks.events import Event, SpaceChanged
from webapp.networks.matrix.addresses import NoAddress, room_id
from webapp.networks.matrix.line import Line
from webapp.networks.matrix.quarantine import Heard

CHILD = "m.space.child"
MOST_SPACES = 300
MOST_CHILDREN = 2_000
"""Of one space, and of all that are in it together."""
_NOTE = "spaces"


class Spaces:
    """The spaces in which the person is: their names, and the rooms that they name."""

    def __init__(self, line: Line) -> None:
        self._line = line
        kept = line.rooms.note(_NOTE)
        self._spaces: dict[str, dict[str, Any]] = kept if isinstance(kept, dict) else {}
        self._touched: set[str] = set()
        self._gone: set[str] = set()

    def note(self, space: str, name: str, state: list[Heard]) -> None:
        """The person is in this space, and this is what is new in it."""
        known = self._spaces.get(space)
        if known is None and len(self._spaces) >= MOST_SPACES:
            return
        before = known or {"name": "", "rooms": []}
        rooms = dict.fromkeys(before["rooms"])
        for event in state:
            if event.type == CHILD:
                _note_child(rooms, event)
        now = {"name": name, "rooms": list(rooms)[:MOST_CHILDREN]}
        if now != known:
            self._spaces[space] = now
            self._keep()
            self._touched.add(space)

    def left(self, room: str) -> None:
        """The person is not in this room any more, if it was a space."""
        if room in self._spaces:
            self._touched.add(room)
            del self._spaces[room]
            self._gone.add(room)
            self._keep()

    def came(self, room: str) -> None:
        """There is a conversation now of which spaces may have spoken before."""
        self._touched.add(room)

    def news(self) -> list[Event]:
        """What the rest should know by now; asked when it knows all conversations of an answer."""
        gone, stale = self._gone - self._spaces.keys(), self._stale()
        self._touched, self._gone = set(), set()
        told = (SpaceChanged(one, self._spaces[one]["name"], tuple(self._rooms_in(one))) for one in sorted(stale))
        return [*(SpaceChanged(space, gone=True) for space in sorted(gone)), *told]

    def _rooms_in(self, space: str) -> list[str]:
        """The rooms in a space and in those that are in it."""
        found: dict[str, None] = {}
        seen, waiting = {space}, [space]
        while waiting and len(found) < MOST_CHILDREN:
            for room in self._spaces[waiting.pop(0)]["rooms"]:
                if room not in self._spaces:
                    found[room] = None
                elif room not in seen:
                    seen.add(room)
                    waiting.append(room)
        return list(found)[:MOST_CHILDREN]

    def _stale(self) -> set[str]:
        """The spaces that were touched, and those in which what was touched is, by whichever way."""
        if not self._touched:
            return set()
        parents: dict[str, set[str]] = defaultdict(set)
        for space, facts in self._spaces.items():
            for room in facts["rooms"]:
                parents[room].add(space)
        found, waiting = self._touched & self._spaces.keys(), list(self._touched)
        while waiting:
            new = parents.pop(waiting.pop(), set())
            waiting += new - found
            found |= new
        return found

    def _keep(self) -> None:
        self._line.rooms.put_note(_NOTE, self._spaces)


def _note_child(rooms: dict[str, None], event: Heard) -> None:
    """A child without servers by which one may enter it is none (any more)."""
    try:
        room = room_id(event.state_key)
    except NoAddress:
        return
    rooms.pop(room, None)
    if _is_there(event.content):
        rooms[room] = None


def _is_there(content: Mapping[str, Any]) -> bool:
    via = content.get("via")
    return isinstance(via, list) and any(isinstance(server, str) for server in via)
