"""What was said before: pages of a room, from a point backwards."""

from collections.abc import Mapping
from typing import Any

from webapp.networks.contract import Anchor, History, More
from webapp.networks.events import Batch, Event, Origin
from webapp.networks.matrix.line import Line, the_room
from webapp.networks.matrix.paging import LAZY, page_back
from webapp.networks.matrix.room_news import RoomNews
from webapp.networks.matrix.texts import tidy_name
from webapp.networks.matrix.translate import message
from webapp.networks.matrix.trouble import NotReached, Problem
from webapp.networks.matrix.wire import path

PAGE = 100
MOST_PAGES = 20
"""Pages in a row without a single message (only joining and leaving and the like) before we stop looking."""


async def older(line: Line, news: RoomNews, conversation: str, before: Anchor, limit: int) -> History:
    """The last messages before a point, oldest first. Raises NotReached, Rejected, Refused."""
    room = the_room(conversation)
    size = max(1, min(limit, PAGE))
    start = await _start(line, room, before.remote_id) if before.remote_id else ""
    for _ in range(MOST_PAGES):
        page = await page_back(line, room, start, size)
        messages = await _read(line, news, room, page)
        end = page.get("end")
        over = not isinstance(end, str) or end == start
        if messages or over:
            return History(Batch(tuple(messages), Origin.BACKFILL), More.NO if over else More.YES)
        start = str(end)
    return History(Batch((), Origin.BACKFILL), More.UNKNOWN)


async def _start(line: Line, room: str, name: str) -> str:
    """The place in the room's history just before an event. Raises NotReached, Rejected, Declined."""
    answer = await line.wire.ask("GET", path("rooms", room, "context", name), None, {"limit": "0", "filter": LAZY})
    start = answer.get("start")
    if not isinstance(start, str):
        raise NotReached(Problem.GARBAGE, line.wire.host)
    return start


async def _read(line: Line, news: RoomNews, room_id: str, page: Mapping[str, Any]) -> list[Event]:
    """The messages of a page, oldest first. Who said them comes along with it."""
    room = line.rooms.get(room_id)
    names = _names(line, page)
    setting = news.setting(room, lambda user: line.rooms.name_of(room_id, user) or names.get(user, ""))
    found: list[Event] = []
    events = line.quarantine.all_of({"events": page.get("chunk")})
    opened = await line.keys.rooms.opened(room_id, events) if line.keys else {}
    for event in reversed(events):
        with line.quarantine.around():
            said = message(event, setting, opened.get(event.name))
            found += [said] if said is not None else []
    return found


def _names(line: Line, page: Mapping[str, Any]) -> dict[str, str]:
    members = line.quarantine.all_of({"events": page.get("state")})
    return {m.state_key: tidy_name(m.content.get("displayname")) for m in members if m.state_key}
