"""The inbox and an open conversation, as pages."""

import re
import time
from collections.abc import Callable

from bs4 import BeautifulSoup

from tests.browser import Browser
from webapp.messaging.access import accounts_of
from webapp.models import User
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
    row = until(lambda: his.page("/").select_one("[data-conversation]"))
    row.find(class_="avatar").decompose()
    assert row.a.get_text(" ", strip=True).startswith("Alice")
    assert "1 unread" in re.sub(r"\s+", " ", row.a.get_text())
