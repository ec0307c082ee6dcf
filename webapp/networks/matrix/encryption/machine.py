"""The keys of one account: what came in, what goes out, and what must be asked for both.

It knows no HTTP. Whoever talks to the server hands in what a sync said (``take``), asks what is ``due``, brings the
answers (``answered``), and has messages opened and sealed. All work is done on the desk's thread, each call in one
transaction, or some people at a time where it is about thousands; nothing here raises on foreign data.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from webapp.networks.matrix.encryption.desk import Desk
from webapp.networks.matrix.encryption.outcomes import Closed, Late, Opened
from webapp.networks.matrix.encryption.requests import Request
from webapp.networks.matrix.encryption.standing import DevicesSeen
from webapp.networks.matrix.verification.seen import Seen, Spoken, ToSay
from webapp.networks.sealing import Trust

if TYPE_CHECKING:
    from webapp.networks.matrix.encryption.inbox import Taken
    from webapp.networks.matrix.encryption.own_keys import OwnKeys
    from webapp.networks.matrix.encryption.work import Work

T = TypeVar("T")


class Machine:
    """The open keys of one device. Use ``start``."""

    def __init__(self, work: "Work", desk: Desk) -> None:
        self._work, self._desk = work, desk

    @classmethod
    async def start(cls, folder: Path, key: bytes, user: str, device: str, desk: Desk) -> "Machine":
        """The keys of this device, made the first time. ``key`` is the account's, of 32 bytes.

        Raises StoreBroken (set the file aside, sign in again as a new device) and StoreStuck (try later).
        """
        return cls(await desk.do(_work, folder, key, user, device), desk)

    async def close(self) -> None:
        await self._desk.do(self._work.close)

    async def own(self, step: "Callable[[OwnKeys], T]") -> T:
        """Do something with what belongs to the person: their identity and its private keys."""
        return await self._desk.do(lambda: step(self._work.own))

    async def take(
        self,
        to_device: Sequence[object],
        lists: Mapping[str, object],
        counts: Mapping[str, object],
        unused_fallback: Sequence[object] | None,
    ) -> "Taken":
        """The keys' part of one sync, stored when this returns: ``to_device.events``, ``device_lists``,
        ``device_one_time_keys_count``, ``device_unused_fallback_key_types`` (None where it is missing).

        Before the rooms of the same answer are looked at. What was taken before and comes again is left out.
        """
        return await self._desk.do(self._work.take, to_device, lists, counts, unused_fallback)

    async def open(self, room: str, events: Sequence[Mapping[str, Any]]) -> list[Opened | Closed]:
        """What these ``m.room.encrypted`` events of a room hold, in their order; at most 50 at a time."""
        return await self._desk.do(self._work.open, room, events)

    async def late(self, limit: int = 50) -> list[Late]:
        """Events that could not be read when they came, and can now; until they are ``shown``."""
        return await self._desk.do(self._work.late, limit)

    async def shown(self, late: Sequence[Late]) -> None:
        """These are stored where people read them."""
        await self._desk.do(self._work.shown, late)

    async def note_encrypted(self, rooms: Mapping[str, Sequence[Mapping[str, Any]]]) -> None:
        """What ``m.room.encryption`` said of these rooms, the newest last; some hundred rooms at a time.

        Never taken back; their keys may only change more often.
        """
        await self._desk.do(self._work.note_encrypted, rooms)

    async def is_encrypted(self, room: str) -> bool:
        return await self._desk.do(self._work.is_encrypted, room)

    async def note_members(self, room: str, users: Iterable[str]) -> None:
        """All who shall read what is said in this room from now on."""
        await self._desk.do(self._work.note_members, room, frozenset(users))

    async def rotate(self, rooms: Iterable[str]) -> None:
        """Begin new keys with the next message in these: somebody may have been there and gone."""
        await self._desk.do(self._work.rotate, tuple(rooms))

    async def due(self, room: str | None = None) -> list[Request]:
        """What should be asked of the server now: for ourselves, or before something can be sealed in ``room``."""
        return await self._desk.do(self._work.due, room)

    async def look(self, room: str) -> None:
        """Find out who shall read what is said in a room: of thousands some at a time, for others to get their turn."""
        while await self._desk.do(self._work.look, room):
            pass

    async def answered(self, request: Request, reply: object) -> None:
        """What the server answered, unchecked; of a long answer some at a time."""
        while await self._desk.do(self._work.answered, request, reply):
            pass

    async def refused(self, request: Request) -> None:
        """The server will not answer this one, however often it is asked."""
        await self._desk.do(self._work.refused, request)

    async def seal(self, room: str, kind: str, content: Mapping[str, Any], anyway: bool = False) -> dict[str, Any]:
        """The content of the ``m.room.encrypted`` to send.

        Raises KeysNeeded while ``due(room)`` is not empty; IdentityChanged where somebody in the room is not who they
        were, unless ``anyway``.
        """
        return await self._desk.do(self._work.seal, room, kind, content, anyway)

    @property
    def ripening(self) -> bool:
        """Whether ``late`` may find something. Costs nothing."""
        return self._work.ripening

    # Who is who

    async def ask_in_room(self, user: str, room: str) -> str:
        """Ask somebody to compare emoji; the name of the verification."""
        return await self._desk.do(self._work.verification, lambda all_: all_.ask_in_room(user, room))

    async def ask_by_letters(self, user: str) -> str:
        """Ask all devices of somebody, or our other ones, to compare emoji. Raises NobodyThere."""
        return await self._desk.do(self._work.verification, lambda all_: all_.ask_by_letters(user))

    async def changed_people(self) -> dict[str, str]:
        """Whose identity changed, and to which; until the person knows it, or confirmed them again."""
        return await self._desk.do(self._work.changed_people)

    async def acknowledge(self, people: Mapping[str, str]) -> None:
        """The person knows that these changed, to these identities; another one by now is none that they know of."""
        await self._desk.do(self._work.acknowledge, people)

    async def devices_of(self, user: str) -> DevicesSeen:
        """Somebody's devices as far as they are known, and whether their owner vouches for them."""
        return await self._desk.do(self._work.devices_of, user)

    async def look_at(self, user: str) -> None:
        """A person wants to see somebody's devices as they are now: ask for them, whenever it was done last."""
        await self._desk.do(self._work.look_at, user)

    async def follow(self, user: str) -> None:
        """Learn who has which devices."""
        await self._desk.do(self._work.follow, user)

    async def verify(self, name: str, step: str) -> None:
        """What the person does: ``accept``, ``start``, ``match``, ``differ`` or ``cancel``."""
        await self._desk.do(self._work.verification, lambda all_: all_.do(name, step))

    @property
    def verifying(self) -> bool:
        """Whether there is anything to see in ``verifications``, or to say for them. Costs nothing."""
        return self._work.verifying

    async def verifications(self) -> list[Seen]:
        """All that go on, or are over since a short while."""
        return await self._desk.do(self._work.verification, lambda all_: all_.seen())

    async def trusts(self, limit: int = 100) -> list[tuple[str, Trust]]:
        """How certain it is of people that they are who they say, where that is new; until it was ``told``."""
        return await self._desk.do(self._work.trusts, limit)

    async def told(self, users: Iterable[str]) -> None:
        """The person was told how certain these are."""
        await self._desk.do(self._work.told, tuple(users))

    async def hear(self, room: str, events: Sequence[Spoken]) -> None:
        """What was said in a room and belongs to verifications."""
        await self._desk.do(self._work.verification, lambda all_: all_.hear(room, events))

    async def to_say(self) -> list[ToSay]:
        """What verifications want said in rooms, in this order, each until it is ``said``."""
        return await self._desk.do(self._work.verification, lambda all_: all_.to_say())

    async def said(self, said: ToSay, event: str) -> None:
        """It was said, and is this event now; empty if the server will not have it."""
        await self._desk.do(self._work.verification, lambda all_: all_.said(said, event))


def _work(folder: Path, key: bytes, user: str, device: str) -> "Work":
    """On the desk's thread, because the library takes two seconds to import, and 50 MB that others need not pay."""
    from webapp.networks.matrix.encryption.work import Work

    return Work(folder, key, user, device)
