"""The keys of rooms: which rooms are encrypted, what is said in them, and who has to be able to read what we say."""

import asyncio
import contextlib
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from webapp.networks.matrix.asking import Asking
from webapp.networks.matrix.encryption.outcomes import KeysNeeded
from webapp.networks.matrix.member_list import everybody
from webapp.networks.matrix.quarantine import Heard
from webapp.networks.matrix.translate import Revealed, Sealed
from webapp.networks.matrix.trouble import NotReached, Problem
from webapp.networks.matrix.wire import Wire

if TYPE_CHECKING:
    from webapp.networks.matrix.encryption.machine import Machine
    from webapp.networks.matrix.encryption.requests import Request

ENCRYPTED, ENCRYPTION = "m.room.encrypted", "m.room.encryption"
AT_ONCE = 50
"""Events that are opened in one go."""
ROOMS_AT_ONCE = 100
"""Rooms of which it is kept in one go that they are encrypted: some ten milliseconds."""
MOST_ROUNDS = 10
"""Times that somebody has a new device at the very moment of sealing, before that is taken for a fault."""
LONGEST_SHARE = 300.0
"""Seconds until a message is tried again later. What was reached by then is not lost: the rest is quicker."""


class RoomKeys:
    """``machine`` raises NotReached once the keys were closed."""

    def __init__(self, machine: "Callable[[], Machine]", wire: Wire, asking: Asking) -> None:
        self._machine, self._wire, self._asking = machine, wire, asking
        self._knows_members: set[str] = set()
        self._encrypted: dict[str, tuple[Mapping[str, Any], ...]] = {}
        self._gaps: set[str] = set()

    def note_state(self, room: str, state: Sequence[Heard], limited: bool) -> None:
        """A room is encrypted, or others are in it; behind a gap somebody may have come and gone unseen.

        It lasts with ``keep_rooms``: a commit for each of some thousand rooms would take seconds.
        """
        if said := [event.content for event in state if event.type == ENCRYPTION and event.state_key == ""]:
            self._encrypted[room] = (*self._encrypted.get(room, ()), *said)
        if limited or any(event.type == "m.room.member" for event in state):
            self._knows_members.discard(room)
        if limited:
            self._gaps.add(room)

    async def note_encrypted(self, room: str) -> None:
        """This room is encrypted, and stays so."""
        await self._machine().note_encrypted({room: [{}]})

    async def keep_rooms(self) -> None:
        """What was noted of rooms lasts when this returns. Whoever gives up in between leaves it noted."""
        noted, gaps = list(self._encrypted.items()), set(self._gaps)
        for start in range(0, len(noted), ROOMS_AT_ONCE):
            some = dict(noted[start : start + ROOMS_AT_ONCE])
            await self._machine().note_encrypted(some)
            self._encrypted = {room: said for room, said in self._encrypted.items() if some.get(room) is not said}
        if gaps:
            await self._machine().rotate(gaps)
            self._gaps -= gaps

    async def is_encrypted(self, room: str) -> bool:
        return room in self._encrypted or await self._machine().is_encrypted(room)

    async def opened(self, room: str, events: Sequence[Heard]) -> dict[str, Revealed | Sealed]:
        """What encrypted events really are, or why they cannot be read, by their ids."""
        sealed = [e for e in events if e.type == ENCRYPTED and "redacted_because" not in e.unsigned]
        found: dict[str, Revealed | Sealed] = {}
        for start in range(0, len(sealed), AT_ONCE):
            some = sealed[start : start + AT_ONCE]
            results = await self._machine().open(room, [event.whole for event in some])
            found |= {event.name: _told(result) for event, result in zip(some, results, strict=True)}
        return found

    async def seal(self, room: str, kind: str, content: Mapping[str, Any], *, anyway: bool = False) -> dict[str, Any]:
        """The content to send as ``m.room.encrypted``; all who shall read it have its key by then.

        Raises NotReached, Rejected.
        """
        await self.keep_rooms()
        if not await self._machine().is_encrypted(room):
            await self.note_encrypted(room)  # these keys are newer than what we know of the room
        for _ in range(MOST_ROUNDS):
            await self._share(room)
            with contextlib.suppress(KeysNeeded):  # somebody has a new device since a moment ago
                return await self._machine().seal(room, kind, content, anyway)
        raise NotReached(Problem.GARBAGE, self._wire.host)

    async def _share(self, room: str) -> None:
        """Whoever shall read what is said in a room has its key when this returns. Raises NotReached, Rejected."""
        try:
            async with asyncio.timeout(LONGEST_SHARE):
                while due := await self._due_in(room):
                    await self._asking.some(due)
        except TimeoutError:
            raise NotReached(Problem.SILENT, self._wire.host) from None

    async def _due_in(self, room: str) -> "list[Request]":
        await self._tell_members(room)
        await self._machine().look(room)
        return await self._machine().due(room)

    async def _tell_members(self, room: str) -> None:
        """Who is in a room, asked for when it may have changed. Raises NotReached, Rejected, Declined."""
        if room in self._knows_members:
            return
        self._knows_members.add(room)  # before the question: whoever comes meanwhile makes it be asked again
        try:
            users = [user async for user, _ in everybody(self._wire, room)]
            await self._machine().note_members(room, users)
        except BaseException:
            self._knows_members.discard(room)
            raise


def _told(result: Any) -> Revealed | Sealed:
    if hasattr(result, "reason"):
        return Sealed(result.reason)
    return Revealed(result.type, result.content, result.untrusted)
