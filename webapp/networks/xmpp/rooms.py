"""The rooms of one account: entering and leaving, what is said there, and staying in."""

import asyncio
import contextlib
import logging
import time
from collections.abc import Coroutine
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any
from xml.etree.ElementTree import Element, SubElement

from webapp.languages import N_, Sentence
from webapp.networks.actions import CreateGroup, Done, InviteMembers
from webapp.networks.errors import Refused, Unreachable
from webapp.networks.events import (
    ConversationChanged,
    ConversationKind,
    ConversationState,
    Event,
    GapFound,
    Member,
    MembersChanged,
    Origin,
)
from webapp.networks.xmpp.addresses import bare, local, resource
from webapp.networks.xmpp.archive import Kept
from webapp.networks.xmpp.bookmarks import Bookmark, Bookmarks
from webapp.networks.xmpp.checkpoint import Position
from webapp.networks.xmpp.contents import tidy_name
from webapp.networks.xmpp.line import Line
from webapp.networks.xmpp.names import BODY, DISCO_ITEMS, FORM, MAM, MUC_ADMIN, MUC_OWNER, PING, SUBJECT, tag
from webapp.networks.xmpp.refusals import Declined, error_of, refusal
from webapp.networks.xmpp.room import NICK_CHANGED, RESTARTING, Room, statuses
from webapp.networks.xmpp.stanzas import (
    direct_invitation,
    element,
    form_of,
    join_room,
    mediated_invitation,
    mediated_refusal,
    new_id,
    presence,
    query,
    subject_message,
    text_message,
)
from webapp.networks.xmpp.translate import delayed, group_events, stanza_id

log = logging.getLogger(__name__)
ENTER_WITHIN = 20.0
PAUSES = (5.0, 10.0, 20.0, 40.0, 80.0, 160.0, 300.0)
"""Seconds until a group that could not be entered is tried again; the last of them from then on."""
AGAIN_WHEN_LOCKED = 2
"""How often a group that is not there is tried again: it is locked while another member makes it anew."""
CHECK_EVERY = 240.0
"""Seconds of silence after which we ask whether we are still in a room (XEP-0410)."""
AT_ONCE = 6
"""Rooms that are entered at the same time."""
FIRST_PAGE = 50
HISTORY_WITHOUT_ARCHIVE = 20
DOUBT = timedelta(seconds=2)

_PASSING = {
    *("remote-server-not-found", "remote-server-timeout", "service-unavailable", "resource-constraint"),
    *("internal-server-error", "recipient-unavailable"),
}
"""Conditions that are over some day: a server that is down, a group that is full."""
_NOT_IN = N_("You are not in this group any more.")
_NOT_OPEN = N_("The group is not open yet.")
_NO_GROUP = N_("There is no group at this address.")


@dataclass
class Trying:
    """Our attempts to enter a room. ``attempt`` is done while we wait for the time of the next one."""

    attempt: asyncio.Future[None]
    task: asyncio.Task[None] | None = None


class Rooms:
    """All rooms of one session."""

    def __init__(self, line: Line) -> None:
        self._line = line
        self.rooms: dict[str, Room] = {}
        self.invited: dict[str, str] = {}
        """Who invited us, by room."""
        self.bookmarks = Bookmarks(line, self._bookmark_changed)
        self._names: dict[str, str] = {}
        self._entering: dict[str, Trying] = {}
        self.unsaid: set[str] = set()
        """What could not even be said yet, because its room was not open: it certainly did not go out."""
        self._begun = asyncio.Event()
        self._first_found: set[str] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self._echoes: dict[str, asyncio.Future[str | None]] = {}
        self._heard_at: dict[str, float] = {}
        self._gate = asyncio.Semaphore(AT_ONCE)
        self._service: str | None = None

    # Staying in

    async def enter_all(self) -> None:
        """Enter every room of the bookmarks, in the background. Raises Unreachable."""
        for bookmark in await self.bookmarks.fetch():
            self._bookmark_changed(bookmark)
            if bookmark.wanted:
                self._first_found.add(bookmark.room)
        self._begun.set()
        self._start(self._watch())

    def look_again(self) -> None:
        """Our server tells news only from now on; what another device changed just before must not be missed."""
        if self._begun.is_set():
            self._start(self._look_again())

    async def _look_again(self) -> None:
        with contextlib.suppress(Unreachable):
            found = [bookmark for bookmark in await self.bookmarks.fetch() if bookmark.wanted]
            gone = self._first_found - {bookmark.room for bookmark in found}
            for bookmark in [*found, *map(Bookmark, gone)]:
                self._bookmark_changed(bookmark)

    async def close(self) -> None:
        for task in [*self._tasks]:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def _bookmark_changed(self, bookmark: Bookmark) -> None:
        room = self.rooms.get(bookmark.room)
        if bookmark.name:
            self._names[bookmark.room] = bookmark.name
        if bookmark.wanted and room is None:
            self._enter_in_background(bookmark.room, bookmark.nick)
        elif not bookmark.wanted and bookmark.room in self._entering:
            self._stop_trying(bookmark.room)
            self._tell_left(bookmark.room)
        elif not bookmark.wanted and room is not None and room.ready:
            self._say_goodbye(room)

    def _enter_in_background(self, address: str, nick: str, pause: float = 0) -> None:
        if address not in self._entering:
            trying = self._entering[address] = Trying(asyncio.get_running_loop().create_future())
            trying.task = self._start(self._keep_trying(trying, address, nick, pause))

    async def _keep_trying(self, trying: Trying, address: str, nick: str, pause: float) -> None:
        """Enter as soon as the room can be reached; only a no for good is the end of it."""
        try:
            for number in count():
                await self._wait(trying, pause)
                if await self._attempt(address, nick, number):
                    return
                pause = PAUSES[min(number, len(PAUSES) - 1)]
        finally:
            _done(trying.attempt)
            if self._entering.get(address) is trying:
                del self._entering[address]

    async def _wait(self, trying: Trying, pause: float) -> None:
        if pause:
            _done(trying.attempt)
            await asyncio.sleep(pause)
            trying.attempt = asyncio.get_running_loop().create_future()

    async def _attempt(self, address: str, nick: str, number: int) -> bool:
        """Try once. The answer is whether that was the last time."""
        try:
            async with self._gate:
                await self._enter(address, nick)
        except Unreachable:
            return False
        except Declined as error:
            if error.condition in _PASSING or (error.condition == "item-not-found" and number < AGAIN_WHEN_LOCKED):
                return False
            log.warning("a group cannot be entered any more: %s", error.condition)
            if address in self._line.folder.rooms:
                self._tell_left(address)
            return True
        return address in self.rooms  # not if its server restarted meanwhile

    def _stop_trying(self, address: str) -> None:
        trying, room = self._entering.pop(address, None), self.rooms.get(address)
        if trying is not None and trying.task is not None:
            trying.task.cancel()
            _done(trying.attempt)
            if room is not None:
                del self.rooms[address]
                self._line.try_to_say([presence(f"{room.address}/{room.nick}", "unavailable")])

    async def _watch(self) -> None:
        """Servers forget occupants without a word: ask each silent room whether we are still in it."""
        while True:
            await asyncio.sleep(CHECK_EVERY / 8)
            for room in [*self.rooms.values()]:
                if room.ready and time.monotonic() - self._heard_at.get(room.address, 0) > CHECK_EVERY:
                    await self._check(room)

    async def _check(self, room: Room) -> None:
        self._heard_at[room.address] = time.monotonic()
        ping = element(PING, "ping")
        try:
            await self._line.wire.ask("get", ping, f"{room.address}/{room.nick}")
        except Declined as error:
            if error.condition in {"not-acceptable", "item-not-found", "gone", "remote-server-not-found"}:
                del self.rooms[room.address]
                self._enter_in_background(room.address, room.nick)
        except Unreachable:
            return

    def _start(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    # Entering and leaving

    async def enter(self, address: str, nick: str = "", create: bool = False) -> Room:
        """Be in a room, with everything that was missed told. Raises Refused, Unreachable."""
        try:
            return await self._enter(address, nick, create)
        except Declined as error:
            raise Refused(_why_not(error)) from None

    async def _enter(self, address: str, nick: str, create: bool = False) -> Room:
        """The same; raises Declined, Unreachable."""
        if address in self.rooms:
            return await self.when_inside(address)
        room = Room(address, nick or local(self._line.me), self._line.me)
        self.rooms[address] = room
        try:
            if not create:
                await self._look_at(room)
            await self._knock(room)
            if not create:
                await self._mind_if_made(room)
                await self._settle_in(room)
        except BaseException:
            room.entered.cancel()  # nobody needs to wait for it any longer
            if self.rooms.get(address) is room:
                del self.rooms[address]
            raise
        return room

    async def _mind_if_made(self, room: Room) -> None:
        """Entering a room that is not there makes it. One that we knew was forgotten by its server: it goes on as its
        server likes it. Any other nobody asked for. Raises Declined, Unreachable."""
        if not room.created:
            return
        if room.address not in self._line.folder.rooms:
            self._line.try_to_say([presence(f"{room.address}/{room.nick}", "unavailable")])
            raise Declined("item-not-found")
        await self._line.wire.ask("set", query(MUC_OWNER, element(FORM, "x", type="submit")), room.address)
        await self._look_at(room)

    async def _look_at(self, room: Room) -> None:
        try:
            about = await self._line.about(room.address)
        except Declined as error:
            if error.condition in {"remote-server-not-found", "gone"}:
                raise
            return
        room.archive = MAM in about.features
        room.members_only = "muc_membersonly" in about.features
        room.name = tidy_name(about.name)

    async def _knock(self, room: Room) -> None:
        """Ask to be let in, under another nick when ours is taken. Raises Declined, Unreachable."""
        wish = room.nick
        history = 0 if room.archive else HISTORY_WITHOUT_ARCHIVE
        for nick in (wish, f"{wish} 2", f"{wish} {new_id()[:4]}"):
            room.nick = nick
            if room.entered.done():
                room.entered = asyncio.get_running_loop().create_future()
            self._line.wire.say(join_room(room.address, nick, history))
            try:
                await asyncio.wait_for(room.entered, ENTER_WITHIN)
            except TimeoutError:
                raise Unreachable(Sentence(N_("The group does not answer."))) from None
            except Declined as error:
                if error.condition != "conflict":
                    raise
            else:
                return
        raise Declined("conflict")

    async def _settle_in(self, room: Room) -> None:
        """Tell that we are in, who is there and what was missed; then let the present in."""
        origin = Origin.CATCH_UP if room.address in self._line.folder.rooms else Origin.BACKFILL
        self._line.folder.note_room(room.address)
        name = self._names.get(room.address) or room.name or local(room.address)
        joined = ConversationState.JOINED
        self._line.tell(ConversationChanged(room.address, ConversationKind.GROUP, name, state=joined, listed=True))
        if room.members_only:
            await self._ask_who_belongs(room)
        self._line.tell(MembersChanged(room.address, room.members(), complete=True))
        if room.archive:
            await self._catch_up(room)
        else:
            await self._hear_history_out(room)
        room.ready = True
        self._heard_at[room.address] = time.monotonic()
        self.invited.pop(room.address, None)
        for stanza in self._new_ones(room, origin):
            with self._line.wire.leaving_out_nonsense():
                self._told(room, stanza, origin if delayed(stanza) else Origin.LIVE, entering=True)

    async def _hear_history_out(self, room: Room) -> None:
        """A room tells its history behind our own entry: whatever it answers now comes after the last of that."""
        with contextlib.suppress(Declined):
            await self._line.about(room.address)

    async def _ask_who_belongs(self, room: Room) -> None:
        for affiliation in ("owner", "admin", "member"):
            wish = query(MUC_ADMIN)
            SubElement(wish, tag(MUC_ADMIN, "item"), {"affiliation": affiliation})
            try:
                room.note_affiliated(await self._line.wire.ask("get", wish, room.address))
            except Declined:
                return  # only some may know; those who are here are known anyway

    async def _catch_up(self, room: Room) -> None:
        """What was said since the checkpoint, page by page; the first time the latest page."""
        archives, address = self._line.archives, room.address
        checkpoint = self._line.outlet.checkpoint
        seen = [stanza_id(stanza, address) for stanza in room.held]
        try:
            if not checkpoint.knows(address):
                page = await archives.page(address, size=FIRST_PAGE, before="")
                self._tell_page(room, page.kept, Origin.BACKFILL, seen)
                return
            async for page in archives.since(address, checkpoint.position(address)):
                seen = [stanza_id(stanza, address) for stanza in room.held]
                self._tell_page(room, page.kept, Origin.CATCH_UP, seen)
                await self._line.outlet.space()
        except Declined:
            room.archive, room.position_stays = False, True

    def _tell_page(self, room: Room, kept: tuple[Kept, ...], origin: Origin, held: list[str | None]) -> None:
        """What is held back and stands in the archive as well is told once: the first time live, else as missed."""
        if origin is Origin.BACKFILL:
            kept = tuple(one for one in kept if one.name not in held)
        names = {one.name for one in kept}
        room.held = [stanza for stanza, name in zip(room.held, held, strict=False) if name not in names]
        events = [event for one in kept for event in self.read(room, one)]
        position = kept[-1].position if kept else None
        self._line.outlet.put(events, origin, archive=room.address, position=position)

    def is_room(self, address: str) -> bool:
        """Whether this is a room as far as we know; from the first time on that we were in it."""
        return address in self.rooms or address in self._entering or address in self._line.folder.rooms

    def read_old(self, address: str, kept: Kept) -> list[Event]:
        """What an archive keeps of a room, whether we are in it or not."""
        return self.read(self.rooms.get(address) or Room(address, local(self._line.me), self._line.me), kept)

    def read(self, room: Room, kept: Kept) -> list[Event]:
        with self._line.wire.leaving_out_nonsense():
            return group_events(kept.stanza, room.setting, kept.name, kept.at)
        return []

    async def leave(self, address: str) -> Done:
        """Leave for good, on every device."""
        self._stop_trying(address)
        room = self.rooms.get(address)
        await self.bookmarks.drop(address)
        if room is not None and address in self.rooms:
            self._say_goodbye(room)
            await self._line.wire.round_trip()
        self._tell_left(address)
        return Done(conversation=address)

    def _say_goodbye(self, room: Room) -> None:
        self.rooms.pop(room.address, None)
        self._line.try_to_say([presence(f"{room.address}/{room.nick}", "unavailable")])
        self._tell_left(room.address)

    def _tell_left(self, address: str) -> None:
        self._line.tell(ConversationChanged(address, ConversationKind.GROUP, state=ConversationState.LEFT))

    async def join(self, address: str, nick: str = "") -> Done:
        """Enter a room and stay in it. Raises Refused, Unreachable."""
        room = await self.enter(address, nick)
        await self.bookmarks.keep(address, self._names.get(address) or room.name, room.nick)
        return Done(conversation=address)

    async def decline(self, address: str) -> Done:
        """Do not enter; whoever asked by way of the room hears of it."""
        inviter = self.invited.pop(address, "")
        if inviter:
            await self._line.wire.hand_over(mediated_refusal(address, inviter))
        self._tell_left(address)
        return Done(conversation=address)

    async def create(self, action: CreateGroup) -> Done:
        """Make a room for the named people: private, lasting, with real addresses and an archive."""
        service = await self._find_service()
        address = f"{new_id()[:16]}@{service}"
        room = await self.enter(address, create=True)
        room.name = tidy_name(action.name) or local(address)
        self._names[address] = room.name
        await self._configure(room)
        room.archive, room.members_only = MAM in (await self._line.about(address)).features, True
        await self._settle_in(room)
        await self.bookmarks.keep(address, room.name, room.nick)
        if action.members:
            await self.invite(InviteMembers(address, action.members))
        return Done(conversation=address)

    async def _configure(self, room: Room) -> None:
        try:
            offered = await self._line.wire.ask("get", query(MUC_OWNER), room.address)
        except Declined as error:
            raise Refused(refusal(error.condition, error.text)) from None
        known = {field.get("var", "") for field in offered.iter(tag(FORM, "field"))}
        wishes = {
            "muc#roomconfig_roomname": room.name,
            "muc#roomconfig_persistentroom": "1",
            "muc#roomconfig_membersonly": "1",
            "muc#roomconfig_publicroom": "0",
            "muc#roomconfig_whois": "anyone",
            "muc#roomconfig_allowinvites": "1",
            "muc#roomconfig_enablearchiving": "1",
            "muc#roomconfig_enablelogging": "1",
            "{http://prosody.im/protocol/muc}roomconfig_allowmemberinvites": "1",
        }
        wanted = {name: value for name, value in wishes.items() if name in known}
        await self._line.order(
            query(MUC_OWNER, form_of("http://jabber.org/protocol/muc#roomconfig", wanted)), room.address
        )

    async def _find_service(self) -> str:
        """The component of our server that has rooms. Raises Refused when there is none."""
        if self._service is None:
            try:
                answer = await self._line.wire.ask("get", element(DISCO_ITEMS, "query"), self._line.wire.host)
            except Declined as error:
                raise Refused(refusal(error.condition)) from None
            for item in answer.iter(tag(DISCO_ITEMS, "item")):
                with contextlib.suppress(Declined, Unreachable):
                    address = item.get("jid", "")
                    if "@" not in address and (await self._line.about(address, 5)).is_room:
                        self._service = address
                        break
        if self._service is None:
            raise Refused(Sentence(N_("This server has no groups.")))
        return self._service

    async def invite(self, action: InviteMembers) -> Done:
        """Make them members, and tell them; where we may not, the room is asked to do both."""
        room = self._inside(action.conversation)
        for member in action.members:
            wish = query(MUC_ADMIN)
            SubElement(wish, tag(MUC_ADMIN, "item"), {"affiliation": "member", "jid": member})
            try:
                await self._line.wire.ask("set", wish, room.address)
            except Declined:
                await self._line.wire.hand_over(mediated_invitation(room.address, member))
            else:
                await self._line.wire.hand_over(direct_invitation(member, room.address))
                room.affiliated.setdefault(member, "")
                if not any(one.address == member for one in room.occupants.values()):
                    self._line.tell(MembersChanged(room.address, (Member(member, present=False),)))
        return Done(conversation=room.address)

    # Saying something

    async def say(self, address: str, body: str, name: str) -> Done:
        """Say something and return when the room has said it to everybody. Raises Refused, Unreachable."""
        self.unsaid.add(name)
        room = await self.when_inside(address)
        self.unsaid.discard(name)
        return await self._echoed(room, text_message(room.address, body, name, room=True), name)

    async def set_subject(self, address: str, subject: str) -> Done:
        """Some rooms tell the new topic under another id: the server's word that it has ours must do."""
        room = self._inside(address)
        await self._line.wire.hand_over(subject_message(room.address, subject, new_id()))
        return Done(conversation=address)

    async def _echoed(self, room: Room, stanza: Element, name: str) -> Done:
        echo: asyncio.Future[str | None] = asyncio.get_running_loop().create_future()
        self._echoes[name] = echo
        waiting: set[asyncio.Future[Any]] = {echo, self._line.wire.ended}
        try:
            self._line.wire.say(stanza)
            await asyncio.wait(waiting, timeout=30, return_when=asyncio.FIRST_COMPLETED)
            if not echo.done():
                raise self._line.wire.lost()
            remote_id = echo.result()
        finally:
            del self._echoes[name]
        return Done(remote_id=remote_id, reference=remote_id or name, conversation=room.address)

    async def when_inside(self, address: str) -> Room:
        """The room, after a moment if we are just entering it. Raises Unreachable while we still try, else Refused."""
        await self._begun.wait()
        room, trying = self.rooms.get(address), self._entering.get(address)
        coming = room.entered if room is not None else trying.attempt if trying is not None else None
        if coming is not None:
            waiting: set[asyncio.Future[Any]] = {coming, self._line.wire.ended}
            await asyncio.wait(waiting, timeout=2 * ENTER_WITHIN, return_when=asyncio.FIRST_COMPLETED)
        return self._inside(address)

    def _inside(self, address: str) -> Room:
        room = self.rooms.get(address)
        if room is None and address not in self._entering:
            raise Refused(Sentence(_NOT_IN))
        if room is None or not room.inside:
            raise Unreachable(Sentence(_NOT_OPEN))
        return room

    # Hearing something

    def presence(self, stanza: Element) -> bool:
        """Take a presence if it is of one of our rooms."""
        room = self.rooms.get(bare(stanza.get("from")))
        if room is None:
            return False
        kind = stanza.get("type", "")
        if kind == "error":
            if not room.entered.done():
                room.entered.set_exception(Declined(*error_of(stanza)))
        elif kind == "unavailable":
            self._somebody_left(room, stanza)
        elif not kind:
            member = room.arrived(stanza)
            if room.ready:
                self._line.tell(MembersChanged(room.address, (member,)))
        return True

    def message(self, stanza: Element) -> bool:
        """Take a message if a room of ours says it to everybody."""
        room = self.rooms.get(bare(stanza.get("from")))
        if room is None or stanza.get("type") not in {"groupchat", "error"}:
            return False
        self._heard_at[room.address] = time.monotonic()
        if self._is_echo(room, stanza):
            return True
        if stanza.get("type") == "groupchat" and not room.ready:
            room.held.append(stanza)
        else:
            self._told(room, stanza)
        return True

    def _is_echo(self, room: Room, stanza: Element) -> bool:
        """Whether this is the room's answer to what we just said; only a refusal ends here."""
        echo = self._echoes.get(stanza.get("id", ""))
        if echo is None or echo.done():
            return False
        if stanza.get("type") == "error":
            echo.set_exception(Refused(refusal(*error_of(stanza))))
            return True
        if resource(stanza.get("from")) == room.nick:
            echo.set_result(stanza_id(stanza, room.address))
        return False

    def _told(self, room: Room, stanza: Element, origin: Origin = Origin.LIVE, entering: bool = False) -> None:
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

    def _somebody_left(self, room: Room, stanza: Element) -> None:
        codes = statuses(stanza)
        if resource(stanza.get("from")) == room.nick and room.inside and NICK_CHANGED not in codes:
            self._we_are_out(room, codes)
            return
        gone = room.left(stanza)
        if not room.ready or gone is None:
            return
        if isinstance(gone, Member):
            self._line.tell(MembersChanged(room.address, (gone,)))
        else:
            self._line.tell(MembersChanged(room.address, gone=(gone,)))

    def _we_are_out(self, room: Room, codes: set[str]) -> None:
        """Somebody put us out, or the room is no more; or its server only restarts, then we come back."""
        self.rooms.pop(room.address, None)
        if codes & RESTARTING:
            self._enter_in_background(room.address, room.nick, pause=10)
            return
        self._tell_left(room.address)


def _is_repeated(stanza: Element) -> bool:
    """Whether a room tells what was said before; its topic is no part of that."""
    return delayed(stanza) is not None and (stanza.find(SUBJECT) is None or stanza.find(BODY) is not None)


def _done(future: asyncio.Future[None]) -> None:
    if not future.done():
        future.set_result(None)


def _why_not(error: Declined) -> Sentence:
    if error.condition == "item-not-found":
        return Sentence(_NO_GROUP)
    if error.condition == "not-authorized":
        return Sentence(N_("This group asks for a password, which cannot be given here yet."))
    if error.condition == "forbidden":
        return Sentence(N_("You are banned from this group."))
    return refusal(error.condition, error.text)
