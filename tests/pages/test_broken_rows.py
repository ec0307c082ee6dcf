"""Rows that cannot be read: people get a whole page that says so, wherever on the way it was noticed."""

import sqlite3

import pytest
from bs4 import BeautifulSoup

from tests.browser import Browser
from tests.pages.test_health import HEADERS
from webapp.pages.middleware import identity


@pytest.fixture
def broken(house, monkeypatch):
    """``broken()``: from now on no row can be read."""

    def fail(*_, **__):
        raise sqlite3.OperationalError("disk I/O error in table message")

    return lambda: monkeypatch.setattr(house.database, "read", fail)


def page_of(browser: Browser, path: str, language: str) -> BeautifulSoup:
    """The page that comes in place of another one; it is whole, and nothing of the inside is on it."""
    browser._transport.raise_server_exceptions = False
    answer = browser.get(path, headers={"Accept-Language": language})
    assert answer.status_code == 500
    assert {name: answer.headers.get(name) for name in HEADERS} == HEADERS
    assert "default-src 'none'" in answer.headers["content-security-policy"]
    assert "disk" not in answer.text
    page = BeautifulSoup(answer.text, "html.parser")
    assert page.html["lang"] == language
    assert page.find("link", rel="stylesheet")
    return page


@pytest.mark.parametrize("path", ["/", "/settings", "/conversations/1", "/sign-in", "/nothing-here"])
def test_whoever_is_signed_in_gets_a_page_when_not_even_that_can_be_read(browser, alice, broken, path):
    page = browser(alice)
    broken()
    shown = page_of(page, path, "de")
    assert "Dem Haus ist ein Fehler unterlaufen" in shown.h1.get_text()
    assert "Was vorher gespeichert war, ist sicher. Versuch es" in shown.find(role="alert").get_text()


def test_whoever_is_not_signed_in_gets_one_too(browser, broken):
    broken()
    shown = page_of(browser(), "/sign-in", "en")
    assert "The house made a mistake" in shown.h1.get_text()
    assert "Try again in a moment" in shown.find(role="alert").get_text()


def test_what_breaks_after_the_sign_in_was_found_is_told_in_the_language_of_the_person(
    browser, alice, house, broken, monkeypatch
):
    page = browser(alice)
    page.submit("/settings", {"language": "de"})
    find = identity._find

    async def find_then_break(*asked):
        found = await find(*asked)
        broken()
        return found

    monkeypatch.setattr(identity, "_find", find_then_break)
    page._transport.raise_server_exceptions = False
    assert 'lang="de"' in page.get("/people", headers={"Accept-Language": "en"}).text
