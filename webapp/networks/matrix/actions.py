"""Carrying out what a person wants done."""

from collections.abc import Awaitable, Callable
from typing import Any

from webapp.languages import N_, Sentence
from webapp.networks.actions import (
    AcceptInvitation,
    Acknowledge,
    Action,
    Arrange,
    CreateGroup,
    DeclineInvitation,
    Done,
    ForgetGroup,
    InviteMembers,
    JoinGroup,
    LeaveGroup,
    LeaveSpace,
    MarkRead,
    RenameGroup,
    SendText,
    SetSubject,
    SetTyping,
    StartDirect,
)
from webapp.networks.errors import Refused
from webapp.networks.events import ConversationKind
from webapp.networks.matrix import keeping, making, outgoing
from webapp.networks.matrix.direct import Directs
from webapp.networks.matrix.line import Line, the_room
from webapp.networks.matrix.room import Room
from webapp.networks.matrix.seals import Seals
from webapp.networks.matrix.wire import path

TYPING_MS = 30_000


class Actions:
    """One method for each action."""

    def __init__(self, line: Line, directs: Directs, seals: Seals) -> None:
        self._line = line
        self._directs = directs
        self._ways: dict[type[Action], Callable[[Any], Awaitable[Done]]] = {
            SendText: lambda action: outgoing.say(line, seals, action),
            Acknowledge: seals.acknowledge,
            MarkRead: self._mark_read,
            Arrange: lambda action: keeping.arrange(line, action),
            SetTyping: self._typing,
            StartDirect: lambda action: making.start(line, directs, action.conversation),
            CreateGroup: lambda action: making.create(line, action),
            JoinGroup: lambda action: making.join(line, action.conversation),
            AcceptInvitation: self._accept,
            DeclineInvitation: self._leave,
            LeaveGroup: self._leave,
            LeaveSpace: self._leave,
            ForgetGroup: self._forget,
            InviteMembers: lambda action: making.invite(line, action),
            RenameGroup: self._rename,
            SetSubject: lambda action: self._set_state(action.conversation, "m.room.topic", {"topic": action.subject}),
        }

    async def perform(self, action: Action) -> Done:
        """Carry it out. Raises NotReached, Rejected, Refused."""
        way = self._ways.get(type(action))
        if way is None:
            raise Refused(Sentence(N_("This cannot be done here.")))
        return await way(action)

    async def _mark_read(self, action: MarkRead) -> Done:
        """The mark of how far one has read, and the receipt: for all to see, or for our own devices only."""
        name = action.message.remote_id
        if name:
            receipt = "m.read" if action.tell_sender else "m.read.private"
            place = path("rooms", the_room(action.conversation), "read_markers")
            await self._line.wire.ask("POST", place, {"m.fully_read": name, receipt: name})
        return Done(conversation=action.conversation)

    async def _typing(self, action: SetTyping) -> Done:
        body = {"typing": True, "timeout": TYPING_MS} if action.typing else {"typing": False}
        place = path("rooms", the_room(action.conversation), "typing", self._line.me)
        await self._line.wire.ask("PUT", place, body)
        return Done(conversation=action.conversation)

    async def _accept(self, action: AcceptInvitation) -> Done:
        room = the_room(action.conversation)
        inviter = self._line.rooms.get(room).invited_by
        done = await making.join(self._line, room)
        if not inviter:
            return done
        await self._directs.add(inviter, room)
        return Done(conversation=room, kind=ConversationKind.DIRECT)

    async def _leave(self, action: LeaveGroup | LeaveSpace | DeclineInvitation) -> Done:
        room = the_room(action.conversation)
        self._line.left_here.add(room)
        await self._line.wire.ask("POST", path("rooms", room, "leave"), {})
        return Done(conversation=room, space=self._line.rooms.get(room).is_space)

    async def _forget(self, action: ForgetGroup) -> Done:
        room = the_room(action.conversation)
        await self._line.wire.ask("POST", path("rooms", room, "forget"), {})
        self._line.rooms.put(Room(room))
        return Done(conversation=room)

    async def _rename(self, action: RenameGroup) -> Done:
        name = action.name.strip()
        if not name:
            raise Refused(Sentence(N_("A group needs a name.")))
        return await self._set_state(action.conversation, "m.room.name", {"name": name})

    async def _set_state(self, conversation: str, kind: str, content: dict[str, Any]) -> Done:
        room = the_room(conversation)
        await self._line.wire.ask("PUT", path("rooms", room, "state", kind) + "/", content)
        return Done(conversation=room)
