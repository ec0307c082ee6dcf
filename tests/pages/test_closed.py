"""What stands below a conversation that waits for an answer, was declined, or was left: what happened, what to do."""

import re
from collections.abc import Callable
from urllib.parse import parse_qs, urlsplit

import pytest
from bs4 import BeautifulSoup, Tag
from sqlmodel import Session, select

from tests.browser import Browser
from tests.rows import said
from webapp.languages import Sentence
from webapp.messaging.accounts import add_account
from webapp.messaging.leases import take_lease
from webapp.messaging.receive import receive
from webapp.models import AccountState, Conversation, User
from webapp.networks.events import (
    Batch,
    ConversationChanged,
    ConversationKind,
    ConversationState,
    Event,
    InvitationReceived,
    Origin,
)
from webapp.networks.login import SignedIn
from webapp.pages.house import House

Browsers = Callable[[User | None], Browser]
GROUP = ConversationKind.GROUP
ROOM = "choir+alto@rooms.chat.test"


def happened(db: Session, house: House, user_id: int, network: str, *events: Event) -> int:
    """Events arrive at an account of this network, which is paused; returns the id of their conversation."""
    account = add_account(db, house.vault, user_id, network, SignedIn("alice@chat.test", {}, "alice@chat.test"))
    receive(db, account.id, take_lease(db, account.id), Batch(events, Origin.LIVE), None)
    account.state = AccountState.STOPPED
    return db.exec(select(Conversation.id).where(Conversation.account_id == account.id)).one()


@pytest.fixture
def foot(alice: User, browser: Browsers, house: House) -> Callable[..., Tag]:
    """What stands below the conversation in which these events happened."""

    def look(*events: Event, network: str = "xmpp") -> Tag:
        conversation = house.database.write(happened, house, alice.id, network, *events)
        found = browser(alice).page(f"/conversations/{conversation}").find(id=f"foot-{conversation}")
        assert isinstance(found, Tag)
        return found

    return look


def words(tag: Tag) -> str:
    return re.sub(r"\s+", " ", tag.get_text())


def left(reason: Sentence | None = None) -> ConversationChanged:
    return ConversationChanged(ROOM, GROUP, state=ConversationState.LEFT, reason=reason)


def test_a_request_shows_the_words_that_came_with_it_as_text(foot: Callable[..., Tag]) -> None:
    nasty = 'Hello <script>alert(1)</script> \u202eolleh <img src=x onerror="x"> https://choir.example'
    found = foot(InvitationReceived("bob@chat.test", ConversationKind.DIRECT, "bob@chat.test", "Bob", text=nasty))
    quote = found.find("blockquote")
    assert isinstance(quote, Tag)
    assert quote.get_text() == nasty.replace("\u202e", "")
    assert [one.name for one in quote.find_all(True)] == ["a"]
    assert [button.get_text(strip=True) for button in found.find_all("button")] == ["Accept", "Decline"]


def test_whoever_was_declined_can_still_be_written_to(foot: Callable[..., Tag]) -> None:
    declined = ConversationChanged("bob@chat.test", ConversationKind.DIRECT, state=ConversationState.DECLINED)
    found = foot(said("Hello", "r1", conversation="bob@chat.test", sender="bob@chat.test"), declined)
    assert found.find("textarea")
    assert "You declined this contact request. You can still write" in words(found)
    assert "group" not in words(found)


def test_a_declined_invitation_says_so_and_offers_the_way_in(foot: Callable[..., Tag]) -> None:
    found = foot(
        InvitationReceived(ROOM, GROUP, "bob@chat.test"),
        ConversationChanged(ROOM, GROUP, state=ConversationState.DECLINED),
    )
    assert "You declined this invitation" in words(found)
    assert "left" not in words(found)
    assert found.find("textarea") is None
    way = urlsplit(str(found.a["href"]))
    assert (way.path, parse_qs(way.query)["address"]) == ("/conversations/new", [ROOM])


def test_a_group_that_one_left_says_so_and_offers_the_way_back(foot: Callable[..., Tag]) -> None:
    found = foot(left())
    assert "You have left this group. You can read what was said; nothing can be sent." in words(found)
    assert parse_qs(urlsplit(str(found.a["href"])).query)["address"] == [ROOM]


def test_where_no_address_leads_back_one_is_told_to_ask(foot: Callable[..., Tag]) -> None:
    found = foot(left(), network="toy")
    assert "ask somebody in it to invite you again" in words(found)
    assert found.a is None


def test_whoever_was_put_out_did_not_leave_and_is_told_why(foot: Callable[..., Tag]) -> None:
    reason = Sentence("%(said)s The reason that was given: %(text)s", {"said": Sentence("Out."), "text": "<b>loud</b>"})
    found = foot(left(reason))
    assert "Out. The reason that was given: <b>loud</b>" in words(found)
    assert "You have left" not in words(found)
    assert "nothing can be sent" in words(found)
    assert found.b is None


def test_a_declined_request_is_told_in_german_too(foot: Callable[..., Tag], alice: User, house: House) -> None:
    house.database.write(_reads_german, alice.id)
    declined = ConversationChanged("bob@chat.test", ConversationKind.DIRECT, state=ConversationState.DECLINED)
    assert "Du hast diese Kontaktanfrage abgelehnt" in words(foot(declined))


def _reads_german(db: Session, user_id: int) -> None:
    db.get_one(User, user_id).language = "de"


def test_text_sent_to_a_group_that_one_declined_is_not_lost(alice: User, browser: Browsers, house: House) -> None:
    declined = ConversationChanged(ROOM, GROUP, state=ConversationState.DECLINED)
    conversation = house.database.write(happened, house, alice.id, "xmpp", declined)
    answer = browser(alice).submit(f"/conversations/{conversation}/messages", {"body": "typed long", "key": ""})
    page = BeautifulSoup(answer.text, "html.parser")
    assert answer.status_code == 422
    assert "You declined to join this group" in page.find(role="alert").get_text()
    assert page.find(id="unsent").get_text(strip=True) == "typed long"
