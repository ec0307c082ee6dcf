"""Accounts are kept connected, and what pages ask of them is answered."""

import asyncio
import threading
from pathlib import Path
from uuid import uuid4

import pytest

from tests.rows import Rows
from tests.sessions.conftest import until
from webapp.database import Database
from webapp.hub import Hub
from webapp.messaging import accounts
from webapp.messaging.audit import COMMAND_LINE
from webapp.messaging.errors import NotPossible, NotYours
from webapp.messaging.send import retry, send_text
from webapp.messaging.users import add_user, disable
from webapp.models import AccountState, Role
from webapp.networks.actions import CreateGroup, StartDirect
from webapp.networks.errors import Refused, Unreachable
from webapp.networks.events import Delivery
from webapp.networks.login import Form, Show, WrongInput
from webapp.networks.toy.session import ToySession
from webapp.sessions.keeper import Keeper, LoggedIn, LoginGone
from webapp.settings import Settings

pytestmark = pytest.mark.process  # together they take seconds


@pytest.fixture
def alice(rows: Rows) -> int:
    return rows.person("Alice")


@pytest.fixture
def toy(rows: Rows, keeper: Keeper, alice: int) -> int:
    """Alice's toy account, online."""
    login_id, _ = keeper.start_login(alice, "toy")
    keeper.submit_login(alice, login_id, {"address": f"alice-{uuid4()}", "password": "secret"})
    done = keeper.submit_login(alice, login_id, {})
    assert isinstance(done, LoggedIn)
    until(lambda: rows.stored_account(done.account_id).state == AccountState.ONLINE)
    until(lambda: rows.database.read(lambda db: accounts.account_of(db, alice, done.account_id)))
    until(lambda: _names(rows) >= {"Echo", "Sandpit"})
    return done.account_id


def _names(rows: Rows) -> set[str]:
    from sqlmodel import select

    from webapp.models import Conversation

    return set(rows.database.read(lambda db: list(db.exec(select(Conversation.name)))))


def say(rows: Rows, alice: int, text: str) -> int:
    return rows.database.write(send_text, alice, rows.conversation("echo").id, text, str(uuid4())).id


def test_a_sign_in_goes_step_by_step(keeper: Keeper, alice: int) -> None:
    login_id, step = keeper.start_login(alice, "toy")
    assert isinstance(step, Form)
    with pytest.raises(WrongInput) as wrong:
        keeper.submit_login(alice, login_id, {"address": "alice", "password": "wrong"})
    assert wrong.value.field == "password"
    assert keeper.current_step(alice, login_id) == step
    assert isinstance(keeper.submit_login(alice, login_id, {"address": "alice", "password": "right"}), Show)
    assert isinstance(keeper.submit_login(alice, login_id, {}), LoggedIn)


def test_a_sign_in_belongs_to_one_user(rows: Rows, keeper: Keeper, alice: int) -> None:
    login_id, _ = keeper.start_login(alice, "toy")
    with pytest.raises(LoginGone):
        keeper.current_step(rows.person("Bob"), login_id)


def test_the_same_account_cannot_be_added_twice(rows: Rows, keeper: Keeper, alice: int, toy: int) -> None:
    login_id, _ = keeper.start_login(alice, "toy")
    keeper.submit_login(alice, login_id, {"address": rows.stored_account(toy).address, "password": "x"})
    with pytest.raises(NotPossible):
        keeper.submit_login(alice, login_id, {})


def test_a_message_goes_out_and_the_answer_comes_in(rows: Rows, alice: int, toy: int) -> None:
    say(rows, alice, "Hello Echo")
    until(lambda: rows.bodies("echo") == ["Hello Echo", "Hello Echo"])
    until(lambda: rows.messages("echo")[0].delivery == Delivery.READ)
    assert rows.conversation("echo").unread == 1


def test_a_refused_message_fails_with_the_reason(rows: Rows, alice: int, toy: int) -> None:
    say(rows, alice, "refuse")
    until(lambda: rows.messages("echo")[-1].delivery == Delivery.FAILED)
    assert "refuses this message" in rows.messages("echo")[-1].reason
    assert rows.stored_account(toy).state == AccountState.ONLINE


def test_a_line_that_breaks_comes_back_and_the_message_arrives_once(rows: Rows, alice: int, toy: int) -> None:
    say(rows, alice, "before")
    until(lambda: len(rows.messages("echo")) == 2)
    first = say(rows, alice, "drop")
    until(lambda: rows.stored_account(toy).state == AccountState.RETRYING)
    assert "broke" in rows.stored_account(toy).reason
    rows.database.write(_reword, first, "after")
    until(lambda: rows.bodies("echo") == ["before", "before", "after", "after"])
    until(lambda: rows.stored_account(toy).state == AccountState.ONLINE)


def _reword(db, message_id: int, body: str) -> None:
    from webapp.models import Message

    db.get_one(Message, message_id).body = body


def test_a_network_that_signs_us_out_asks_the_person_and_keeps_what_waits(
    rows: Rows, keeper: Keeper, alice: int, toy: int
) -> None:
    say(rows, alice, "before")
    until(lambda: len(rows.messages("echo")) == 2)
    message = say(rows, alice, "sign me out")
    until(lambda: rows.stored_account(toy).state == AccountState.SIGNED_OUT)
    with pytest.raises(Unreachable):
        keeper.ask(alice, toy, StartDirect("echo"))
    rows.database.write(_reword, message, "kept")
    login_id, _ = keeper.start_login(alice, "toy", toy)
    keeper.submit_login(alice, login_id, {"address": rows.stored_account(toy).address, "password": "new"})
    assert keeper.submit_login(alice, login_id, {}) == LoggedIn(toy)
    until(lambda: rows.bodies("echo") == ["before", "before", "kept", "kept"])


def test_what_a_network_cannot_tell_is_uncertain_and_the_person_decides(rows: Rows, alice: int, toy: int) -> None:
    message = say(rows, alice, "drop")  # nothing was said before, so the toy world cannot tell afterwards
    until(lambda: rows.messages("echo")[-1].delivery == Delivery.UNCERTAIN)
    rows.database.write(_reword, message, "again")
    rows.database.write(retry, alice, message)
    until(lambda: rows.bodies("echo") == ["again", "again"])


def test_a_paused_account_stays_paused_and_resumes(rows: Rows, keeper: Keeper, alice: int, toy: int) -> None:
    rows.database.write(accounts.pause, alice, toy)
    until(lambda: toy not in keeper._tasks)
    assert rows.stored_account(toy).state == AccountState.STOPPED
    say(rows, alice, "later")
    rows.database.write(accounts.resume, alice, toy)
    until(lambda: rows.bodies("echo") == ["later", "later"])


@pytest.mark.process
def test_whoever_is_disabled_by_another_process_is_disconnected(
    rows: Rows, keeper: Keeper, alice: int, toy: int
) -> None:
    elsewhere = Database(str(rows.database.engine.url), Hub())
    elsewhere.write(add_user, rows.vault, "Carol", "no password", Role.ADMINISTRATOR, COMMAND_LINE)
    elsewhere.write(disable, alice, COMMAND_LINE)
    elsewhere.close()

    def is_offline() -> bool:
        try:
            keeper.ask(alice, toy, StartDirect("echo"))
        except Unreachable:
            return True
        return False

    until(is_offline)


def test_older_messages_come_page_by_page_without_doubles(rows: Rows, keeper: Keeper, alice: int, toy: int) -> None:
    sandpit = rows.conversation("sandpit").id
    while keeper.older(alice, sandpit):
        pass
    numbers = [message.remote_id for message in rows.messages("sandpit")]
    assert numbers == [f"past-{n}" for n in range(300)]
    assert rows.conversation("sandpit").unread == 0
    assert not rows.conversation("sandpit").more_history


def test_asking_for_what_is_not_mine_is_refused(rows: Rows, keeper: Keeper, toy: int) -> None:
    bob = rows.person("Bob")
    with pytest.raises(NotYours):
        keeper.ask(bob, toy, StartDirect("echo"))
    with pytest.raises(NotYours):
        keeper.older(bob, rows.conversation("echo").id)


def test_a_removed_account_takes_its_history_along_or_leaves_it(
    rows: Rows, keeper: Keeper, alice: int, toy: int, tmp_path: Path
) -> None:
    say(rows, alice, "Hello")
    until(lambda: len(rows.messages("echo")) == 2)
    folder = tmp_path / "networks" / "toy" / str(toy)
    folder.mkdir(parents=True)
    rows.database.write(accounts.remove, alice, toy, keep_history=True)
    until(lambda: toy not in keeper._tasks)
    assert rows.bodies("echo") == ["Hello", "Hello"]
    assert rows.stored_account(toy).credentials == b""
    rows.database.write(accounts.remove, alice, toy, keep_history=False)
    assert not _names(rows) & {"Echo", "Sandpit"}
    until(lambda: not folder.exists())


def test_the_house_connects_the_people_who_live_in_it(rows: Rows, keeper: Keeper, alice: int) -> None:
    bob = rows.person("Bob")
    for person in (alice, bob):
        keeper.enrol(person)
    until(lambda: _names_of(rows, alice) >= {"Family"} and _names_of(rows, bob) >= {"Family"})
    account = rows.database.read(accounts_of_user, alice)[0]
    until(lambda: keeper._runners[account.id].open)
    talk = keeper.ask(alice, account.id, StartDirect("bob"))
    assert talk is not None
    rows.database.write(send_text, alice, talk, "Dinner is ready", str(uuid4()))
    until(lambda: ("Alice", "Dinner is ready", 1) in _inbox(rows, bob))
    with pytest.raises(Refused):
        keeper.ask(alice, account.id, StartDirect("nobody"))
    group = keeper.ask(alice, account.id, CreateGroup("", "Garden", ("Bob",)))
    assert group is not None
    until(lambda: "Garden" in _names_of(rows, bob))


def accounts_of_user(db, user_id: int):
    from webapp.messaging.access import accounts_of

    return accounts_of(db, user_id)


def _inbox(rows: Rows, user_id: int) -> set[tuple[str, str, int]]:
    from sqlmodel import select

    from webapp.models import Conversation

    query = select(Conversation).where(Conversation.user_id == user_id, Conversation.listed)
    return {(c.name, c.preview, c.unread) for c in rows.database.read(lambda db: list(db.exec(query)))}


def _names_of(rows: Rows, user_id: int) -> set[str]:
    return {name for name, _, _ in _inbox(rows, user_id)}


def test_turning_the_family_group_off_ends_it_and_on_brings_it_back(
    rows: Rows, keeper: Keeper, alice: int, tmp_path: Path
) -> None:
    from webapp.messaging.options import set_option
    from webapp.networks.events import ConversationState

    keeper.enrol(alice)
    until(lambda: "Family" in _names_of(rows, alice))
    rows.database.write(set_option, "network.house.family_group", "no")
    keeper.switches_changed("house")
    until(lambda: rows.conversation("family").state == ConversationState.LEFT)
    rows.database.write(set_option, "network.house.family_group", "yes")
    keeper.switches_changed("house")
    until(lambda: rows.conversation("family").state == ConversationState.JOINED)


def test_everything_comes_back_after_a_restart(rows: Rows, alice: int, tmp_path: Path) -> None:
    settings = Settings(data_dir=tmp_path)
    first = Keeper(settings, rows.database, rows.hub, rows.vault)
    first.start()
    bob = rows.person("Bob")
    for person in (alice, bob):
        first.enrol(person)
    until(lambda: "Family" in _names_of(rows, alice))
    first.stop()
    family = next(c for c in _conversations(rows, alice) if c.name == "Family")
    rows.database.write(send_text, alice, family.id, "Said while stopped", str(uuid4()))
    second = Keeper(settings, rows.database, rows.hub, rows.vault)
    second.start()
    try:
        until(lambda: ("Family", "Said while stopped", 1) in _inbox(rows, bob))
    finally:
        second.stop()


def test_after_a_restart_an_account_is_not_online_before_its_line_is(
    rows: Rows, keeper: Keeper, toy: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    keeper.stop()
    assert rows.stored_account(toy).state == AccountState.ONLINE
    answered = threading.Event()
    opened = ToySession.open

    async def open_slowly(session: ToySession, checkpoint: bytes | None) -> None:
        await asyncio.to_thread(answered.wait)
        await opened(session, checkpoint)

    monkeypatch.setattr(ToySession, "open", open_slowly)
    second = Keeper(Settings(data_dir=tmp_path), rows.database, rows.hub, rows.vault)
    second.start()
    try:
        until(lambda: rows.stored_account(toy).state == AccountState.CONNECTING)
        answered.set()
        until(lambda: rows.stored_account(toy).state == AccountState.ONLINE)
    finally:
        answered.set()
        second.stop()


def _conversations(rows: Rows, user_id: int):
    from sqlmodel import select

    from webapp.models import Conversation

    query = select(Conversation).where(Conversation.user_id == user_id)
    return rows.database.read(lambda db: list(db.exec(query)))
