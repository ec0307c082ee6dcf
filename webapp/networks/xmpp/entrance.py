"""The way into a room (XEP-0045 section 7.2)."""

import asyncio
from datetime import UTC, datetime
from xml.etree.ElementTree import SubElement

from webapp.languages import N_, Sentence
from webapp.networks.errors import Unreachable
from webapp.networks.events import (
    ConversationChanged,
    ConversationKind,
    ConversationState,
    MembersChanged,
    MessageReceived,
)
from webapp.networks.xmpp.contents import tidy_name
from webapp.networks.xmpp.line import Line
from webapp.networks.xmpp.names import MUC_ADMIN, tag
from webapp.networks.xmpp.refusals import Declined, refusal
from webapp.networks.xmpp.remaking import make_as_it_was
from webapp.networks.xmpp.room import Room
from webapp.networks.xmpp.room_news import HISTORY_WITHOUT_ARCHIVE, RoomNews
from webapp.networks.xmpp.stanzas import join_room, new_id, presence, query

ENTER_WITHIN = 20.0
_NO_GROUP = N_("There is no group at this address.")


class Entrance:
    """Gets one session into rooms. Everything raises Declined and Unreachable."""

    def __init__(self, line: Line, news: RoomNews) -> None:
        self._line = line
        self._news = news

    async def enter(self, room: Room) -> None:
        """Be in a room that exists, with everything that was missed told."""
        await self._look_at(room)
        await self.knock(room)
        await self._mind_if_made(room)
        await self.settle_in(room)

    async def knock(self, room: Room) -> None:
        """Ask to be let in, under another nick when ours is taken."""
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

    async def settle_in(self, room: Room) -> None:
        """Tell that we are in, who is there and what was missed; then let the present in."""
        room.open()
        before = self._line.folder.room(room.address).entered
        self._line.folder.note_room(room.address, entered=True)
        kind, joined = ConversationKind.GROUP, ConversationState.JOINED
        self._line.tell(ConversationChanged(room.address, kind, room.title, state=joined, listed=True))
        if room.members_only:
            await self._ask_who_belongs(room)
        self._line.tell(MembersChanged(room.address, room.members(), complete=True))
        await self._news.catch_up(room, before)
        self._remember(room)

    async def _look_at(self, room: Room) -> None:
        try:
            about = await self._line.about(room.address)
        except Declined as error:
            if error.condition in {"remote-server-not-found", "gone"}:
                raise
            return
        room.note_features(about.features)
        room.name = tidy_name(about.name)

    def _remember(self, room: Room) -> None:
        """How the room is, in case that its server forgets it.

        That it is not closed any more is told: somebody else may have made it again, or its owner may want it so, and
        whoever writes there should know.
        """
        was = frozenset(self._line.folder.room(room.address).kind or ())
        if room.kind is not None and "muc_membersonly" in was - room.kind:
            self._line.tell(_opened(room))
        facts = {"kind": sorted(room.kind), "name": room.name} if room.kind is not None else {}
        self._line.folder.note_room(room.address, members=room.belonging, **facts)

    async def _mind_if_made(self, room: Room) -> None:
        """Entering a room that is not there makes it. One that we knew was forgotten by its server: it is made as it
        was, or not at all. Any other nobody asked for."""
        if not room.created:
            return
        try:
            await make_as_it_was(self._line, room, self._line.folder.room(room.address))
            await self._look_at(room)
        except Declined:
            self._line.try_to_say([presence(f"{room.address}/{room.nick}", "unavailable")])
            raise

    async def _ask_who_belongs(self, room: Room) -> None:
        for affiliation in ("owner", "admin", "member"):
            wish = query(MUC_ADMIN)
            SubElement(wish, tag(MUC_ADMIN, "item"), {"affiliation": affiliation})
            try:
                room.note_affiliated(await self._line.wire.ask("get", wish, room.address))
            except Declined:
                return  # only some may know; those who are here are known anyway


def _opened(room: Room) -> MessageReceived:
    words = N_("This group was closed before. It is open to everybody now: whoever knows its address can read along.")
    group, now = ConversationKind.GROUP, datetime.now(UTC)
    return MessageReceived(room.address, group, None, room.address, Sentence(words), now, sender_name=room.title)


def why_not(error: Declined) -> Sentence:
    """Why we cannot enter, in words."""
    if error.condition == "item-not-found":
        return Sentence(_NO_GROUP)
    if error.condition == "not-authorized":
        return Sentence(N_("This group asks for a password, which cannot be given here yet."))
    if error.condition == "forbidden":
        return Sentence(N_("You are banned from this group."))
    return refusal(error.condition, error.text)
