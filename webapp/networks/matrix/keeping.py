"""How the person keeps a room, in step with their other programs: tags, the mark of what is unread, silence.

Specification, "Room tagging", "Marking rooms as unread", "Push rules".
"""

from collections.abc import Mapping
from contextlib import suppress
from typing import Any

from webapp.networks.actions import Arrange, Done
from webapp.networks.matrix.line import Line, the_room
from webapp.networks.matrix.push_rules import PushRules
from webapp.networks.matrix.quarantine import plain_content
from webapp.networks.matrix.room import Room
from webapp.networks.matrix.trouble import Declined
from webapp.networks.matrix.wire import path

TAGS = "m.tag"
FAVOURITE, LOW = "m.favourite", "m.lowpriority"
MARKED, MARKED_OLD = "m.marked_unread", "com.famedly.marked_unread"
"""The second one was used before there was the first (MSC2867)."""
KINDS = (TAGS, MARKED, MARKED_OLD)


def note(room: Room, event: object) -> None:
    """Take over what an event of the room's account data says of these."""
    tags = plain_content(event, TAGS)
    if tags is not None:
        named = tags.get("tags")
        room.tags = [tag for tag in (FAVOURITE, LOW) if isinstance(named, Mapping) and tag in named]
    for kind in (MARKED, MARKED_OLD):
        mark = plain_content(event, kind)
        if mark is not None:
            room.marks[kind] = mark.get("unread") is True


def is_marked(room: Room) -> bool:
    """Whether the person wants to come back to it; the newer kind of mark counts first."""
    return room.marks.get(MARKED, room.marks.get(MARKED_OLD, False))


async def arrange(line: Line, action: Arrange) -> Done:
    """Make it so, as far as it is not; what is there is asked, not remembered. Raises NotReached, Rejected, Refused."""
    room = the_room(action.conversation)
    await _tag(line, room, {FAVOURITE: action.pinned, LOW: action.low})
    await _mark(line, room, action.marked_unread)
    await _silence(line, room, action.muted)
    return Done(conversation=room)


async def _tag(line: Line, room: str, wanted: Mapping[str, bool]) -> None:
    place = path("user", line.me, "rooms", room, "tags")
    told = (await line.wire.ask("GET", place)).get("tags")
    there = set(told) if isinstance(told, Mapping) else set()
    for tag, wants in wanted.items():
        if wants and tag not in there:
            await line.wire.ask("PUT", f"{place}/{tag}", {})
        elif not wants and tag in there:
            await line.wire.ask("DELETE", f"{place}/{tag}")


async def _mark(line: Line, room: str, wanted: bool) -> None:
    """The older kind of mark is only changed where another program has made it."""
    for kind in (MARKED, MARKED_OLD):
        place = path("user", line.me, "rooms", room, "account_data", kind)
        there = await _asked(line, place)
        is_so = there is not None and there.get("unread") is True
        if is_so != wanted and (there is not None or kind == MARKED):
            await line.wire.ask("PUT", place, {"unread": wanted})


async def _silence(line: Line, room: str, wanted: bool) -> None:
    """A rule of the room: nothing in it is told, but what calls the person by name still calls."""
    rules = await line.wire.ask("GET", path("pushrules") + "/")
    if PushRules(rules).is_silent(room) == wanted:
        return
    if wanted:
        place = path("pushrules", "global", "room", room)
        await line.wire.ask("PUT", place, {"actions": []})
        await line.wire.ask("PUT", f"{place}/enabled", {"enabled": True})
        return
    for kind, rule in PushRules(rules).silencing(room):
        with suppress(Declined):  # another program was faster
            await line.wire.ask("DELETE", path("pushrules", "global", kind, rule))


async def _asked(line: Line, place: str) -> dict[str, Any] | None:
    """What the homeserver keeps there, None for nothing. Raises NotReached, Rejected, Declined."""
    try:
        return await line.wire.ask("GET", place)
    except Declined as error:
        if error.status != 404:
            raise
        return None
