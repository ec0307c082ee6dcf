"""Every page, and every word about what went wrong, is in the language of whoever reads it."""

import re
from collections.abc import Callable

import pytest
from bs4 import BeautifulSoup
from httpx import Response
from sqlalchemy.exc import OperationalError

from tests.browser import Browser
from tests.pages.test_inbox import until
from tests.rows import said
from webapp.messaging.access import accounts_of
from webapp.messaging.accounts import add_account
from webapp.messaging.leases import take_lease
from webapp.messaging.receive import receive
from webapp.models import User
from webapp.networks.events import Batch, Origin
from webapp.networks.login import SignedIn
from webapp.pages import search
from webapp.pages.house import House

pytestmark = pytest.mark.process  # together they take seconds

SPOKEN_ATTRIBUTES = ("aria-label", "placeholder", "title", "alt", "data-down", "data-failed", "data-label")
NAMES = {
    *("Hausbote", "XMPP", "Matrix", "Alice", "Bob", "Echo", "Family", "Sandpit", "alice@toy", "bob", "echo"),
    *("Test browser", "red", "green", "blue"),
    *("Administrator", "Name", "Status", "Server", "Port", "Online", "Details", "Link", "Normal", "Deutsch", "English"),
}
"""What is called the same in both languages."""
WORD = re.compile(r"[^\W\d_]{2,}")


def texts(html: str) -> set[str]:
    """What a person reads or hears on a page."""
    page = BeautifulSoup(html, "html.parser")
    for hidden in page.select("script, style, .avatar"):
        hidden.decompose()
    heard = [str(tag[name]) for tag in page.find_all(True) for name in SPOKEN_ATTRIBUTES if tag.get(name)]
    return {" ".join(text.split()) for text in [*page.stripped_strings, *heard] if WORD.search(text)}


def in_both(browser: Browser, ask: Callable[[Browser], Response]) -> tuple[Response, Response]:
    """The answer for somebody who reads English, and for somebody who reads German."""
    answers = []
    for language in ("en", "de"):
        browser.headers["Accept-Language"] = language
        answers.append(ask(browser))
    return answers[0], answers[1]


def untranslated(english: Response, german: Response) -> set[str]:
    """Sentences that are the same in both, and are no names."""
    assert german.status_code == english.status_code
    assert len(texts(german.text)) > 1 or "text/plain" in german.headers["content-type"]
    return {text for text in texts(english.text) & texts(german.text) if set(WORD.findall(text)) - _allowed()}


def _allowed() -> set[str]:
    return {word for name in NAMES for word in WORD.findall(name)}


@pytest.fixture
def toy(house: House, alice: User) -> int:
    """Alice's account on the pretend network, with somebody who wrote to her; returns its id."""

    def add(db):
        account = add_account(db, house.vault, alice.id, "toy", SignedIn("alice@toy", {"password": "any"}, "alice@toy"))
        receive(db, account.id, take_lease(db, account.id), Batch((said("…", "1"),), Origin.LIVE), None)
        return account.id

    return house.database.write(add)


PAGES = ["/", "/people", "/search", "/search?q=Nobody", "/networks", "/networks/add/xmpp", "/settings", "/admin"]


@pytest.mark.parametrize("path", [*PAGES, "/conversations/new"])
def test_no_sentence_of_a_page_is_left_in_english(browser, alice, bob, toy, path):
    answers = in_both(browser(alice), lambda page: page.get(path))
    assert answers[0].status_code == 200
    assert untranslated(*answers) == set()


def test_no_sentence_of_a_conversation_is_left_in_english(browser, alice, toy, house):
    where = browser(alice).page("/").select_one("[data-conversation]:-soup-contains('bob') a")["href"]
    assert untranslated(*in_both(browser(alice), lambda page: page.get(where))) == set()


def test_no_sentence_of_an_account_and_its_task_is_left_in_english(browser, alice, toy):
    page = browser(alice)
    until(lambda: "The toy chest" in page.get(f"/networks/{toy}").text)
    assert untranslated(*in_both(page, lambda page: page.get(f"/networks/{toy}"))) == set()
    first = page.submit(f"/networks/{toy}/tasks/look%2Finside").headers["location"]
    assert untranslated(*in_both(page, lambda page: page.get(first))) == set()
    nothing = in_both(page, lambda page: page.submit(f"/networks/{toy}/tasks/nothing"))
    assert untranslated(*nothing) == set()


@pytest.mark.parametrize("path", ["/sign-in", "/invite/nothing", "/reset/nothing"])
def test_no_sentence_at_the_door_is_left_in_english(browser, alice, path):
    assert untranslated(*in_both(browser(), lambda page: page.get(path))) == set()


def test_no_sentence_of_the_set_up_is_left_in_english(browser):
    assert untranslated(*in_both(browser(), lambda page: page.get("/setup"))) == set()
    refused = in_both(browser(), lambda page: page.submit("/setup", {"name": "-", "password": "short"}))
    assert refused[0].status_code == 422
    assert untranslated(*refused) == set()


ERRORS: dict[int, Callable[[Browser], Response]] = {
    404: lambda page: page.get("/nothing"),
    405: lambda page: page.submit("/search"),
    403: lambda page: page.post("/settings", data={"csrf_token": "old"}),
    413: lambda page: page.submit("/settings", {"theme": "x" * 1_000_001}),
    421: lambda page: page.get("/settings", headers={"Host": "elsewhere.example"}),
    422: lambda page: page.submit("/admin/invites"),
}


@pytest.mark.parametrize("status", ERRORS)
def test_an_error_is_told_in_the_language_of_the_reader(browser, alice, status):
    answers = in_both(browser(alice), ERRORS[status])
    assert answers[0].status_code == status
    assert untranslated(*answers) == set()


def test_a_mistake_of_the_house_is_told_in_the_language_of_the_reader(browser, alice, monkeypatch):
    monkeypatch.setattr(search, "shared", lambda _: 1 / 0)
    answers = in_both(forgiving(browser(alice)), lambda page: page.get("/search"))
    assert answers[0].status_code == 500
    assert 'role="alert"' in answers[1].text
    assert untranslated(*answers) == set()


def test_rows_that_cannot_be_read_are_told_in_the_language_of_the_reader(browser, alice, house, monkeypatch):
    def broken(*_: object) -> None:
        raise OperationalError("select", None, Exception("disk I/O error"))

    page = forgiving(browser(alice))
    monkeypatch.setattr(house.database, "read", broken)
    answers = in_both(page, lambda page: page.get("/search"))
    assert answers[0].status_code == 500
    assert "What was saved before is safe" in answers[0].text
    assert "Was vorher gespeichert war, ist sicher" in answers[1].text
    assert "disk" not in answers[0].text
    assert untranslated(*answers) == set()


def forgiving(browser: Browser) -> Browser:
    """A browser that gets an answer where a test would get the exception."""
    browser._transport.raise_server_exceptions = False
    return browser


ALERTS: dict[str, tuple[str, dict[str, object]]] = {
    "an address of nobody": ("/conversations/new", {"account": "house", "address": "Nobody at all"}),
    "no address": ("/conversations/new", {"account": "house", "address": ""}),
    "no account": ("/conversations/new", {"account": "", "address": "Bob"}),
    "a group without a name": ("/conversations/new/group", {"account": "house", "name": " "}),
    "a contact of no account": ("/people/add", {"account": "", "address": "Bob"}),
    "a contact without an address": ("/people/add", {"account": "toy", "address": ""}),
    "a contact that is none": ("/people/add", {"account": "house", "address": "Nobody at all"}),
    "a network address that is none": ("/networks/add/xmpp", {"address": "Nobody at all", "password": "any"}),
}


@pytest.mark.parametrize("what", ALERTS)
def test_an_alert_is_in_the_language_of_the_reader(browser, alice, bob, toy, house, what):
    path, form = ALERTS[what]
    known = {one.network: str(one.id) for one in house.database.read(accounts_of, alice.id)}
    filled = form | {"account": known.get(str(form.get("account")), "")}
    answers = in_both(browser(alice), lambda page: page.submit(path, with_login(page, path) | filled))
    assert [answer.status_code for answer in answers] == [422, 422]
    assert all(BeautifulSoup(answer.text, "html.parser").find(role="alert") for answer in answers)
    assert untranslated(*answers) == set()


def with_login(page: Browser, path: str) -> dict[str, str]:
    """The sign-in that a form of a network belongs to."""
    login = page.page(path).find("input", {"name": "login"}) if "/networks/" in path else None
    return {"login": login["value"]} if login else {}


def test_a_wrong_password_is_told_in_the_language_of_the_reader(browser, alice):
    form = {"name": "Alice", "password": "not hers at all"}
    answers = in_both(browser(), lambda page: page.submit("/sign-in", form))
    assert answers[0].status_code == 403
    assert untranslated(*answers) == set()


def test_who_must_wait_is_told_so_in_their_language(browser, alice):
    page = browser()
    for _ in range(8):
        waiting = page.submit("/sign-in", {"name": "Alice", "password": "not hers at all"}).status_code == 429
        if waiting:
            break
    answers = in_both(page, lambda page: page.submit("/sign-in", {"name": "Alice", "password": "not hers"}))
    assert answers[0].status_code == 429
    assert untranslated(*answers) == set()
