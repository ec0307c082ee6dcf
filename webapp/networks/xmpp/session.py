"""The running connection of one account: its parts, put together.

``wire`` carries, ``archive`` remembers, ``roster`` and ``rooms`` know the people, ``translate`` makes events of
stanzas, ``outlet`` keeps them in order. Nothing that is live is told before all that was missed has been (D5).
"""

import asyncio
import contextlib
import logging
from collections import deque
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from itertools import count
from xml.etree.ElementTree import Element

from webapp.languages import N_, Sentence
from webapp.networks.actions import Action, Done, SendText
from webapp.networks.contract import Anchor, Credentials, Found, History, Session, Surroundings
from webapp.networks.errors import Unreachable
from webapp.networks.events import Batch, Event, InvitationReceived, MessageReceived, Origin
from webapp.networks.xmpp.actions import Actions
from webapp.networks.xmpp.answers import NODE, version
from webapp.networks.xmpp.archive import RESULT, Archives, Kept, Page
from webapp.networks.xmpp.checkpoint import OWN, Checkpoint, Position
from webapp.networks.xmpp.connection import Key, connect
from webapp.networks.xmpp.folder import Folder
from webapp.networks.xmpp.history import already_sent, older
from webapp.networks.xmpp.line import Line
from webapp.networks.xmpp.names import BOOKMARKS, CARBONS, DELAY, MAM, PRESENCE, PUBSUB_EVENT, READ_POSITIONS, tag
from webapp.networks.xmpp.outlet import Outlet
from webapp.networks.xmpp.read_positions import ReadPositions
from webapp.networks.xmpp.refusals import Declined
from webapp.networks.xmpp.rooms import Rooms
from webapp.networks.xmpp.roster import Roster
from webapp.networks.xmpp.stanzas import capabilities, element, presence, received
from webapp.networks.xmpp.tasks import in_turns
from webapp.networks.xmpp.translate import Direct, delayed, direct_events, forwarded, stanza_id, wants_receipt
from webapp.networks.xmpp.trouble import ConnectFailed, Problem
from webapp.networks.xmpp.wire import Wire

log = logging.getLogger(__name__)
FIRST_PAGE = 250
_NOT_OPEN = N_("The account is not connected at the moment.")


@dataclass(frozen=True)
class Held:
    """A message that came while we were catching up. ``name`` is the one that our archive gave to it."""

    name: str | None
    stanza: Element
    carbon: bool
    at: datetime | None


class XmppSession(Session):
    """One account. ``open`` first, then ``batches``; the rest may be called while those run."""

    def __init__(self, credentials: Credentials, surroundings: Surroundings) -> None:
        self._key = key_of(credentials)
        self._surroundings = surroundings
        self._line: Line | None = None
        self._held: deque[Held] | None = deque()
        self._missed: set[str] = set()
        self._work: asyncio.Task[None] | None = None

    async def open(self, checkpoint: bytes | None) -> None:
        folder = Folder(self._surroundings.folder)
        key = Key(**{**vars(self._key), "scram_only": self._key.scram_only or folder.scram_seen})
        try:
            wire = await connect(key, folder.resource, self._surroundings)
        except ConnectFailed as failure:
            raise failure.trouble() from None
        if wire.used_scram:
            folder.note_scram()
        self._build(wire, folder, Checkpoint.from_bytes(checkpoint))
        try:
            await self._introduce()
        except BaseException:
            await self.close()
            raise

    def _build(self, wire: Wire, folder: Folder, checkpoint: Checkpoint) -> None:
        line = self._line = Line(wire, Outlet(checkpoint), folder, Archives(wire))
        wire.ended.add_done_callback(lambda _: line.outlet.wake())
        self._roster, self._rooms, self._positions = Roster(line), Rooms(line), ReadPositions(line)
        self._actions = Actions(line, self._roster, self._rooms, self._positions)
        wire.hear, wire.introduced = self._hear, self._rooms.look_again

    async def _introduce(self) -> None:
        """What must be known or switched on before the first stanza may count. Raises Unreachable."""
        line = self._open_line()
        with contextlib.suppress(Declined):
            line.about_us = await line.about(line.me)
        with contextlib.suppress(Declined):
            await line.wire.ask("set", element(CARBONS, "enable"))
        with contextlib.suppress(Declined):
            await self._roster.fetch()
        line.wire.say(presence(None, None, capabilities(NODE, version())))

    async def batches(self) -> AsyncIterator[Batch]:
        line = self._open_line()
        self._work = asyncio.create_task(self._begin(line))
        while True:
            await line.outlet.something()
            if not line.outlet:
                raise ConnectFailed(line.wire.ended.result(), line.wire.host).trouble()
            batch, afterwards = line.outlet.take()
            yield batch
            for work in afterwards:
                with contextlib.suppress(Unreachable):
                    work()

    async def perform(self, action: Action) -> Done:
        self._open_line()
        return await self._actions.perform(action)

    async def already_sent(self, action: SendText) -> Found:
        line = self._open_line()
        return await already_sent(line, self._rooms, action)

    async def older(self, conversation: str, before: Anchor, limit: int) -> History:
        line = self._open_line()
        return await older(line, self._rooms, conversation, before, limit)

    async def close(self) -> None:
        line, self._line = self._line, None
        if line is None:
            return
        if self._work is not None:
            self._work.cancel()
            await asyncio.gather(self._work, return_exceptions=True)
        await self._rooms.close()
        await line.wire.close()

    def _open_line(self) -> Line:
        if self._line is None:
            raise Unreachable(Sentence(_NOT_OPEN))
        return self._line

    # What was missed

    async def _begin(self, line: Line) -> None:
        """Tell what was missed, then what waited meanwhile, then enter the rooms."""
        try:
            await self._catch_up(line)
            await self._release(line)
            line.outlet.put(await self._positions.fetch(), Origin.CATCH_UP)
            await self._rooms.enter_all()
        except Unreachable:
            line.wire.end(Problem.SILENT)
        except Exception:
            log.exception("catching up failed")
            line.wire.end(Problem.LOST)

    async def _catch_up(self, line: Line) -> None:
        if MAM not in line.about_us.features:
            return
        checkpoint = line.outlet.checkpoint
        try:
            if not checkpoint.knows(OWN):
                page = await line.archives.page(OWN, size=FIRST_PAGE, before="")
                await self._tell_page(line, page, Origin.BACKFILL)
                return
            async for page in line.archives.since(OWN, checkpoint.position(OWN)):
                await self._tell_page(line, page, Origin.CATCH_UP)
                await line.outlet.space()
        except Declined as error:
            log.warning("the archive refused: %s", error.condition)
            line.without_archive()

    async def _tell_page(self, line: Line, page: Page, origin: Origin) -> None:
        """What just happened stands in the archive as well: of a first page it is left to the live ones."""
        live = {held.name for held in self._held or []} if origin is Origin.BACKFILL else set()
        told = [kept for kept in page.kept if kept.name not in live]
        events = [event async for kept in in_turns(told) for event in self._read(line, kept, origin)]
        receipts = [] if origin is Origin.BACKFILL else [r for kept in told for r in self._receipts(kept.stanza)]
        self._missed |= {kept.name for kept in told}
        position = told[-1].position if told else None
        afterwards = partial(line.try_to_say, receipts)
        line.outlet.put(events, origin, archive=OWN, position=position, afterwards=afterwards)

    def _read(self, line: Line, kept: Kept, origin: Origin) -> list[Event]:
        events: list[Event] = []
        with line.wire.leaving_out_nonsense():
            events = direct_events(kept.stanza, self._setting(line), kept.name, kept.at)
        self._notice(kept.stanza, events)
        if origin is Origin.BACKFILL:
            return [event for event in events if not isinstance(event, InvitationReceived)]
        return self._news(events)

    async def _release(self, line: Line) -> None:
        """Tell what waited; what comes meanwhile waits behind it."""
        held = self._held or deque()
        async for _ in in_turns(count()):
            if not held:
                break
            self._tell_held(line, held.popleft())
        self._held, self._missed = None, set()

    def _tell_held(self, line: Line, held: Held) -> None:
        if held.name is None or held.name not in self._missed:
            with line.wire.leaving_out_nonsense():
                self._told(line, held.stanza, held.carbon, held.at)

    # What happens now

    def _hear(self, stanza: Element) -> None:
        """Everything that comes in, in the order of the wire."""
        line = self._line
        if line is None:
            return
        if stanza.tag == PRESENCE:
            if not self._rooms.presence(stanza):
                self._roster.hear(stanza)
        elif stanza.find(RESULT) is not None:
            line.archives.hear_result(stanza)
        elif (announcement := stanza.find(tag(PUBSUB_EVENT, "event"))) is not None:
            self._announced(line, stanza, announcement)
        elif (carbon := _carbon(stanza)) is not None:
            self._copied(line, stanza, carbon)
        elif not self._rooms.message(stanza):
            self._said(line, stanza, False, None)

    def _announced(self, line: Line, stanza: Element, announcement: Element) -> None:
        """News of nodes of our own; those of others are not asked for."""
        node = next((part.get("node", "") for part in announcement), "")
        if stanza.get("from") and not line.wire.is_ours(stanza.get("from")):
            return
        if node == READ_POSITIONS:
            self._positions.hear(announcement)
        elif node == BOOKMARKS:
            self._rooms.wanted.hear(announcement)

    def _copied(self, line: Line, stanza: Element, carbon: Element) -> None:
        """What another device of ours said or heard; only our own account may tell us (CVE-2017-5589 and others)."""
        inner = forwarded(carbon)
        if stanza.get("from") != line.me or inner is None:
            line.archives.forged += 1
            return
        self._said(line, inner[0], True, inner[1])

    def _said(self, line: Line, stanza: Element, carbon: bool, at: datetime | None) -> None:
        if self._held is not None:
            self._held.append(Held(stanza_id(stanza, line.me), stanza, carbon, at))
        else:
            self._told(line, stanza, carbon, at)

    def _told(self, line: Line, stanza: Element, carbon: bool, at: datetime | None) -> None:
        name = stanza_id(stanza, line.me) if MAM in line.about_us.features else None
        at = at or self._offline_since(line, stanza) or datetime.now(UTC)
        events = direct_events(stanza, self._setting(line), name, at)
        self._notice(stanza, events)
        receipts: Callable[[], None] = partial(line.try_to_say, [] if carbon else self._receipts(stanza))
        archive, position = (OWN, Position(name, at)) if name else (None, None)
        line.outlet.put(self._news(events), archive=archive, position=position, afterwards=receipts)

    def _offline_since(self, line: Line, stanza: Element) -> datetime | None:
        """When a message was kept for us by our own server; others may claim any time they like."""
        delay = stanza.find(tag(DELAY, "delay"))
        if delay is None or delay.get("from") not in {line.wire.host, line.me}:
            return None
        return delayed(stanza)

    def _setting(self, line: Line) -> Direct:
        return Direct(line.me, line.names, self._rooms.rooms)

    def _notice(self, stanza: Element, events: list[Event]) -> None:
        """Whom the person writes to may know that their messages arrive."""
        for event in events:
            if isinstance(event, MessageReceived) and event.own:
                self._actions.correspondents.add(event.conversation)

    def _news(self, events: list[Event]) -> list[Event]:
        """Without invitations to rooms where we are; the others wait for an answer."""
        invitations = [event for event in events if isinstance(event, InvitationReceived)]
        for one in invitations:
            if one.conversation not in self._rooms.rooms:
                self._rooms.invited[one.conversation] = one.sender
        return [e for e in events if not isinstance(e, InvitationReceived) or e.conversation not in self._rooms.rooms]

    def _receipts(self, stanza: Element) -> list[Element]:
        """The receipt that the sender asked for, if they may know that we are here."""
        name, sender = wants_receipt(stanza), stanza.get("from", "")
        if name is None or not self._actions.may_know(sender.partition("/")[0]):
            return []
        return [received(sender.partition("/")[0], name)]


def key_of(credentials: Credentials) -> Key:
    secrets = credentials.secrets
    port = secrets.get("port", "")
    scram = secrets.get("scram") == "yes"
    number = int(port) if port.isdigit() else None
    return Key(credentials.address, secrets.get("password", ""), secrets.get("server", ""), number, scram)


def _carbon(stanza: Element) -> Element | None:
    for name in ("received", "sent"):
        if (found := stanza.find(tag(CARBONS, name))) is not None:
            return found
    return None
