"""What is said in rooms, told as events: what was missed on entering, and what happens now."""

import contextlib
import time
from datetime import UTC, datetime, timedelta
from xml.etree.ElementTree import Element

from webapp.networks.events import ConversationChanged, Event, GapFound, Origin
from webapp.networks.xmpp.archive import Kept
from webapp.networks.xmpp.checkpoint import Position
from webapp.networks.xmpp.line import Line
from webapp.networks.xmpp.names import BODY, SUBJECT
from webapp.networks.xmpp.refusals import Declined
from webapp.networks.xmpp.room import Room
from webapp.networks.xmpp.tasks import in_turns
from webapp.networks.xmpp.translate import delayed, group_events, stanza_id

FIRST_PAGE = 50
HISTORY_WITHOUT_ARCHIVE = 20
DOUBT = timedelta(seconds=2)


class RoomNews:
    """What the rooms of one session say."""

    def __init__(self, line: Line) -> None:
        self._line = line

    async def catch_up(self, room: Room, before: bool) -> None:
        """Tell what was missed, then let the present in. ``before``: we were in this room before this session.

        Raises Unreachable.
        """
        if room.archive:
            await self._read_archive(room)
        else:
            await self._hear_history_out(room)
        room.ready, room.heard_at = True, time.monotonic()
        origin = Origin.CATCH_UP if before else Origin.BACKFILL
        for stanza in self._new_ones(room, origin):
            with self._line.wire.leaving_out_nonsense():
                self.told(room, stanza, origin if delayed(stanza) else Origin.LIVE, entering=True)

    def told(self, room: Room, stanza: Element, origin: Origin = Origin.LIVE, entering: bool = False) -> None:
        """``entering``: a room tells its topic to whoever enters; that is no news."""
        name = stanza_id(stanza, room.address)
        at = delayed(stanza) or datetime.now(UTC)
        events = group_events(stanza, room.setting, name, at)
        if entering and stanza.find(SUBJECT) is not None:
            events = [event for event in events if isinstance(event, ConversationChanged)] or events
        position = Position(name if room.archive else stanza.get("id"), at)
        counts = name is not None if room.archive else stanza.find(BODY) is not None
        counts = counts and not room.position_stays
        archive, moved = (room.address, position) if counts else (None, None)
        self._line.outlet.put(events, origin, archive=archive, position=moved)

    def read(self, room: Room, kept: Kept) -> list[Event]:
        with self._line.wire.leaving_out_nonsense():
            return group_events(kept.stanza, room.setting, kept.name, kept.at)
        return []

    async def _read_archive(self, room: Room) -> None:
        """What was said since the checkpoint, page by page; the first time the latest page."""
        archives, address = self._line.archives, room.address
        checkpoint = self._line.outlet.checkpoint
        try:
            if not checkpoint.knows(address):
                page = await archives.page(address, size=FIRST_PAGE, before="")
                seen = {stanza_id(stanza, address) for stanza in room.held}
                kept = tuple(one for one in page.kept if one.name not in seen)
                await self._tell_page(room, kept, Origin.BACKFILL)
                return
            async for page in archives.since(address, checkpoint.position(address)):
                await self._tell_page(room, page.kept, Origin.CATCH_UP)
                await self._line.outlet.space()
        except Declined:
            room.archive, room.position_stays = False, True

    async def _tell_page(self, room: Room, kept: tuple[Kept, ...], origin: Origin) -> None:
        """What is held back and stands in the archive as well is told once: the first time live, else as missed."""
        events = [event async for one in in_turns(kept) for event in self.read(room, one)]
        names = {one.name for one in kept}
        room.held = [stanza for stanza in room.held if stanza_id(stanza, room.address) not in names]
        position = kept[-1].position if kept else None
        self._line.outlet.put(events, origin, archive=room.address, position=position)

    async def _hear_history_out(self, room: Room) -> None:
        """A room tells its history behind our own entry: whatever it answers now comes after the last of that."""
        with contextlib.suppress(Declined):
            await self._line.about(room.address)

    def _new_ones(self, room: Room, origin: Origin) -> list[Element]:
        """Without an archive a room repeats its last words to whoever enters: only what follows the last that we have.

        If that is not among them, times decide, in doubt for telling it again: their clock may count whole seconds.
        If the room repeats as much as we asked for and all of it is new, there was more.
        """
        held, room.held = room.held, []
        last = self._line.outlet.checkpoint.position(room.address)
        if room.archive or last is None:
            return held
        known = [number for number, stanza in enumerate(held) if last.name and stanza.get("id") == last.name]
        if known:
            return held[known[-1] + 1 :]
        new = [stanza for stanza in held if (delayed(stanza) or datetime.now(UTC)) > last.at - DOUBT]
        if sum(map(_is_repeated, new)) >= HISTORY_WITHOUT_ARCHIVE:
            self._line.tell(GapFound(room.address), origin=origin)
        return new


def _is_repeated(stanza: Element) -> bool:
    """Whether a room tells what was said before; its topic is no part of that."""
    return delayed(stanza) is not None and (stanza.find(SUBJECT) is None or stanza.find(BODY) is not None)
