"""``/settings``: how one likes it, the password, the devices."""

import pytest

from tests.conftest import PASSWORD
from webapp.messaging.sign_ins import sign_ins_of
from webapp.models import User
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
