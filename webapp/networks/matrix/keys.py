"""Where the keys of an account meet the homeserver: what they want asked is asked, what they open is handed on.

The keys know no HTTP and the rest of the session knows no keys. What is asked twice, because a kill came in between,
does no harm.
"""

import asyncio
import contextlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypeVar

from webapp.networks.matrix.asking import Asking
from webapp.networks.matrix.encryption.standing import DevicesSeen
from webapp.networks.matrix.quarantine import Heard, events_in, heard, text_in
from webapp.networks.matrix.room_keys import ENCRYPTED, RoomKeys
from webapp.networks.matrix.translate import Revealed, Sealed
from webapp.networks.matrix.trouble import Declined, NotReached, Problem
from webapp.networks.matrix.verification.seen import Seen, Spoken
from webapp.networks.matrix.verification.ways import PREFIX, ROOM_REQUEST
from webapp.networks.matrix.wire import Wire, path
from webapp.networks.sealing import Trust

if TYPE_CHECKING:
    from webapp.networks.matrix.encryption.machine import Machine
    from webapp.networks.matrix.encryption.outcomes import Late
    from webapp.networks.matrix.encryption.own_keys import OwnKeys

T = TypeVar("T")
MOST_ROUNDS = 10
"""Times that something else is found to be asked, before that is taken for a fault."""
SOON = 2.0
"""Seconds that messages wait for what the keys have to ask; what takes longer goes on beside."""


class Keys:
    """``late`` is what can be read since the last answer and was not before. ``changed`` is called when the person did
    something by which there is news without any answer of the homeserver."""

    def __init__(self, machine: "Machine", wire: Wire) -> None:
        self._open_machine = machine
        self._wire = wire
        self._closed = False
        self._asking, self._speaking = Asking(machine, wire), asyncio.Lock()
        self.rooms = RoomKeys(lambda: self._machine, wire, self._asking)
        self._beside: asyncio.Task[None] | None = None
        self._is_more_due = False
        self.late: Sequence[Late] = ()
        self.changed: Callable[[], None] = lambda: None

    async def take(self, parts: Mapping[str, Any]) -> None:
        """The keys' part of a sync answer; stored when this returns. Raises NotReached, Rejected."""
        lists, counts = parts.get("device_lists"), parts.get("device_one_time_keys_count")
        unused = parts.get("device_unused_fallback_key_types")
        taken = await self._machine.take(
            events_in(parts.get("to_device")),
            lists if isinstance(lists, Mapping) else {},
            counts if isinstance(counts, Mapping) else {},
            unused if isinstance(unused, list) else None,
        )
        if taken.strangers:
            await self._ask_soon()  # what is not known by then is shown when it is
        await self.look_late()

    async def look_late(self) -> None:
        """See what can be read by now."""
        self.late = await self._machine.late()
        for one in self.late:
            await self._hear_late(one)

    async def _hear_late(self, one: "Late") -> None:
        told = Revealed(one.opened.type, one.opened.content)
        with contextlib.suppress(ValueError, TypeError):
            event = heard(one.event)
            await self.hear(one.room, [event], {event.name: told})

    async def late_stored(self) -> None:
        """What came late is stored where people read it."""
        late, self.late = self.late, ()
        if late:
            await self._machine.shown(late)

    async def stored(self) -> None:
        """What ``take`` led to is stored where people read it: now others may be answered.

        Raises NotReached, Rejected.
        """
        await self.late_stored()
        await self._ask_soon()
        if self._machine.ripening:
            self.changed()

    async def _ask_soon(self) -> None:
        """Ask all that is due. Others' messages do not wait long for that; there is news when it took longer."""
        self._is_more_due = True
        self._see_what_came_of_it()
        asking = self._beside = self._beside or asyncio.create_task(self._ask_beside())
        await asyncio.wait({asking}, timeout=SOON)
        if not asking.done():
            asking.add_done_callback(lambda _: self.changed())
        self._see_what_came_of_it()

    def _see_what_came_of_it(self) -> None:
        """Raises NotReached, Rejected."""
        if self._beside is not None and self._beside.done():
            over, self._beside = self._beside, None
            over.result()

    async def _ask_beside(self) -> None:
        while self._is_more_due:
            self._is_more_due = False
            if self._machine.verifying:
                await self.settle()
            else:
                await self._round()

    async def settle(self) -> None:
        """Ask all that is due, and what follows from the answers, and say what is to be said in rooms.

        Raises NotReached, Rejected.
        """
        for _ in range(MOST_ROUNDS):
            if not await self._round():
                break
        if self._machine.verifying:
            async with self._speaking:
                await self._speak()

    async def own(self, step: "Callable[[OwnKeys], T]") -> T:
        """Do something with what belongs to the person: their identity and its private keys."""
        return await self._machine.own(step)

    async def _round(self) -> bool:
        due = await self._machine.due()
        await self._asking.in_turn(due)
        return bool(due)

    async def _speak(self) -> None:
        """Say in rooms what verifications need, one after the other."""
        for said in await self._machine.to_say():
            kind, content = said.type, said.content
            try:
                if await self.rooms.is_encrypted(said.room):
                    kind, content = ENCRYPTED, await self.rooms.seal(said.room, kind, content, anyway=True)
                reply = await self._wire.ask("PUT", path("rooms", said.room, "send", kind, said.transaction), content)
            except Declined:
                reply = {}
            await self._machine.said(said, text_in(reply, "event_id"))

    # Who is who

    async def hear(self, room: str, events: Sequence[Heard], opened: Mapping[str, Revealed | Sealed]) -> None:
        """Of these events, what belongs to verifications."""
        said = [one for event in events if (one := _spoken(event, opened.get(event.name)))]
        if said:
            await self._machine.hear(room, said)

    async def verifications(self) -> list[Seen]:
        """What others want to compare with us, and we with them. Raises NotReached after ``close``."""
        return await self._machine.verifications() if self._machine.verifying else []

    async def ask_in_room(self, user: str, room: str) -> str:
        """Ask somebody to compare emoji; the name of the verification. Raises NotReached, Rejected."""
        name = await self._machine.ask_in_room(user, room)
        await self.settle()
        return name

    async def ask_by_letters(self, user: str) -> str:
        """Ask all devices of somebody, or our other ones. Raises NobodyThere, NotReached, Rejected."""
        await self._machine.follow(user)
        await self.settle()
        name = await self._machine.ask_by_letters(user)
        await self.settle()
        return name

    async def changed_people(self) -> dict[str, str]:
        """Whose identity changed, and to which."""
        return await self._machine.changed_people()

    async def acknowledge(self, people: Mapping[str, str]) -> None:
        """The person knows that these changed, to these identities. Raises NotReached, Rejected."""
        await self._machine.acknowledge(people)
        await self.settle()

    async def devices_of(self, user: str) -> DevicesSeen:
        """Somebody's devices as far as they are known, and whether their owner vouches for them."""
        return await self._machine.devices_of(user)

    async def look_at(self, user: str) -> None:
        """Know somebody's devices as their homeserver names them now. Raises NotReached, Rejected."""
        await self._machine.look_at(user)
        await self.settle()

    async def trusts(self) -> list[tuple[str, Trust]]:
        """How certain it is of people that they are who they say, where that is new; until it was ``told``."""
        return await self._machine.trusts()

    async def told(self, users: Iterable[str]) -> None:
        """The person was told how certain these are."""
        await self._machine.told(users)

    async def verify(self, name: str, step: str) -> None:
        """``accept``, ``start``, ``match``, ``differ`` or ``cancel``. Raises NotReached, Rejected."""
        await self._machine.verify(name, step)
        self.changed()
        await self.settle()

    @property
    def _machine(self) -> "Machine":
        """Raises NotReached after ``close``: a page may be open longer than the connection that it began with, and
        another one may work with the same keys by now."""
        if self._closed:
            raise NotReached(Problem.CLOSED, self._wire.host)
        return self._open_machine

    async def close(self) -> None:
        if self._closed:
            return
        self._closed = True
        if self._beside is not None:
            self._beside.cancel()
            await asyncio.gather(self._beside, return_exceptions=True)
        await self._asking.close()
        await self._open_machine.close()


def _spoken(event: Heard, opened: Revealed | Sealed | None) -> Spoken | None:
    """An event as verifications hear it, None for one that does not concern them."""
    if isinstance(opened, Sealed):
        return None
    kind, content = (opened.type, opened.content) if opened else (event.type, event.content)
    asks = kind == "m.room.message" and content.get("msgtype") == ROOM_REQUEST
    if not asks and not kind.startswith(PREFIX):
        return None
    return Spoken(event.name, event.sender, kind, dict(content), event.at.timestamp(), event.transaction_id or "")
