"""Where the keys meet the homeserver, with a machine that says what a test wants."""

import asyncio
from collections.abc import Mapping
from typing import Any

import pytest

from webapp.networks.matrix.encryption.outcomes import KeysNeeded
from webapp.networks.matrix.keys import Keys
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
