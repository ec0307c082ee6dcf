"""Where the keys meet the homeserver, with a machine that says what a test wants."""

import asyncio
from collections.abc import Iterable, Mapping
from typing import Any

import pytest

from webapp.networks.matrix.encryption.outcomes import KeysNeeded
from webapp.networks.matrix.keys import ROOMS_AT_ONCE, Keys
from webapp.networks.matrix.quarantine import Heard, heard
from webapp.networks.matrix.trouble import NotReached


class Machine:
    """Whose keys are wanted again ``times`` times, at the very moment of sealing."""

    def __init__(self, times: int) -> None:
        self.times = times

    async def is_encrypted(self, room: str) -> bool:
        return True

    async def due(self, room: str | None = None) -> list[Any]:
        return []

    async def note_members(self, room: str, users: list[str]) -> None:
        pass

    async def seal(self, room: str, kind: str, content: Mapping[str, Any], anyway: bool) -> dict[str, Any]:
        self.times -= 1
        if self.times >= 0:
            raise KeysNeeded
        return {"ciphertext": "…"}


class Wire:
    host = "house.test"

    async def text(self, *_: object, **__: object) -> str:
        return '{"chunk": []}'


def sealed(times: int) -> dict[str, Any]:
    keys = Keys(Machine(times), Wire())  # type: ignore[arg-type]  # as much of them as is asked for
    return asyncio.run(keys.seal("!soup:house.test", "m.room.message", {}))


def test_somebody_who_signs_in_at_the_moment_of_sealing_is_waited_for() -> None:
    assert sealed(1) == {"ciphertext": "…"}


def test_somebody_who_never_stops_signing_in_is_trouble_and_not_a_fault() -> None:
    with pytest.raises(NotReached):
        sealed(100)


# Which rooms are encrypted


class Notes(Machine):
    """Counts what is kept in one go, and gives up where a test says so."""

    def __init__(self) -> None:
        super().__init__(0)
        self.kept: list[dict[str, Any]] = []
        self.rotated: set[str] = set()
        self.fails = False

    async def is_encrypted(self, room: str) -> bool:
        return any(room in some for some in self.kept)

    async def note_encrypted(self, rooms: Mapping[str, Any]) -> None:
        if self.fails:
            raise ZeroDivisionError
        self.kept.append(dict(rooms))

    async def rotate(self, rooms: Iterable[str]) -> None:
        self.rotated |= set(rooms)


def told(**content: Any) -> list[Heard]:
    event = {"event_id": "$1", "type": "m.room.encryption", "state_key": "", "sender": "@anna:house.test"}
    return [heard({**event, "origin_server_ts": 1, "content": content})]


def noted(machine: Notes) -> Keys:
    keys = Keys(machine, Wire())  # type: ignore[arg-type]  # as much of them as is asked for
    for number in range(250):
        keys.note_state(f"!{number}:house.test", told(rotation_period_msgs=number), limited=number == 7)
    return keys


def test_thousands_of_encrypted_rooms_are_kept_some_hundred_at_a_time() -> None:
    machine = Notes()
    keys = noted(machine)
    keys.note_state("!7:house.test", told(rotation_period_msgs=3), limited=False)
    asyncio.run(keys.keep_rooms())
    assert [len(some) for some in machine.kept] == [ROOMS_AT_ONCE, ROOMS_AT_ONCE, 50]
    assert machine.kept[0]["!7:house.test"] == ({"rotation_period_msgs": 7}, {"rotation_period_msgs": 3})
    assert machine.rotated == {"!7:house.test"}
    asyncio.run(keys.keep_rooms())
    assert len(machine.kept) == 3, "what lasts is not kept again"


def test_a_room_that_could_not_be_kept_is_encrypted_all_the_same_and_kept_the_next_time() -> None:
    machine = Notes()
    machine.fails = True
    keys = noted(machine)
    with pytest.raises(ZeroDivisionError):
        asyncio.run(keys.keep_rooms())
    machine.fails = False
    assert asyncio.run(keys.is_encrypted("!249:house.test"))
    asyncio.run(keys.keep_rooms())
    assert sum(len(some) for some in machine.kept) == 250


def test_nothing_is_sealed_before_what_was_noted_of_rooms_is_kept() -> None:
    machine = Notes()
    keys = noted(machine)
    asyncio.run(keys.seal("!7:house.test", "m.room.message", {}))
    assert len(machine.kept) == 3
    assert machine.rotated == {"!7:house.test"}
