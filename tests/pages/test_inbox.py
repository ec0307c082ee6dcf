"""The inbox and an open conversation, as pages."""

import re
import time
from collections.abc import Callable

from bs4 import BeautifulSoup
from sqlmodel import Session, select

from tests.browser import Browser
from tests.rows import said
from webapp.messaging.access import accounts_of
from webapp.messaging.accounts import add_account
from webapp.messaging.delivery import set_delivery
from webapp.messaging.leases import take_lease
from webapp.messaging.receive import receive
from webapp.messaging.send import send_text
from webapp.models import AccountState, Conversation, Message, User
from webapp.networks.events import Batch, Delivery, Origin
from webapp.networks.login import SignedIn
from webapp.pages.house import House

Browsers = Callable[[User | None], Browser]


def until(true: Callable[[], object], seconds: float = 15) -> object:
    """Ask until it is so."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        found = true()
        if found:
            return found
        time.sleep(0.02)
    raise AssertionError("it did not come to pass")


def start(house: House, browser: Browser, user: User, whom: str) -> int:
    """A conversation of this user with somebody of the house; returns its id."""
    account = house.database.read(accounts_of, user.id)[0]
    until(lambda: house.database.read(accounts_of, user.id)[0].state == "online")
    answer = browser.submit("/conversations/new", {"account": account.id, "address": whom})
    assert answer.status_code == 303, BeautifulSoup(answer.text, "html.parser").get_text()
    found = re.fullmatch(r"/conversations/(\d+)", answer.headers["location"])
    assert found
    return int(found[1])


def test_an_empty_inbox_offers_the_people_of_the_house(alice: User, bob: User, browser: Browsers, house: House) -> None:
    until(lambda: "Say hello to Bob" in str(browser(alice).page("/")))


def test_what_alice_says_stands_in_both_conversations(alice: User, bob: User, browser: Browsers, house: House) -> None:
    hers = browser(alice)
    conversation = start(house, hers, alice, "Bob")
    sent = hers.submit(f"/conversations/{conversation}/messages", {"body": "Is there <b>soup</b>?", "key": ""})
    assert sent.headers["location"] == f"/conversations/{conversation}"
    page = hers.page(f"/conversations/{conversation}")
    log = page.find(attrs={"role": "log"})
    assert "Is there <b>soup</b>?" in log.find("article").get_text()
    his = browser(bob)
    row = until(lambda: his.page("/").select_one("[data-conversation]:-soup-contains('Is there')"))
    row.find(class_="avatar").decompose()
    assert row.a.get_text(" ", strip=True).startswith("Alice")
    assert "1 unread" in re.sub(r"\s+", " ", row.a.get_text())


def paused(db: Session, house: House, user_id: int, network: str = "toy") -> int:
    """An account that is paused and knows of somebody called Bob; returns the id of that conversation."""
    address = f"alice@{network}"
    account = add_account(db, house.vault, user_id, network, SignedIn(address, {"password": "secret"}, address))
    receive(db, account.id, take_lease(db, account.id), Batch((said("Hello", "r1"),), Origin.LIVE), None)
    account.state = AccountState.STOPPED
    return db.exec(select(Conversation.id).where(Conversation.account_id == account.id)).one()


def test_older_messages_that_cannot_be_had_say_why_in_their_place(alice: User, browser: Browsers, house: House) -> None:
    conversation = house.database.write(paused, house, alice.id)
    hers = browser(alice)
    before = hers.page(f"/conversations/{conversation}").find(id="older")["data-key"]
    answer = hers.get(f"/conversations/{conversation}/older?before={before}", headers={"HX-Request": "true"})
    older = BeautifulSoup(answer.text, "html.parser").find(id="older")
    assert "not connected right now" in older.find(role="status").get_text()
    assert "Older messages" in older.button.get_text()
    assert "toasts" not in answer.text


def test_a_row_never_calls_unsent_what_may_only_wait(alice: User, browser: Browsers, house: House) -> None:
    conversation = house.database.write(paused, house, alice.id)
    for text in ("Refused", "Waiting"):
        house.database.write(send_text, alice.id, conversation, text, "")
    house.database.write(_first_fails, conversation)
    row = browser(alice).page("/").find(id=f"row-{conversation}")
    assert "Waiting" not in row.get_text()
    assert "A message needs you" in row.get_text()


def _first_fails(db: Session, conversation_id: int) -> None:
    owner = db.get_one(Conversation, conversation_id)
    message = db.exec(select(Message).where(Message.body == "Refused")).one()
    set_delivery(db, owner, message, Delivery.FAILED)


def test_a_group_of_people_who_cannot_meet_is_not_made_without_them(
    alice: User, bob: User, browser: Browsers, house: House
) -> None:
    house.database.write(paused, house, alice.id)
    at_home, toy = house.database.read(accounts_of, alice.id)
    hers = browser(alice)
    ticked = until(lambda: hers.page("/conversations/new").find("input", {"value": f"{at_home.id}:Bob"}))
    wish = {"account": toy.id, "name": "Choir", "member": ticked["value"]}
    answer = hers.submit("/conversations/new/group", wish)
    page = BeautifulSoup(answer.text, "html.parser")
    assert answer.status_code == 422
    assert "A group lives on one network" in page.find(role="alert").get_text()
    assert page.find("input", {"value": ticked["value"]}).has_attr("checked")
    assert page.find("input", {"id": "group-name"})["value"] == "Choir"
