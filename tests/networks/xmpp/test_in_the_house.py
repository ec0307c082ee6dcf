"""The connector where it lives: kept by the keeper, with what it tells stored in rows."""

import asyncio
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from uuid import uuid4

import pytest

from tests.far_side import Background, FarSide
from tests.prosody import Prosody
from tests.rows import Rows
from webapp.messaging.send import send_text
from webapp.models import AccountState, Conversation
from webapp.networks.actions import CreateGroup, StartDirect
from webapp.networks.events import Delivery
from webapp.sessions.keeper import Keeper, LoggedIn
from webapp.settings import Settings

pytestmark = pytest.mark.servers


def until(true: Callable[[], object], seconds: float = 40.0) -> None:
    ends = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < ends, "it did not happen in time"
        time.sleep(0.02)


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Prosody]:
    with Prosody(tmp_path / "prosody") as prosody:
        prosody.add_user("alice", "pw")
        prosody.add_user("bob", "pw")
        yield prosody


@pytest.fixture
def rows(tmp_path: Path) -> Iterator[Rows]:
    made = Rows(tmp_path)
    yield made
    made.database.close()


@pytest.fixture
def keeper(rows: Rows, server: Prosody, tmp_path: Path) -> Iterator[Keeper]:
    settings = Settings(data_dir=tmp_path, extra_ca_file=server.ca_file, private_servers=("127.0.0.0/8",))
    made = Keeper(settings, rows.database, rows.hub, rows.vault)
    made.start()
    yield made
    made.stop()


@pytest.fixture
def background() -> Iterator[Background]:
    made = Background()
    yield made
    made.stop()


@pytest.fixture
def alice(rows: Rows) -> int:
    return rows.person("Alice")


@pytest.fixture
def account(rows: Rows, keeper: Keeper, server: Prosody, alice: int) -> int:
    login, _ = keeper.start_login(alice, "xmpp")
    answers = {"address": "alice@chat.test", "password": "pw", "server": "127.0.0.1", "port": str(server.port)}
    done = keeper.submit_login(alice, login, answers)
    assert isinstance(done, LoggedIn)
    until(lambda: rows.stored_account(done.account_id).state == AccountState.ONLINE)
    return done.account_id


def bob(background: Background, server: Prosody) -> FarSide:
    return background.sign_in("bob@chat.test", "pw", server.port, server.ca_file)


def say(rows: Rows, alice: int, conversation: int | None, text: str) -> None:
    rows.database.write(send_text, alice, conversation, text, str(uuid4()))


def messages(rows: Rows) -> list[str]:
    return rows.bodies("bob@chat.test")


def test_a_conversation_lives_through_a_killed_server(
    rows: Rows, keeper: Keeper, server: Prosody, background: Background, alice: int, account: int
) -> None:
    far = bob(background, server)
    there = keeper.ask(alice, account, StartDirect("bob@chat.test"))
    say(rows, alice, there, "one")
    until(lambda: "one" in far.bodies())
    background.do(far.say, "alice@chat.test", "two")
    until(lambda: messages(rows) == ["one", "two"])
    assert rows.conversation("bob@chat.test").unread == 1
    server.kill()
    until(lambda: rows.stored_account(account).state == AccountState.RETRYING)
    say(rows, alice, there, "three")
    server.start()
    background.call(far.sign_out())
    far = bob(background, server)
    background.do(far.say, "alice@chat.test", "four")
    until(lambda: sorted(messages(rows)) == ["four", "one", "three", "two"])
    until(lambda: rows.messages("bob@chat.test")[-1].delivery in {Delivery.SENT, Delivery.DELIVERED, None})
    until(lambda: far.bodies("alice@chat.test").count("three") == 1)
    background.call(far.sign_out())


def test_what_the_person_says_on_the_phone_is_theirs_here_too_and_reads_what_came_before(
    rows: Rows, server: Prosody, background: Background, account: int
) -> None:
    far = bob(background, server)
    phone = background.sign_in("alice@chat.test", "pw", server.port, server.ca_file, device="phone")
    background.do(far.say, "alice@chat.test", "Where are you?")
    until(lambda: messages(rows) == ["Where are you?"])
    assert rows.conversation("bob@chat.test").unread == 1
    background.do(phone.say, "bob@chat.test", "On the train")
    until(lambda: messages(rows) == ["Where are you?", "On the train"])
    assert [message.own for message in rows.messages("bob@chat.test")] == [False, True]
    here = rows.conversation("bob@chat.test")
    assert (here.unread, here.preview, here.preview_own) == (0, "On the train", True)
    until(lambda: far.bodies("alice@chat.test") == ["On the train"])
    background.do(far.say, "alice@chat.test", "See you")
    until(lambda: messages(rows)[-1] == "See you")
    assert rows.conversation("bob@chat.test").unread == 1
    for device in (far, phone):
        background.call(device.sign_out())


def test_a_changed_password_asks_the_person_and_what_waits_goes_out_after(
    rows: Rows, keeper: Keeper, server: Prosody, background: Background, alice: int, account: int
) -> None:
    there = keeper.ask(alice, account, StartDirect("bob@chat.test"))
    server.kill()
    until(lambda: rows.stored_account(account).state == AccountState.RETRYING)
    say(rows, alice, there, "kept")
    server.change_password("alice", "new")
    server.start()
    until(lambda: rows.stored_account(account).state == AccountState.SIGNED_OUT)
    far = bob(background, server)
    login, _ = keeper.start_login(alice, "xmpp", account)
    answers = {"address": "alice@chat.test", "password": "new", "server": "127.0.0.1", "port": str(server.port)}
    assert keeper.submit_login(alice, login, answers) == LoggedIn(account)
    until(lambda: far.bodies("alice@chat.test") == ["kept"])
    background.call(far.sign_out())


def test_a_group_and_its_history(
    rows: Rows, keeper: Keeper, server: Prosody, background: Background, alice: int, account: int
) -> None:
    far = bob(background, server)
    there = keeper.ask(alice, account, CreateGroup("", "Family", ("bob@chat.test",)))
    assert there is not None
    room = rows.database.read(lambda db: db.get_one(Conversation, there)).remote_id
    background.call(far.join(room, "Bob"))
    say(rows, alice, there, "hello family")
    until(lambda: "hello family" in far.bodies(room))
    background.do(far.say, room, "hello Alice", kind="groupchat")
    until(lambda: rows.bodies(room)[-2:] == ["hello family", "hello Alice"])
    assert [m.own for m in rows.messages(room)][-2:] == [True, False]
    until(lambda: rows.messages(room)[-2].delivery == Delivery.SENT)
    background.call(far.sign_out())


def test_history_is_loaded_page_by_page(
    rows: Rows, keeper: Keeper, server: Prosody, background: Background, alice: int
) -> None:
    far = bob(background, server)

    async def fill() -> None:
        for number in range(400):
            far.say("alice@chat.test", f"number {number}")
        await far.ask("get", "<ping xmlns='urn:xmpp:ping'/>")

    background.call(fill())
    background.call(asyncio.sleep(0))
    login, _ = keeper.start_login(alice, "xmpp")
    answers = {"address": "alice@chat.test", "password": "pw", "server": "127.0.0.1", "port": str(server.port)}
    assert isinstance(keeper.submit_login(alice, login, answers), LoggedIn)
    until(lambda: "number 399" in messages(rows))
    there = rows.conversation("bob@chat.test").id
    for _ in range(20):
        if not keeper.older(alice, there):
            break
    assert messages(rows) == [f"number {n}" for n in range(400)]
    background.call(far.sign_out())
