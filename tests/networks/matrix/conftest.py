"""People on the real homeserver, and sessions of the connector for them."""

from collections.abc import Callable
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from tests.networks.following import Following
from tests.networks.matrix.plain_far_side import PlainFarSide
from tests.synapse import Synapse
from webapp.networks.contract import Credentials, Surroundings
from webapp.networks.matrix import network
from webapp.networks.matrix.rooms import Rooms

PASSWORD = "correct horse battery staple"
_numbers = count(1)


@dataclass
class Person:
    """Somebody with an account on the homeserver of the tests."""

    user: str
    synapse: Synapse

    def device(self) -> PlainFarSide:
        """A plain device of theirs; ``async with`` signs it in."""
        return PlainFarSide(self.synapse.url, self.user, PASSWORD)


async def settled(rooms: Rooms, position: str = "s1") -> None:
    """Write what is known of rooms, as after an answer that was stored."""
    await rooms.prepare(position)
    await rooms.settle()


def surroundings(folder: Path) -> Surroundings:
    return Surroundings(folder / "shared", folder / "account", None, ("127.0.0.0/8",))


@pytest.fixture
def person(synapse: Synapse) -> Callable[[str], Person]:
    """``person("Anna")`` is somebody new who is called that."""
    return lambda name: Person(synapse.add_user(f"{name.lower()}-{next(_numbers)}", PASSWORD, name), synapse)


@pytest.fixture
def alice(person: Callable[[str], Person]) -> Person:
    return person("Alice")


@pytest.fixture
def bob(person: Callable[[str], Person]) -> Person:
    return person("Bob")


@pytest.fixture
def carol(person: Callable[[str], Person]) -> Person:
    return person("Carol")


Follow = Callable[..., Following]


@pytest.fixture
def follow(tmp_path: Path) -> Follow:
    """``follow(alice)`` makes a session of hers that is not open yet, always of the same device.

    ``checkpoint`` goes on with one; ``folder`` gives it another place on the disk.
    """
    devices: dict[str, dict[str, Any]] = {}

    def make(who: Person, checkpoint: bytes | None = None, folder: str = "") -> Following:
        if who.user not in devices:
            devices[who.user] = who.synapse.sign_in(who.user, PASSWORD)
        device = devices[who.user]
        secrets = {"homeserver": who.synapse.url, "token": device["access_token"], "device": device["device_id"]}
        around = surroundings(tmp_path / (folder or who.user))
        return Following(network.session(Credentials(who.user, secrets), around), checkpoint)

    return make
