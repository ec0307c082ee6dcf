"""Accounts in the house: several of one person, each for itself, also when the keys of one are broken (R19)."""

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from tests.element import Device, Element
from tests.networks.matrix.people import PASSWORD, Person
from tests.rows import Rows
from webapp.messaging.send import send_text
from webapp.models import AccountState
from webapp.networks.actions import StartDirect
from webapp.sessions.keeper import Keeper, LoggedIn
from webapp.settings import Settings

pytestmark = [pytest.mark.servers, pytest.mark.timeout(180)]
PATIENCE = 60.0


def until(true: Callable[[], Any]) -> Any:
    """What it says as soon as it says something."""
    ends = time.monotonic() + PATIENCE
    while not (found := true()):
        assert time.monotonic() < ends, "it did not happen in time"
        time.sleep(0.05)
    return found


class House:
    """A keeper that can be started again on the same rows."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.rows = Rows(folder)
        self.user = self.rows.person("Alice")

    def start(self) -> None:
        settings = Settings(_env_file=None, data_dir=self.folder, private_servers=("127.0.0.1",))
        self.keeper = Keeper(settings, self.rows.database, self.rows.hub, self.rows.vault)
        self.keeper.start()

    def add(self, who: Person) -> int:
        login, _ = self.keeper.start_login(self.user, "matrix")
        answers = {"homeserver": who.synapse.url, "user": who.user, "password": PASSWORD}
        done = self.keeper.submit_login(self.user, login, answers)
        assert isinstance(done, LoggedIn)
        until(lambda: self.state(done.account_id) is AccountState.ONLINE)
        return done.account_id

    def state(self, account: int) -> AccountState:
        return self.rows.stored_account(account).state

    def send(self, conversation: int, body: str) -> None:
        self.rows.database.write(send_text, self.user, conversation, body, str(uuid4()))


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    made = House(tmp_path)
    made.start()
    yield made
    made.keeper.stop()
    made.rows.database.close()


def talk(house: House, account: int, far: Device) -> tuple[int, str]:
    """An encrypted conversation of an account with somebody; our id of it, and its room."""
    known = {one["id"] for one in far.do("rooms")}
    conversation = house.keeper.ask(house.user, account, StartDirect(far.user))
    room = far.until(lambda: next((one["id"] for one in far.do("rooms") if one["id"] not in known), ""))
    far.do("join", room=room)
    far.until(lambda: len(far.do("members", room=room)) == 2)
    return conversation, room


def test_two_accounts_of_one_person_do_not_mix(
    house: House, element: Element, alice: Person, carol: Person, bob: Person
) -> None:
    far = element.device(bob.user).sign_in(bob.synapse.url, bob.user, PASSWORD)
    accounts = [house.add(alice), house.add(carol)]
    talks = [talk(house, account, far) for account in accounts]
    for number, (conversation, room) in enumerate(talks):
        house.send(conversation, f"from account {number}")
        far.until(lambda room=room: far.texts(room))
        far.do("say", room=room, body=f"to account {number}")
    for number, (_, room) in enumerate(talks):
        wanted = [f"from account {number}", f"to account {number}"]
        until(lambda room=room, wanted=wanted: house.rows.bodies(room) == wanted)
        assert far.texts(room) == wanted


def test_broken_keys_of_one_account_are_its_own_trouble_and_nothing_leaves_it_in_plain(
    house: House, element: Element, alice: Person, carol: Person, bob: Person
) -> None:
    far = element.device(bob.user).sign_in(bob.synapse.url, bob.user, PASSWORD)
    broken, sound = house.add(alice), house.add(carol)
    (hurt, hurt_room), (well, well_room) = talk(house, broken, far), talk(house, sound, far)
    for conversation, room in ((hurt, hurt_room), (well, well_room)):
        house.send(conversation, "before")
        far.until(lambda room=room: far.texts(room) == ["before"])
    house.keeper.stop()
    [keys] = [file for file in house.folder.rglob("keys.sqlite") if f"/{broken}/" in str(file)]
    keys.write_bytes(bytes(byte ^ 0x55 for byte in keys.read_bytes()))
    for ending in ("-wal", "-shm"):
        keys.with_name(keys.name + ending).unlink(missing_ok=True)
    house.start()
    until(lambda: house.state(broken) is AccountState.SIGNED_OUT)
    until(lambda: house.state(sound) is AccountState.ONLINE)
    house.send(hurt, "secret")
    house.send(well, "after")
    far.until(lambda: far.texts(well_room) == ["before", "after"])
    far.do("say", room=well_room, body="heard")
    until(lambda: house.rows.bodies(well_room) == ["before", "after", "heard"])
    assert far.texts(hurt_room) == ["before"]
    assert house.rows.messages(hurt_room)[-1].delivery == "waiting"
    login, _ = house.keeper.start_login(house.user, "matrix", broken)
    answers = {"homeserver": alice.synapse.url, "user": alice.user, "password": PASSWORD}
    assert house.keeper.submit_login(house.user, login, answers) == LoggedIn(broken)
    far.until(lambda: far.texts(hurt_room) == ["before", "secret"])
    assert all(message["encrypted"] for message in far.messages(hurt_room))
