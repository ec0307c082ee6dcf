"""The cast and the stage for every test: a house in a temporary folder, and Alice, Bob and Carol in it.

``house`` is a running house (with its keeper); ``browser(alice)`` is a browser in which Alice is signed in. Nothing
listens on a port; what needs a real server uses ``tests.program``.
"""

from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path

import pytest
from fastapi import FastAPI
from starlette.testclient import TestClient

from tests.browser import Browser
from tests.tables import place_tables
from webapp.app import create_app
from webapp.logs import set_up_logs
from webapp.messaging.audit import COMMAND_LINE
from webapp.messaging.users import add_user
from webapp.models import Role, User
from webapp.pages.house import House
from webapp.passwords import hash_password
from webapp.settings import Settings

pytest_plugins = ["tests.chromium"]

PASSWORD = "four otters borrow a lamp"


@cache
def password_hash() -> str:
    """The hash of PASSWORD; made once, because it is slow on purpose."""
    return hash_password(PASSWORD)


@pytest.fixture(scope="session", autouse=True)
def logs() -> None:
    """The program's own logs: without them a test that breaks something draws the whole stack, for seconds."""
    set_up_logs("error")


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """Settings of a house in a temporary folder, reached by https."""
    place_tables(tmp_path / "data" / "hausbote.sqlite")
    return Settings(
        _env_file=None,
        data_dir=tmp_path / "data",
        key_file=tmp_path / "keys" / "master.key",
        public_url="https://house.example",
    )


@pytest.fixture
def app(settings: Settings) -> Iterator[FastAPI]:
    """The running program."""
    program = create_app(settings)
    with TestClient(program, base_url=settings.public_url):
        yield program


@pytest.fixture
def house(app: FastAPI) -> House:
    """The parts of the running program."""
    return app.state.house


def _user(house: House, name: str, role: Role) -> User:
    user = house.database.write(add_user, house.vault, name, password_hash(), role, COMMAND_LINE)
    house.keeper.enrol(user.id)
    return user


@pytest.fixture
def alice(house: House) -> User:
    """The administrator."""
    return _user(house, "Alice", Role.ADMINISTRATOR)


@pytest.fixture
def bob(house: House) -> User:
    """A member."""
    return _user(house, "Bob", Role.MEMBER)


@pytest.fixture
def carol(house: House) -> User:
    """Another member."""
    return _user(house, "Carol", Role.MEMBER)


@pytest.fixture
def browser(app: FastAPI) -> Callable[[User | None], Browser]:
    """``browser(alice)`` is a new browser in which Alice is signed in; ``browser(None)`` one in which nobody is."""
    return lambda user=None: Browser(app, user)
