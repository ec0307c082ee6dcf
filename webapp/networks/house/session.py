"""One resident's session: reads the log from its checkpoint, and appends to it."""

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator, Callable

from webapp.languages import N_, Sentence
from webapp.networks.actions import (
    Action,
    CreateGroup,
    Done,
    InviteMembers,
    LeaveGroup,
    MarkRead,
    RenameGroup,
    SendText,
    SetTyping,
    StartDirect,
)
from webapp.networks.contract import Anchor, Found, History, More, Sent, Session
from webapp.networks.errors import Refused
from webapp.networks.events import Batch, ContactChanged, Event, Origin, TypingChanged
from webapp.networks.house.log import HouseLog, pair_room
from webapp.networks.house.translate import translate

PAGE = 500
_at_home: dict[HouseLog, dict[str, set["HouseSession"]]] = defaultdict(lambda: defaultdict(set))
"""The open sessions of each house, for what is not worth writing down: who is here, who types."""

NOT_IN = Sentence(N_("You are not in this group any more, so this was not done."))


def _wake_on(loop: asyncio.AbstractEventLoop, wake: asyncio.Event) -> None:
    loop.call_soon_threadsafe(wake.set)


def _nothing() -> None:
    """What is to be undone before anything was done."""


class HouseSession(Session):
    """What one resident hears and says."""

    def __init__(self, me: str, log: HouseLog) -> None:
        self._me = me
        self._log = log
        self._seen = 0
        self._wake = asyncio.Event()
        self._passing: list[Event] = []
        self._stop_listening: Callable[[], None] = _nothing

    async def open(self, checkpoint: bytes | None) -> None:
        """There is always a line: the log is on this machine."""
        self._seen = int(checkpoint) if checkpoint else 0
        loop = asyncio.get_running_loop()
        self._stop_listening = self._log.listen(lambda: _wake_on(loop, self._wake))
        _at_home[self._log][self._me].add(self)

    async def batches(self) -> AsyncIterator[Batch]:
        """The neighbours first, then everything since the checkpoint, then what happens."""
        known: dict[str, str] = {}
        origin = Origin.CATCH_UP
        while True:
            self._wake.clear()
            names = await asyncio.to_thread(self._log.residents)
            if names != known:
                yield Batch(self._neighbours(names, known), origin)
                known = names
            passing, self._passing = self._passing, []
            if passing:
                yield Batch(tuple(passing), Origin.LIVE)
            batch, full = await asyncio.to_thread(self._read_on, names, origin)
            if batch is not None:
                yield batch
            if not full:
                origin = Origin.LIVE
                await self._wake.wait()

    def _neighbours(self, names: dict[str, str], known: dict[str, str]) -> tuple[Event, ...]:
        """Everyone in the house is a contact of everyone."""
        events: list[Event] = []
        for key, name in names.items():
            if key == self._me or known.get(key) == name:
                continue
            events.append(ContactChanged(name, name, conversation=pair_room(self._me, key)))
        return tuple(events)

    def _read_on(self, names: dict[str, str], origin: Origin) -> tuple[Batch | None, bool]:
        """The next entries, and whether there may be more of them at once."""
        entries = self._log.after(self._seen, self._me, PAGE)
        if not entries:
            return None, False
        events: list[Event] = []
        for entry in entries:
            room = self._log.room(entry.room)
            if room is not None:
                events += translate(entry, room, names, self._me)
        self._seen = entries[-1].id
        return Batch(tuple(events), origin, str(self._seen).encode()), len(entries) == PAGE

    async def perform(self, action: Action) -> Done:
        """Append to the log; what was appended is durable when this returns."""
        match action:
            case SetTyping():
                self._tell_typing(action)
                return Done()
            case _:
                return await asyncio.to_thread(self._perform, action)

    def _perform(self, action: Action) -> Done:
        match action:
            case StartDirect():
                return Done(conversation=self._log.open_pair(self._me, self._find(action.conversation)))
            case CreateGroup():
                members = [self._me, *(self._find(name) for name in action.members)]
                return Done(conversation=self._log.create_group(action.name, list(dict.fromkeys(members))))
        self._must_be_in(action.conversation)
        match action:
            case SendText():
                entry = self._log.say(action.conversation, self._me, action.body, action.transaction_id)
                return Done(str(entry.id), str(entry.id))
            case MarkRead(message=message) if message.remote_id is not None:
                self._log.note(action.conversation, "read", self._me, about=int(message.remote_id))
            case RenameGroup():
                self._rename(action)
            case InviteMembers():
                for key in [self._find(name) for name in action.members]:
                    self._log.let_in(action.conversation, key)
            case LeaveGroup():
                self._leave(action.conversation)
            case MarkRead():
                pass
            case _:
                raise Refused(Sentence(N_("This cannot be done in the house.")))
        return Done()

    async def already_sent(self, action: SendText) -> Found:
        """The log knows every transaction id, so the answer is never unknown."""
        entry = await asyncio.to_thread(self._log.said, action.conversation, self._me, action.transaction_id)
        if entry is None:
            return Found(Sent.NO)
        return Found(Sent.YES, Done(str(entry.id), str(entry.id)))

    async def older(self, conversation: str, before: Anchor, limit: int) -> History:
        """A page of the log, backwards."""
        return await asyncio.to_thread(self._older, conversation, before, limit)

    def _older(self, conversation: str, before: Anchor, limit: int) -> History:
        room = self._log.room(conversation)
        if room is None:
            return History(Batch((), Origin.BACKFILL), More.NO)
        anchor = int(before.remote_id) if before.remote_id else None
        entries = self._log.before(conversation, anchor, self._me, limit)
        names = self._log.residents()
        events = [event for entry in reversed(entries) for event in translate(entry, room, names, self._me)]
        return History(Batch(tuple(events), Origin.BACKFILL), More.YES if len(entries) == limit else More.NO)

    async def close(self) -> None:
        """Stop listening."""
        self._stop_listening()
        self._stop_listening = _nothing
        _at_home[self._log][self._me].discard(self)

    def _tell_typing(self, action: SetTyping) -> None:
        """Typing passes from session to session and is never written down."""
        room = self._log.room(action.conversation)
        if room is None or self._me not in room.members:
            return
        name = room.members[self._me]
        for key in room.members.keys() - {self._me}:
            for session in _at_home[self._log][key]:
                session.hear(TypingChanged(room.id, name, action.typing, name))

    def hear(self, event: Event) -> None:
        """Something passing, from another session on the same loop."""
        self._passing.append(event)
        self._wake.set()

    def _leave(self, room: str) -> None:
        self._must_be_group(room)
        self._log.let_out(room, self._me)

    def _rename(self, action: RenameGroup) -> None:
        self._must_be_group(action.conversation)
        if not action.name.strip():
            raise Refused(Sentence(N_("A group needs a name, so this one keeps its own. Type another and save again.")))
        self._log.note(action.conversation, "topic", self._me, action.name.strip())

    def _find(self, name: str) -> str:
        key = self._log.resident_called(name)
        if key is None:
            raise Refused(Sentence(N_("Nobody in this house is called %(name)s."), {"name": name}))
        return key

    def _must_be_group(self, room: str) -> None:
        found = self._log.room(room)
        if found is None or found.is_pair:
            raise Refused(Sentence(N_("This can only be done with a group.")))

    def _must_be_in(self, room: str) -> None:
        if not self._log.is_member(room, self._me):
            raise Refused(NOT_IN)
