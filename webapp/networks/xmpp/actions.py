"""Carrying out what a person wants done."""

from collections.abc import Awaitable, Callable
from typing import Any

from webapp.languages import N_, Sentence
from webapp.networks.actions import (
    AcceptInvitation,
    Action,
    AddContact,
    CreateGroup,
    DeclineInvitation,
    Done,
    InviteMembers,
    JoinGroup,
    LeaveGroup,
    MarkRead,
    RemoveContact,
    SendText,
    SetSubject,
    SetTyping,
    StartDirect,
)
from webapp.networks.errors import Refused, Unreachable
from webapp.networks.xmpp.addresses import NoAddress, parse, typed
from webapp.networks.xmpp.line import Line
from webapp.networks.xmpp.read_positions import ReadPositions
from webapp.networks.xmpp.refusals import Declined
from webapp.networks.xmpp.rooms import Rooms
from webapp.networks.xmpp.roster import Roster
from webapp.networks.xmpp.stanzas import chat_state, displayed, text_message

_NO_ADDRESS = N_("%(address)s is not an XMPP address. It looks like anna@example.org.")


class Actions:
    """One method for each action. ``correspondents`` are those whom the person writes to."""

    def __init__(self, line: Line, roster: Roster, rooms: Rooms, positions: ReadPositions) -> None:
        self._line = line
        self._roster = roster
        self._rooms = rooms
        self._positions = positions
        self.correspondents: set[str] = set()
        self._ways: dict[type[Action], Callable[[Any], Awaitable[Done]]] = {
            SendText: self._send,
            MarkRead: self._mark_read,
            SetTyping: self._typing,
            StartDirect: self._start,
            CreateGroup: self._create,
            JoinGroup: lambda action: self._rooms.join(_address(action.conversation)),
            AcceptInvitation: self._accept,
            DeclineInvitation: self._decline,
            LeaveGroup: lambda action: self._rooms.departures.leave(_address(action.conversation)),
            InviteMembers: self._invite,
            SetSubject: lambda action: self._rooms.set_subject(_address(action.conversation), action.subject),
            AddContact: lambda action: self._roster.add(AddContact(_address(action.conversation), action.name)),
            RemoveContact: lambda action: self._roster.remove(_address(action.conversation)),
        }

    async def perform(self, action: Action) -> Done:
        """Carry it out. Raises Unreachable, SignedOut, Refused."""
        way = self._ways.get(type(action))
        if way is None:
            raise Refused(Sentence(N_("This cannot be done here.")))
        return await way(action)

    def may_know(self, address: str) -> bool:
        """Whether somebody may learn from receipts and markers that the person is there: contacts who may see it
        anyway, and those whom the person writes to (XEP-0184 section 8)."""
        return self._roster.may_see_us(address) or address in self.correspondents

    async def _send(self, action: SendText) -> Done:
        if self._rooms.is_room(action.conversation):
            return await self._rooms.say(action.conversation, action.body, action.transaction_id)
        to = _target(action.conversation)
        self.correspondents.add(action.conversation)
        await self._line.wire.hand_over(text_message(to, action.body, action.transaction_id, room=False))
        return Done(reference=action.transaction_id, conversation=action.conversation)

    async def _mark_read(self, action: MarkRead) -> Done:
        room, message = self._rooms.is_room(action.conversation), action.message
        names = message.remote_id if room else message.reference
        if names and action.tell_sender and (room or self.may_know(action.conversation)):
            self._line.wire.say(displayed(_target(action.conversation), names, room))
        if message.remote_id:
            await self._positions.move(
                action.conversation, message.remote_id, action.conversation if room else self._line.me
            )
        else:
            await self._line.wire.round_trip()
        return Done(conversation=action.conversation)

    async def _typing(self, action: SetTyping) -> Done:
        room = self._rooms.is_room(action.conversation)
        if room or self.may_know(action.conversation):
            self._line.try_to_say([chat_state(_target(action.conversation), action.typing, room)])
        return Done(conversation=action.conversation)

    async def _start(self, action: StartDirect) -> Done:
        """A person, or a room whose address somebody gave."""
        address = _address(action.conversation)
        if await self._is_room(address):
            return await self._rooms.join(address)
        return Done(conversation=address)

    async def _is_room(self, address: str) -> bool:
        if self._rooms.is_room(address):
            return True
        if address in self._roster.contacts or address.endswith(f"@{self._line.wire.host}"):
            return False
        try:
            return (await self._line.about(address)).is_room
        except Declined as error:
            return error.condition == "item-not-found" and await self._hosts_rooms(address.partition("@")[2])
        except Unreachable:
            if self._line.wire.ended.done():
                raise
            return False

    async def _hosts_rooms(self, domain: str) -> bool:
        """An address that is unknown where there are only rooms: joining will say that there is none."""
        try:
            return (await self._line.about(domain)).is_room
        except Declined:
            return False

    async def _create(self, action: CreateGroup) -> Done:
        members = tuple(_address(member) for member in action.members)
        return await self._rooms.create(CreateGroup("", action.name, members))

    async def _invite(self, action: InviteMembers) -> Done:
        members = tuple(_address(member) for member in action.members)
        return await self._rooms.invite(InviteMembers(action.conversation, members))

    async def _accept(self, action: AcceptInvitation) -> Done:
        address = _address(action.conversation)
        if address in self._roster.requests:
            return await self._roster.accept(address)
        if address in self._rooms.invited or await self._is_room(address):
            return await self._rooms.join(address)
        return await self._roster.accept(address)

    async def _decline(self, action: DeclineInvitation) -> Done:
        address = _address(action.conversation)
        if address in self._roster.requests:
            return await self._roster.decline(address)
        if address in self._rooms.invited or await self._is_room(address):
            return await self._rooms.decline(address)
        return await self._roster.decline(address)


def _address(text: str) -> str:
    """A bare address that may have been typed. Raises Refused."""
    try:
        return typed(text)
    except NoAddress:
        raise Refused(Sentence(_NO_ADDRESS, {"address": text[:100]})) from None


def _target(conversation: str) -> str:
    """Where to send: the conversation's own address, with a resource only in talks out of a room. Raises Refused."""
    try:
        return str(parse(conversation))
    except NoAddress:
        raise Refused(Sentence(_NO_ADDRESS, {"address": conversation[:100]})) from None
