"""What tests of networks share: one Prosody for all of them, fresh users for each."""

import itertools
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.far_side import FarSide
from tests.prosody import Prosody
from tests.synapse import Synapse

_numbers = itertools.count(1)


@dataclass
class User:
    """Somebody with an account on the server of the tests."""

    address: str
    password: str
    prosody: Prosody

    def device(self, name: str = "far", carbons: bool = False) -> FarSide:
        """A device of theirs; not signed in yet."""
        return FarSide(
            self.address, self.password, self.prosody.port, self.prosody.ca_file, device=name, carbons=carbons
        )


@pytest.fixture(scope="session")
def prosody(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Prosody]:
    """The server that all tests share; tests that break theirs start one of their own."""
    with Prosody(tmp_path_factory.mktemp("prosody")) as server:
        yield server


@pytest.fixture(scope="session")
def synapse() -> Iterator[Synapse]:
    """The homeserver that all tests share; tests that break theirs start one of their own."""
    with Synapse() as server:
        yield server


def new_user(prosody: Prosody, name: str) -> User:
    """A user with a name that no other test has."""
    password = "correct horse battery staple"
    return User(prosody.add_user(f"{name}{next(_numbers)}", password), password, prosody)


@pytest.fixture
def alice(prosody: Prosody) -> User:
    return new_user(prosody, "alice")


@pytest.fixture
def bob(prosody: Prosody) -> User:
    return new_user(prosody, "bob")


@pytest.fixture
def carol(prosody: Prosody) -> User:
    return new_user(prosody, "carol")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder for one account."""
    return tmp_path / "account"
