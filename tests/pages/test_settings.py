"""``/settings``: how one likes it, the password, the devices."""

import json

import pytest
from bs4 import BeautifulSoup
from sqlmodel import Session

from tests.conftest import PASSWORD
from tests.pages.test_live import frames
from tests.security.test_websocket_door import line
from webapp.languages import Sentence
from webapp.messaging.access import accounts_of
from webapp.messaging.leases import Holding
from webapp.messaging.matters import change_matters
from webapp.messaging.sign_ins import sign_ins_of
from webapp.models import User
from webapp.networks.matters import Condition, Matter, MattersChanged
from webapp.pages.house import House
from webapp.passwords import is_password

NEW = "seven lanterns hum at dusk"


def test_what_was_chosen_is_kept_and_shown(browser, alice, house):
    page = browser(alice)
    wishes = {"language": "de", "theme": "dark", "text_size": "large", "send_receipts": "true"}
    assert page.submit("/settings", wishes).headers["location"] == "/settings?done=saved"
    user = house.database.read(lambda db: db.get(User, alice.id))
    assert (user.language, user.theme, user.text_size) == ("de", "dark", "large")
    assert (user.enter_sends, user.send_receipts) == (False, True)
    html = page.page("/settings").html
    assert (html["lang"], html["data-theme"], html["data-text"]) == ("de", "dark", "large")


def test_a_word_that_we_do_not_know_changes_nothing_else(browser, alice, house):
    browser(alice).submit("/settings", {"language": "xx", "theme": '"><script>', "enter_sends": "true"})
    user = house.database.read(lambda db: db.get(User, alice.id))
    assert (user.language, user.theme) == ("", "")


def test_another_password_signs_the_other_devices_out(browser, alice, house):
    page, phone = browser(alice), browser(alice)
    answer = page.submit("/settings/password", {"current": PASSWORD, "password": NEW})
    assert answer.headers["location"] == "/settings?done=password"
    assert page.get("/settings").status_code == 200
    assert phone.get("/settings").status_code == 303
    assert is_password(NEW, house.database.read(lambda db: db.get(User, alice.id)).password_hash)


@pytest.mark.parametrize(
    ("current", "password", "words"),
    [("not mine at all", NEW, "not your password"), (PASSWORD, "short", "at least 12"), ("", "", "not your password")],
)
def test_a_password_is_only_changed_by_its_owner_and_for_a_good_one(browser, alice, house, current, password, words):
    answer = browser(alice).submit("/settings/password", {"current": current, "password": password})
    assert answer.status_code == 422
    assert words in answer.text
    assert is_password(PASSWORD, house.database.read(lambda db: db.get(User, alice.id)).password_hash)


def test_one_device_or_all_others_are_signed_out(browser, alice, house):
    page, phone, tablet = (browser(alice) for _ in range(3))
    page.submit(f"/settings/devices/{phone.sign_in.id}/sign-out")
    assert phone.get("/settings").status_code == 303
    assert tablet.get("/settings").status_code == 200
    page.submit("/settings/devices/others/sign-out")
    assert tablet.get("/settings").status_code == 303
    assert [row.id for row in house.database.read(sign_ins_of, alice.id)] == [page.sign_in.id]


def test_nobody_signs_anybody_else_out(browser, alice, bob):
    page, other = browser(alice), browser(bob)
    page.submit(f"/settings/devices/{other.sign_in.id}/sign-out")
    assert other.get("/settings").status_code == 200


def test_everybody_sees_what_was_done_about_them(browser, alice, bob):
    browser(alice).submit(f"/admin/people/{bob.id}/reset-link")
    record = browser(bob).page("/settings").find(id="record").get_text(" ")
    assert "Made a link to set a new password" in record
    assert "Alice" in record


@pytest.mark.parametrize(
    ("done", "words"),
    [("saved", "Your settings are saved"), ("password", "Your password is changed"), ("devices", "Signed out there")],
)
def test_what_was_done_is_said_on_the_page(browser, alice, done, words):
    assert words in browser(alice).page(f"/settings?done={done}").get_text()


def told(house: House, user: User, words: str) -> None:
    """An account of the user's wants something."""

    def tell(db: Session) -> None:
        account = accounts_of(db, user.id)[0]
        matter = Matter("keys", Sentence("Keys"), Condition.GOOD, Sentence(words))
        change_matters(db, Holding(account.id, user.id), MattersChanged((matter,)))

    house.database.write(tell)


def test_what_is_said_of_the_keys_is_as_fresh_as_on_a_page_that_is_opened_now(alice, browser, house):
    hers = browser(alice)
    old = hers.page("/settings")
    tab = json.loads(old.body["hx-headers:inherited"])["HX-Tab"]
    with line(hers, tab=tab) as socket:
        socket.receive_text()
        told(house, alice, "They are being made.")
        pushed = (BeautifulSoup(text, "html.parser").find(id="keys-list") for text in frames(socket))
        assert next(one for one in pushed if one) == hers.page("/settings").find(id="keys-list")
    told(house, alice, "They are there.")
    where = old.find(id="live")["data-snapshot"]
    missed = hers.get(where, headers={"HX-Snapshot": "true", "HX-Tab": tab}).text
    assert missed.startswith('<hx-partial hx-target="#keys-list"')
    assert "They are there." in BeautifulSoup(missed, "html.parser").find(id="keys-list").get_text()


@pytest.mark.parametrize(("path", "reloads"), [("/", True), ("/settings", False)])
def test_other_pages_are_drawn_anew_when_settings_change_and_what_is_typed_among_them_stays(
    alice, browser, house, path, reloads
):
    hers = browser(alice)
    tab = json.loads(hers.page(path).body["hx-headers:inherited"])["HX-Tab"]
    with line(hers, tab=tab) as socket:
        socket.receive_text()
        hers.submit("/settings", {"theme": "dark"})
        told(house, alice, "Something else.")
        first = next(text for text in (socket.receive_text() for _ in range(20)) if "beat" not in text)
    assert ("reload" in json.loads(first) if first.startswith("{") else False) is reloads
