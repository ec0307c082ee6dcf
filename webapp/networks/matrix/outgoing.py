"""What goes out: a text under an id that never changes (D3), and the question whether it went out before."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from webapp.languages import N_, Sentence
from webapp.networks.actions import Done, SendText
from webapp.networks.contract import Found, Sent
from webapp.networks.errors import Refused
from webapp.networks.matrix import wording
from webapp.networks.matrix.addresses import NoAddress, event_id
from webapp.networks.matrix.encryption.outcomes import IdentityChanged
from webapp.networks.matrix.line import Line, the_room
from webapp.networks.matrix.room_keys import ENCRYPTED
from webapp.networks.matrix.seals import Seals
from webapp.networks.matrix.trouble import Declined, NotReached, Problem
from webapp.networks.matrix.wire import path

SKEW = timedelta(minutes=15)
"""How far our clock and the homeserver's may be apart."""
REMEMBERED = timedelta(hours=20)
"""Homeservers forget after a day under which ids a device sent something; until then repeating does no harm."""
PAGE, MOST_PAGES = 100, 20
_NOT_IN = N_("You are not in this group any more.")
_CHANGED = N_(
    "%(who)s has other keys than before, so this was not sent. Open the conversation and decide what to do about it."
)
_ENCRYPTED = N_("This conversation is encrypted from end to end. Writing into it is not possible here yet.")


async def say(line: Line, seals: Seals, action: SendText) -> Done:
    """Say something; returns when the homeserver has it. Raises NotReached, Rejected, Refused."""
    room = the_room(action.conversation)
    await line.when_caught_up()
    if line.rooms.get(room).membership in {"leave", "ban"}:
        raise Refused(Sentence(_NOT_IN))
    kind, content = "m.room.message", wording.content(line.rooms, room, action)
    if await is_encrypted(line, room):
        kind, content = ENCRYPTED, await _sealed(line, seals, room, content)
    where = path("rooms", room, "send", kind, action.transaction_id)
    answer = await line.wire.ask("PUT", where, content)
    try:
        name = event_id(answer.get("event_id"))
    except NoAddress:
        raise NotReached(Problem.GARBAGE, line.wire.host) from None
    return Done(name, name, action.conversation)


async def _sealed(line: Line, seals: Seals, room: str, content: Mapping[str, Any]) -> dict[str, Any]:
    """What was waiting is refused, too, where somebody is not who they were (S21)."""
    if line.keys is None:
        raise Refused(Sentence(_ENCRYPTED))
    try:
        return await line.keys.rooms.seal(room, "m.room.message", content)
    except IdentityChanged as changed:
        seals.met(room, changed.users)
        raise Refused(Sentence(_CHANGED, {"who": ", ".join(sorted(changed.users))})) from None


async def is_encrypted(line: Line, room_id: str) -> bool:
    """Whether a room is or ever was encrypted (S20); of one that we do not know, the homeserver is asked.

    Raises NotReached, Rejected, Declined.
    """
    room = line.rooms.get(room_id)
    if room.encrypted or (line.keys and await line.keys.rooms.is_encrypted(room_id)):
        return True
    if room.membership:
        return False
    try:
        await line.wire.ask("GET", path("rooms", room_id, "state", "m.room.encryption"))
    except Declined as error:
        if error.status == 404:
            return False
        raise
    return True


async def already_sent(line: Line, action: SendText) -> Found:
    """Look for its id among what the room has said since it was written. Raises NotReached, Rejected."""
    start = ""
    for _ in range(MOST_PAGES):
        try:
            page = await _page_back(line, the_room(action.conversation), start)
        except Refused:
            return Found(Sent.UNKNOWN)
        chunk = page.get("chunk")
        events = [event for event in chunk if isinstance(event, Mapping)] if isinstance(chunk, list) else []
        name = next((name for event in events if (name := _ours(line, event, action.transaction_id))), "")
        if name:
            return Found(Sent.YES, Done(name, name, action.conversation))
        end = page.get("end")
        if not isinstance(end, str) or end == start or any(_is_before(event, action) for event in events):
            return Found(Sent.NO if _may_repeat(line, action) else Sent.UNKNOWN)
        start = end
    return Found(Sent.NO if _may_repeat(line, action) else Sent.UNKNOWN)


async def _page_back(line: Line, room: str, start: str) -> dict[str, Any]:
    query = {"dir": "b", "limit": str(PAGE)} | ({"from": start} if start else {})
    return await line.wire.ask("GET", path("rooms", room, "messages"), None, query)


def _ours(line: Line, event: Mapping[str, Any], transaction_id: str) -> str:
    """The id of an event that this device sent under this id of ours, else nothing."""
    unsigned = event.get("unsigned")
    told = unsigned.get("transaction_id") if isinstance(unsigned, Mapping) else None
    if told != transaction_id or event.get("sender") != line.me:
        return ""
    try:
        return event_id(event.get("event_id"))
    except NoAddress:
        return ""


def _is_before(event: Mapping[str, Any], action: SendText) -> bool:
    at = event.get("origin_server_ts")
    return isinstance(at, int) and at < (action.written_at - SKEW).timestamp() * 1000


def _may_repeat(line: Line, action: SendText) -> bool:
    """Whether the homeserver would still recognise a repetition: then saying it again is harmless (D3)."""
    written = action.written_at.timestamp()
    return datetime.now(UTC) - action.written_at < REMEMBERED and written > line.since
