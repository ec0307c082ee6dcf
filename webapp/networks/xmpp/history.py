"""Questions to the archives about the past: what was before, and whether something went out already."""

import contextlib
from datetime import timedelta

from webapp.networks.actions import Done, SendText
from webapp.networks.contract import Anchor, Found, History, More, Sent
from webapp.networks.errors import Refused
from webapp.networks.events import Batch, Event, MessageReceived, Origin
from webapp.networks.xmpp.archive import PAGE, Kept, Page
from webapp.networks.xmpp.checkpoint import OWN, Position
from webapp.networks.xmpp.line import Line
from webapp.networks.xmpp.names import MAM
from webapp.networks.xmpp.refusals import Declined, refusal
from webapp.networks.xmpp.rooms import Rooms
from webapp.networks.xmpp.tasks import in_turns
from webapp.networks.xmpp.translate import Direct, direct_events, origin_id

SKEW = timedelta(minutes=15)
"""How far our clock and the server's may be apart."""
MOST_PAGES = 20
"""Pages in a row without a single message (only markers and the like) before we stop looking."""


async def already_sent(line: Line, rooms: Rooms, action: SendText) -> Found:
    """Look for the origin id in the archive, from a little before it was written (D4). Raises Unreachable."""
    room = rooms.is_room(action.conversation)
    if action.transaction_id in rooms.unsaid:
        return Found(Sent.NO)
    if room:
        with contextlib.suppress(Refused):  # its archive may answer all the same
            await rooms.when_inside(action.conversation)
    elif MAM not in line.about_us.features:
        return Found(Sent.UNKNOWN)
    archive, other = (action.conversation, None) if room else (OWN, action.conversation)
    try:
        async for page in line.archives.since(archive, Position(None, action.written_at - SKEW), other):
            for kept in page.kept:
                if action.transaction_id in {origin_id(kept.stanza), kept.stanza.get("id")} and _ours(line, kept, room):
                    reference = kept.name if room else action.transaction_id
                    return Found(Sent.YES, Done(kept.name, reference, action.conversation))
    except Declined:
        return Found(Sent.UNKNOWN)
    return Found(Sent.NO if room or await _is_kept(line, action.conversation) else Sent.UNKNOWN)


async def _is_kept(line: Line, conversation: str) -> bool:
    """Whether our archive would have it, had it gone out. Raises Unreachable."""
    return (await line.archives.preferences()).keeps(conversation.partition("/")[0], line.names)


async def older(line: Line, rooms: Rooms, conversation: str, before: Anchor, limit: int) -> History:
    """The last messages before a point, oldest first. Raises Refused, Unreachable."""
    room = rooms.is_room(conversation)
    if not room and MAM not in line.about_us.features:
        return History(Batch((), Origin.BACKFILL), More.NO)
    size = max(1, min(limit, PAGE))
    for _ in range(MOST_PAGES):
        page = await _page_before(line, conversation, room, before, size)
        messages = [event async for kept in in_turns(page.kept) for event in _read(line, rooms, conversation, kept)]
        if messages or page.complete or page.first is None:
            return History(Batch(tuple(messages), Origin.BACKFILL), More.NO if page.complete else More.YES)
        before = Anchor(page.first)
    return History(Batch((), Origin.BACKFILL), More.UNKNOWN)


async def _page_before(line: Line, conversation: str, room: bool, before: Anchor, size: int) -> Page:
    """By the name of the message; by its time where there is no name or the archive does not know it any more."""
    archive, other = (conversation, None) if room else (OWN, conversation)
    end = None if before.remote_id else before.sent_at
    try:
        return await line.archives.page(archive, size=size, before=before.remote_id or "", end=end, other=other)
    except Declined as error:
        if error.condition != "item-not-found" or before.remote_id is None or before.sent_at is None:
            raise Refused(refusal(error.condition, error.text)) from None
    return await _page_before(line, conversation, room, Anchor(None, before.sent_at), size)


def _read(line: Line, rooms: Rooms, conversation: str, kept: Kept) -> list[Event]:
    """Only messages: old markers say nothing new."""
    events: list[Event] = []
    with line.wire.leaving_out_nonsense():
        if rooms.is_room(conversation):
            events = rooms.read_old(conversation, kept)
        else:
            events = direct_events(kept.stanza, Direct(line.me, line.names, rooms.rooms), kept.name, kept.at)
    return [event for event in events if isinstance(event, MessageReceived) and event.conversation == conversation]


def _ours(line: Line, kept: Kept, room: bool) -> bool:
    return room or line.wire.is_ours(kept.stanza.get("from"))
