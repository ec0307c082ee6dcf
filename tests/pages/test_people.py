"""``/people`` follows what happens, and so does the count of what is unread on every page that is live."""

import json

import pytest
from bs4 import BeautifulSoup

from tests.pages.test_inbox import start, until
from tests.pages.test_live import frames
from tests.security.test_websocket_door import line
from webapp.messaging.audit import COMMAND_LINE
from webapp.messaging.send import send_text
from webapp.messaging.users import add_user
from webapp.models import Role


def _open(browser, path):
    """A tab on this page; returns the page and the tab's id."""
    page = browser.page(path)
    return page, json.loads(page.body["hx-headers:inherited"])["HX-Tab"]


def _somebody_moves_in(house, name):
    user = house.database.write(add_user, house.vault, name, "no password", Role.MEMBER, COMMAND_LINE)
    house.keeper.enrol(user.id)


@pytest.mark.parametrize("path", ["/people", "/people?q=caro"])
def test_somebody_new_appears_on_an_open_page_as_on_a_fresh_one(house, alice, browser, path):
    hers = browser(alice)
    old, tab = _open(hers, path)
    assert "Caroline" not in old.find(id="people").get_text()
    with line(hers, tab=tab) as socket:
        socket.receive_text()
        _somebody_moves_in(house, "Dora")
        _somebody_moves_in(house, "Caroline")
        shown = (BeautifulSoup(text, "html.parser").find(id="people") for text in frames(socket))
        people = next(
            one for one in shown if one and "Caroline" in one.get_text() and one == hers.page(path).find(id="people")
        )
    assert ("Dora" in people.get_text()) == (path == "/people")


def test_a_page_of_people_that_was_cut_off_catches_up(house, alice, browser):
    hers = browser(alice)
    old, tab = _open(hers, "/people")
    _somebody_moves_in(house, "Caroline")
    path = old.find(id="live")["data-snapshot"]
    until(lambda: "Caroline" in hers.page(path).get_text())
    missed = hers.get(path, headers={"HX-Snapshot": "true", "HX-Tab": tab}).text
    assert BeautifulSoup(missed, "html.parser").find(id="people") == hers.page("/people").find(id="people")
    assert 'hx-target="#unread"' in missed


@pytest.mark.parametrize("path", ["/", "/people", "/networks", "/settings"])
def test_the_navigation_says_at_once_how_much_is_unread(house, alice, bob, browser, path):
    hers, his = browser(alice), browser(bob)
    conversation = start(house, his, bob, "Alice")
    old, tab = _open(hers, path)
    assert _inbox_link(old) == "Inbox"
    with line(hers, tab=tab) as socket:
        socket.receive_text()
        house.database.write(send_text, bob.id, conversation, "Soup?", "")
        pushed = (BeautifulSoup(text, "html.parser").find(id="unread") for text in frames(socket))
        assert next(one for one in pushed if one).get_text() == ", 1 unread"
    assert _inbox_link(hers.page(path)) == "Inbox, 1 unread"


@pytest.mark.parametrize("path", ["/search", "/conversations/new"])
def test_pages_that_are_not_live_say_how_much_was_unread(house, alice, bob, browser, path):
    house.database.write(send_text, bob.id, start(house, browser(bob), bob, "Alice"), "Soup?", "")
    hers = browser(alice)
    until(lambda: _inbox_link(hers.page(path)) != "Inbox")
    assert _inbox_link(hers.page(path)) == "Inbox, 1 unread"


def _inbox_link(page):
    """The accessible name of the way to the inbox."""
    return page.select_one("nav.rail a[href='/']:not([aria-hidden])").get_text().strip()
