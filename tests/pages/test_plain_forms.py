"""The small forms of a conversation where no script runs: what did not work is said on a whole page."""

from collections.abc import Callable

import pytest
from bs4 import BeautifulSoup
from sqlmodel import Session, select

from tests.browser import Browser
from tests.pages.test_inbox import paused
from webapp.messaging.access import conversation_of
from webapp.models import Conversation, Message, User
from webapp.networks.events import ConversationKind, ConversationState
from webapp.pages.house import House

Browsers = Callable[[User | None], Browser]
DETAILS = {"invite": {"address": "nobody@chat.example"}, "subject": {"subject": "Soup & bread"}, "leave": {}}


@pytest.fixture
def conversation(alice: User, house: House) -> int:
    """Of an account that is paused: its network cannot be asked for anything."""
    return house.database.write(paused, house, alice.id, "xmpp")


def turned_into(db: Session, conversation_id: int, kind: ConversationKind, state: ConversationState) -> None:
    found = db.get_one(Conversation, conversation_id)
    found.kind, found.state = kind, state


def said_on_the_page(answer: object) -> tuple[BeautifulSoup, str]:
    """The page of an answer, and its alert."""
    assert answer.status_code == 422
    page = BeautifulSoup(answer.text, "html.parser")
    assert page.html is not None
    assert page.find(attrs={"role": "log", "aria-label": "Messages"}) is not None
    (alert,) = page.find(id="main").find_all(attrs={"role": "alert"})
    return page, alert.get_text(" ", strip=True)


@pytest.mark.parametrize("verb", DETAILS)
def test_what_a_group_cannot_do_is_said_among_its_details(
    alice: User, browser: Browsers, house: House, conversation: int, verb: str
) -> None:
    house.database.write(turned_into, conversation, ConversationKind.GROUP, ConversationState.JOINED)
    page, alert = said_on_the_page(browser(alice).submit(f"/conversations/{conversation}/{verb}", DETAILS[verb]))
    details = page.find(id="details")
    assert "not connected right now" in alert
    assert alert in details.get_text(" ", strip=True)
    form = details.find("form", action=f"/conversations/{conversation}/{verb}#details")
    assert {name: form.find(attrs={"name": name})["value"] for name in DETAILS[verb]} == DETAILS[verb]


@pytest.mark.parametrize("verb", ["accept", "decline"])
def test_an_invitation_that_cannot_be_answered_stays_and_says_why(
    alice: User, browser: Browsers, house: House, conversation: int, verb: str
) -> None:
    house.database.write(turned_into, conversation, ConversationKind.GROUP, ConversationState.INVITED)
    page, alert = said_on_the_page(browser(alice).submit(f"/conversations/{conversation}/{verb}"))
    assert "not connected right now" in alert
    assert page.find("form", action=f"/conversations/{conversation}/{verb}") is not None


def behind_a_gap(db: Session, conversation_id: int) -> int:
    """The message there is; something is missing before it."""
    message = db.exec(select(Message).where(Message.conversation_id == conversation_id)).one()
    message.gap_before = True
    return message.id


@pytest.mark.parametrize(("verb", "words"), [("gap", "not connected right now"), ("delete", "This message was sent")])
def test_what_cannot_be_done_with_a_message_is_said(
    alice: User, browser: Browsers, house: House, conversation: int, verb: str, words: str
) -> None:
    message = house.database.write(behind_a_gap, conversation)
    _, alert = said_on_the_page(browser(alice).submit(f"/messages/{message}/{verb}"))
    assert words in alert


def test_a_draft_that_is_too_long_is_said(alice: User, browser: Browsers, conversation: int) -> None:
    answer = browser(alice).submit(f"/conversations/{conversation}/draft", {"body": "x" * 100_001})
    assert "too long to keep" in said_on_the_page(answer)[1]


def test_a_script_that_asked_gets_only_the_words(alice: User, browser: Browsers, conversation: int) -> None:
    hers = browser(alice)
    answer = hers.post(
        f"/conversations/{conversation}/accept", headers={"HX-Request": "true", "X-CSRF-Token": hers.csrf_token}
    )
    assert answer.status_code == 422
    assert answer.text.startswith("<hx-partial")


def test_the_plain_way_to_older_messages_asks_the_network_too(
    alice: User, browser: Browsers, house: House, conversation: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    def older(user_id: int, conversation_id: int) -> bool:
        return house.database.write(brought, user_id, conversation_id)

    monkeypatch.setattr(house.keeper, "older", older)
    hers = browser(alice)
    form = hers.page(f"/conversations/{conversation}").find(id="older")
    page = hers.page(f"{form['action']}?before={form.input['value']}")
    assert "long ago" in page.find(attrs={"role": "log"}).get_text()


def brought(db: Session, user_id: int, conversation_id: int) -> bool:
    """One message from further back, as the network would have it."""
    owner = conversation_of(db, user_id, conversation_id)
    owner.first_position -= 1
    position = owner.first_position
    db.add(Message(conversation_id=conversation_id, position=position, body="long ago", sent_at=1_000_000))
    return True


def test_the_plain_way_to_older_messages_says_why_there_are_none(
    alice: User, browser: Browsers, conversation: int
) -> None:
    hers = browser(alice)
    form = hers.page(f"/conversations/{conversation}").find(id="older")
    page = hers.page(f"{form['action']}?before={form.input['value']}")
    assert "not connected right now" in page.find(id="older").find(role="status").get_text()
    assert hers.get(f"{form['action']}?before=nonsense").status_code == 404
