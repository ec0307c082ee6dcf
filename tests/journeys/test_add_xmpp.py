"""Somebody brings the account that they have: added, online, heard and answered, without a page loaded anew."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.far_side import Background, FarSide
from tests.journeys.people import Person
from tests.journeys.stage import Stage
from tests.prosody import Prosody
from webapp.models import Role

People = Callable[..., Person]
ADDRESS, FRIEND = "alice@chat.test", "bob@chat.test"


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Prosody]:
    with Prosody(tmp_path / "prosody") as prosody:
        for name in ("alice", "bob"):
            prosody.add_user(name, "pw")
        yield prosody


@pytest.fixture
def background() -> Iterator[Background]:
    made = Background()
    yield made
    made.stop()


def adds_the_account(alice: Person, server: Prosody) -> None:
    """From the page of networks, as far as the button goes."""
    page = alice.page
    page.get_by_role("link", name="Add a network").click()
    page.get_by_role("link", name="XMPP").click()
    page.get_by_label("Address").fill(ADDRESS)
    page.get_by_label("Password").fill("pw")
    page.get_by_text("More options").click()
    page.get_by_label("Server").fill("127.0.0.1")
    page.get_by_label("Port").fill(str(server.port))
    page.get_by_role("button", name="Connect").click()


def stays(alice: Person) -> None:
    """From here on a page that is loaded anew is noticed."""
    alice.page.evaluate("window.stayed = true")


def has_stayed(alice: Person) -> None:
    assert alice.page.evaluate("window.stayed"), "the page was loaded anew"


def test_an_account_is_added_comes_online_is_heard_and_answered(
    stage: Stage, person: People, server: Prosody, background: Background
) -> None:
    stage.program.environment |= {
        "HAUSBOTE_EXTRA_CA_FILE": str(server.ca_file),
        "HAUSBOTE_PRIVATE_SERVERS": "127.0.0.1",
    }
    stage.settle("Alice", Role.ADMINISTRATOR)
    stage.program.start()
    alice = person("Alice").signs_in()
    alice.goes_to("/networks")
    adds_the_account(alice, server)
    account = alice.page.get_by_role("article").filter(has_text=ADDRESS)
    expect(account).to_be_visible()
    stays(alice)
    expect(account.get_by_text("Online")).to_be_visible()
    server.kill()
    expect(account.get_by_text("Reconnecting")).to_be_visible()
    server.start()
    expect(account.get_by_text("Online")).to_be_visible()
    has_stayed(alice)
    friend = background.sign_in(FRIEND, "pw", server.port, server.ca_file)
    is_heard_and_answers(alice, friend, background)
    asks_while_she_looks(alice, friend, background)
    background.call(friend.sign_out())


def is_heard_and_answers(alice: Person, friend: FarSide, background: Background) -> None:
    """A message comes into the open inbox, and what is typed below it goes out."""
    alice.goes_to("/")
    expect(alice.row("Family")).to_be_visible()
    stays(alice)
    background.do(friend.say, ADDRESS, "Is the soup ready?")
    expect(alice.row(FRIEND)).to_contain_text("1 unread")
    alice.opens(FRIEND)
    alice.sees("Is the soup ready?")
    alice.says("It is on the table")
    alice.sees("It is on the table")
    background.call(friend.hear("It is on the table", ADDRESS))
    has_stayed(alice)


def asks_while_she_looks(alice: Person, friend: FarSide, background: Background) -> None:
    """A contact request comes below what she reads: she sees it, so it is not unread; her answer is asked for there."""
    background.do(friend.raw, f"<presence type='subscribe' to='{ADDRESS}'/>")
    expect(alice.page.get_by_role("button", name="Accept")).to_be_visible()
    expect(alice.row(FRIEND)).to_contain_text("contact")
    expect(alice.row(FRIEND)).not_to_contain_text("unread")
    alice.page.get_by_role("button", name="Accept").click()
    expect(alice.box).to_be_visible()
    expect(alice.row(FRIEND)).to_contain_text("It is on the table")
    has_stayed(alice)
