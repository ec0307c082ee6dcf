"""What the tests of this network share: people on the real homeserver, sessions for them, and the far side."""

from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from tests.element import Element
from tests.networks.following import Following
from tests.networks.matrix.keyed import Keyed, makes_sessions
from tests.networks.matrix.people import PASSWORD, Follow, Person, surroundings
from tests.synapse import Synapse
from webapp.networks.contract import Credentials
from webapp.networks.matrix import network

_numbers = count(1)


@pytest.fixture
def anyio_backend() -> str:
    """What runs tests that are coroutines (``pytest.mark.anyio``)."""
    return "asyncio"


@pytest.fixture(scope="module")
def element() -> Iterator[Element]:
    """The library below Element. A process for each file: it stays online with all its devices."""
    with Element() as running:
        yield running


@pytest.fixture
def keyed(tmp_path: Path) -> Keyed:
    """``keyed(alice)`` is a session of hers with keys."""
    return makes_sessions(tmp_path)


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
