"""The rooms of one account: which we are in, what is said there and what we say."""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator
from typing import Any
from xml.etree.ElementTree import Element

from webapp.languages import N_, Sentence
from webapp.networks.actions import CreateGroup, Done, InviteMembers
from webapp.networks.errors import Refused, Unreachable
from webapp.networks.events import (
    ConversationChanged,
    ConversationKind,
    ConversationState,
    Event,
    Member,
    MembersChanged,
)
from webapp.networks.xmpp.addresses import bare, local, resource
from webapp.networks.xmpp.archive import Kept
from webapp.networks.xmpp.attempts import Attempts
from webapp.networks.xmpp.bookmarks import Bookmark
from webapp.networks.xmpp.contents import tidy_name
from webapp.networks.xmpp.departures import Departures, tell_left
from webapp.networks.xmpp.echoes import Echoes
from webapp.networks.xmpp.entrance import Entrance, why_not
from webapp.networks.xmpp.groups import Groups
from webapp.networks.xmpp.line import Line
from webapp.networks.xmpp.names import PING
from webapp.networks.xmpp.put_out import why_out
from webapp.networks.xmpp.refusals import Declined, error_of
from webapp.networks.xmpp.room import DESTROY, DESTROYED, NICK_CHANGED, Room, statuses
from webapp.networks.xmpp.room_news import RoomNews
from webapp.networks.xmpp.stanzas import element, mediated_refusal, new_id, subject_message, text_message
from webapp.networks.xmpp.tasks import Tasks
from webapp.networks.xmpp.wanted_rooms import WantedRooms

CHECK_EVERY = 240.0
"""Seconds of silence after which we ask whether we are still in a room (XEP-0410)."""
OPEN_WITHIN = 40.0
"""Seconds that a message waits for a room that is just being entered."""

_NOT_IN = N_("You are not in this group any more.")
_NOT_OPEN = N_("The group is not open yet.")


class Rooms:
    """All rooms of one session."""

    def __init__(self, line: Line) -> None:
        self._line = line
        self.rooms: dict[str, Room] = {}
        self.invited: dict[str, str] = {}
        """Who invited us, by room."""
        self.unsaid: set[str] = set()
        """What could not even be said yet, because its room was not open: it certainly did not go out."""
        self._names: dict[str, str] = {}
        self._begun = asyncio.Event()
        self._echoes = Echoes(line.wire)
        self._tasks = Tasks()
        self.wanted = WantedRooms(line, self._tasks, self._follow)
        self._attempts = Attempts(self._tasks, self._enter_again, self._given_up)
        self.departures = Departures(line, self.rooms, self._attempts, self.wanted)
        self._news = RoomNews(line)
        self._entrance = Entrance(line, self._news)
        self._groups = Groups(line)

    # Staying in

    async def enter_all(self) -> None:
        """Enter every room in which the person wants to be, in the background. Raises Unreachable."""
        await self.wanted.begin()
        self._begun.set()
        self._tasks.start(self._watch())

    def look_again(self) -> None:
        """Our server tells news only from now on; what another device changed just before must not be missed."""
        if self._begun.is_set():
            self._tasks.start(self.wanted.look_again())

    async def close(self) -> None:
        await self._tasks.close()

    def _follow(self, bookmark: Bookmark) -> None:
        room = self.rooms.get(bookmark.room)
        if bookmark.name:
            self._names[bookmark.room] = bookmark.name
        if bookmark.wanted and room is None:
            self._attempts.begin(bookmark.room, bookmark.nick)
        elif not bookmark.wanted:
            self.departures.left_elsewhere(bookmark.room)

    async def _enter_again(self, address: str, nick: str) -> bool:
        """Enter a room; the answer is no when its server restarted meanwhile. Raises Declined, Unreachable."""
        await self._enter(address, nick)
        return address in self.rooms

    def _given_up(self, address: str, error: Declined) -> None:
        if self._line.folder.room(address).entered:
            tell_left(self._line, address, why_not(error))

    async def _watch(self) -> None:
        """Servers forget occupants without a word: ask each silent room whether we are still in it."""
        while True:
            await asyncio.sleep(CHECK_EVERY / 8)
            for room in [*self.rooms.values()]:
                if room.ready and time.monotonic() - room.heard_at > CHECK_EVERY:
                    await self._check(room)

    async def _check(self, room: Room) -> None:
        room.heard_at = time.monotonic()
        try:
            await self._line.wire.ask("get", element(PING, "ping"), f"{room.address}/{room.nick}")
        except Declined as error:
            lost = error.condition in {"not-acceptable", "item-not-found", "gone", "remote-server-not-found"}
            if lost and self.rooms.get(room.address) is room:
                del self.rooms[room.address]
                self._attempts.begin(room.address, room.nick)
        except Unreachable:
            return

    # Entering

    async def _enter(self, address: str, nick: str) -> Room:
        """Be in a room, with everything that was missed told. Raises Declined, Unreachable."""
        if address in self.rooms:
            return await self.when_inside(address)
        async with self._new_room(address, nick) as room:
            await self._entrance.enter(room)
        self.invited.pop(address, None)
        return room

    @contextlib.asynccontextmanager
    async def _new_room(self, address: str, nick: str = "") -> AsyncIterator[Room]:
        """A room that is ours from now on, unless something goes wrong inside of this."""
        room = Room(address, nick or local(self._line.me), self._line.me, self._names.get(address, ""))
        self.rooms[address] = room
        try:
            yield room
        except BaseException:
            room.give_up()
            if self.rooms.get(address) is room:
                del self.rooms[address]
            raise

    async def join(self, address: str, nick: str = "") -> Done:
        """Enter a room and stay in it. Raises Refused, Unreachable."""
        try:
            room = await self._enter(address, nick)
        except Declined as error:
            raise Refused(why_not(error)) from None
        await self.wanted.remember(address, self._names.get(address) or room.name, room.nick)
        return Done(conversation=address)

    async def create(self, action: CreateGroup) -> Done:
        """Make a room for the named people: private, lasting, with real addresses and an archive."""
        address = await self._groups.find_address()
        try:
            async with self._new_room(address) as room:
                await self._entrance.knock(room)
        except Declined as error:
            raise Refused(why_not(error)) from None
        room.name = self._names[address] = tidy_name(action.name) or local(address)
        await self._groups.configure(room)
        await self._entrance.settle_in(room)
        await self.wanted.remember(address, room.name, room.nick)
        await self._groups.invite(room, action.members)
        return Done(conversation=address)

    async def invite(self, action: InviteMembers) -> Done:
        """Ask people into a room where we are. Raises Refused, Unreachable."""
        await self._groups.invite(self._inside(action.conversation), action.members)
        return Done(conversation=action.conversation)

    async def decline(self, address: str) -> Done:
        """Do not enter; whoever asked by way of the room hears of it."""
        inviter = self.invited.pop(address, "")
        if inviter:
            await self._line.wire.hand_over(mediated_refusal(address, inviter))
        self._line.tell(ConversationChanged(address, ConversationKind.GROUP, state=ConversationState.DECLINED))
        return Done(conversation=address)

    # Saying something

    def is_room(self, address: str) -> bool:
        """Whether this is a room as far as we know; from the first time on that we were in it."""
        return address in self.rooms or address in self._attempts or self._line.folder.room(address).entered

    def read_old(self, address: str, kept: Kept) -> list[Event]:
        """What an archive keeps of a room, whether we are in it or not."""
        return self._news.read(self.rooms.get(address) or Room(address, local(self._line.me), self._line.me), kept)

    async def say(self, address: str, body: str, name: str) -> Done:
        """Say something and return when the room has said it to everybody. Raises Refused, Unreachable."""
        self.unsaid.add(name)
        room = await self.when_inside(address)
        self.unsaid.discard(name)
        return await self._echoes.say(room, text_message(room.address, body, name, room=True), name)

    async def set_subject(self, address: str, subject: str) -> Done:
        """Some rooms tell the new topic under another id: the server's word that it has ours must do."""
        room = self._inside(address)
        await self._line.wire.hand_over(subject_message(room.address, subject, new_id()))
        return Done(conversation=address)

    async def when_inside(self, address: str) -> Room:
        """The room, after a moment if we are just entering it. Raises Unreachable while we still try, else Refused."""
        await self._begun.wait()
        room = self.rooms.get(address)
        coming = room.opened if room is not None else self._attempts.present(address)
        if coming is not None:
            waiting: set[asyncio.Future[Any]] = {coming, self._line.wire.ended}
            await asyncio.wait(waiting, timeout=OPEN_WITHIN, return_when=asyncio.FIRST_COMPLETED)
        return self._inside(address)

    def _inside(self, address: str) -> Room:
        room = self.rooms.get(address)
        if room is None and address not in self._attempts:
            raise Refused(Sentence(_NOT_IN))
        if room is None or not room.is_open:
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
                self._line.folder.note_room(room.address, members=room.belonging)
                self._line.tell(MembersChanged(room.address, (member,)))
        return True

    def message(self, stanza: Element) -> bool:
        """Take a message if a room of ours says it to everybody."""
        room = self.rooms.get(bare(stanza.get("from")))
        if room is None or stanza.get("type") not in {"groupchat", "error"}:
            return False
        room.heard_at = time.monotonic()
        if self._echoes.hear(room, stanza):
            return True
        if stanza.get("type") == "groupchat" and not room.ready:
            room.held.append(stanza)
        else:
            self._news.told(room, stanza)
        return True

    def _somebody_left(self, room: Room, stanza: Element) -> None:
        codes = statuses(stanza)
        if resource(stanza.get("from")) == room.nick and room.inside and NICK_CHANGED not in codes:
            codes |= {DESTROYED} if stanza.find(DESTROY) is not None else set()
            self.departures.put_out(room, codes, why_out(codes, stanza))
            return
        gone = room.left(stanza)
        if not room.ready or gone is None:
            return
        self._line.folder.note_room(room.address, members=room.belonging)
        if isinstance(gone, Member):
            self._line.tell(MembersChanged(room.address, (gone,)))
        else:
            self._line.tell(MembersChanged(room.address, gone=(gone,)))
