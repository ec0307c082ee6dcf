"""Set-up, sign-in, invites: how people come into the house."""

from datetime import timedelta

import pytest

from tests.conftest import PASSWORD
from webapp.messaging.audit import COMMAND_LINE
from webapp.messaging.invites import make_invite, token_of
from webapp.messaging.sign_ins import sign_ins_of
from webapp.messaging.users import AlreadySetUp, all_users, set_up, user_named
from webapp.models import Invite, Role, SignIn
from webapp.models.columns import now

pytestmark = pytest.mark.process  # every password takes its time

DAY = 24 * 3600 * 1_000_000
NEW = "seven lanterns hum at dusk"


def alert_of(response):
    """The words of the element that says what is wrong."""
    from bs4 import BeautifulSoup

    return BeautifulSoup(response.text, "html.parser").find(role="alert").get_text(" ", strip=True)


def test_the_first_visitor_becomes_administrator_and_is_signed_in(browser, house):
    visitor = browser()
    assert visitor.get("/sign-in").headers["location"] == "/setup"
    done = visitor.submit("/setup", {"name": "Jürgen", "password": NEW})
    assert (done.status_code, done.headers["location"]) == (303, "/")
    assert "__Host-sid" in visitor.cookies
    (user,) = house.database.read(all_users)
    assert (user.name, user.role) == ("Jürgen", Role.ADMINISTRATOR)


def test_setup_is_gone_once_there_is_a_user(browser, alice, house):
    assert browser().get("/setup").status_code == 404
    assert browser().submit("/setup", {"name": "Mallory", "password": NEW}).status_code == 404
    assert len(house.database.read(all_users)) == 1


def test_of_two_first_visitors_one_becomes_administrator(house):
    """Both saw the form; the second one's comes in when there is a user already."""
    house.database.write(set_up, house.vault, "Alice", "no password", COMMAND_LINE)
    with pytest.raises(AlreadySetUp):
        house.database.write(set_up, house.vault, "Mallory", "no password", COMMAND_LINE)


@pytest.mark.parametrize(
    ("name", "password", "words"),
    [
        ("", NEW, "Please type a user name."),
        ("x" * 41, NEW, "at most 40"),
        ("a\u202eb", NEW, "letters, figures"),
        ("a\x00b", NEW, "letters, figures"),
        ("-- --", NEW, "letters, figures"),
        ("Alice", "short", "at least 12"),
        ("Alice", "x" * 129, "at most 128"),
        ("Alice", "Password1234", "Too many people"),
        ("Alice", "alice alice 99", "Too many people"),
    ],
)
def test_a_form_that_is_wrong_says_so_and_keeps_what_was_typed(browser, name, password, words):
    answer = browser().submit("/setup", {"name": name, "password": password})
    assert answer.status_code == 422
    assert words in alert_of(answer)
    assert password not in answer.text
    if name == "Alice":
        assert 'value="Alice"' in answer.text


def test_a_form_without_its_fields_is_an_error_in_words(browser):
    answer = browser().submit("/setup")
    assert answer.status_code == 422
    assert alert_of(answer) == "Please type a user name."


def test_the_right_password_leads_to_where_one_wanted_to_go(browser, alice):
    visitor = browser()
    assert visitor.get("/settings?x=1").headers["location"] == "/sign-in?next=/settings%3Fx%3D1"
    done = visitor.submit("/sign-in", {"name": " aLiCe", "password": PASSWORD, "next": "/networks"})
    assert (done.status_code, done.headers["location"]) == (303, "/networks")


@pytest.mark.parametrize("name", ["Alice", "Nobody"])
def test_a_wrong_password_and_a_wrong_name_look_the_same(browser, alice, name):
    answer = browser().submit("/sign-in", {"name": name, "password": "wrong wrong wrong"})
    assert answer.status_code == 403
    assert alert_of(answer) == "User name and password do not fit together. Check both and try again."
    assert f'value="{name}"' in answer.text
    assert "wrong wrong wrong" not in answer.text


@pytest.mark.parametrize(
    "next_page",
    ["//evil.example", "/\\evil.example", "https://evil.example", "javascript:alert(1)", "/\tevil", "", "evil"],
)
def test_a_sign_in_never_leads_to_another_site(browser, alice, next_page):
    done = browser().submit("/sign-in", {"name": "Alice", "password": PASSWORD, "next": next_page})
    assert done.headers["location"] == "/"
    shown = browser().get("/sign-in", params={"next": next_page})
    assert 'name="next" value="/"' in shown.text


def test_signing_in_again_ends_the_sign_in_that_the_browser_had(browser, alice, house):
    visitor = browser(alice)
    visitor.submit("/sign-in", {"name": "Alice", "password": PASSWORD})
    rows = house.database.read(sign_ins_of, alice.id)
    assert len(rows) == 1
    assert rows[0].id != visitor.sign_in.id


@pytest.mark.parametrize(
    ("column", "days", "status"),
    [("last_used_at", 13, 200), ("last_used_at", 15, 303), ("created_at", 89, 200), ("created_at", 91, 303)],
)
def test_a_sign_in_ends_two_weeks_after_its_last_use_and_three_months_after_its_beginning(
    browser, alice, house, column, days, status
):
    visitor = browser(alice)

    def age(db):
        row = db.get(SignIn, visitor.sign_in.id)
        setattr(row, column, getattr(row, column) - days * DAY)

    house.database.write(age)
    assert visitor.get("/settings").status_code == status


def test_the_rows_do_not_hold_what_the_cookie_holds(browser, alice, house):
    """Who steals the database is signed in nowhere."""
    visitor = browser()
    visitor.submit("/sign-in", {"name": "Alice", "password": PASSWORD})
    (row,) = house.database.read(sign_ins_of, alice.id)
    assert visitor.cookies["__Host-sid"] != row.secret_hash
    thief = browser()
    thief.cookies.set("__Host-sid", row.secret_hash)
    assert thief.get("/settings").status_code == 303


def test_signing_out_ends_the_sign_in_and_takes_the_cookie(browser, alice, house):
    visitor = browser(alice)
    done = visitor.submit("/sign-out")
    assert done.headers["location"] == "/sign-in"
    assert house.database.read(sign_ins_of, alice.id) == []
    assert visitor.get("/settings").status_code == 303


def test_an_invite_lets_one_person_in_with_its_role(browser, house, alice):
    invite = house.database.write(make_invite, Role.MEMBER, timedelta(days=1), COMMAND_LINE)
    path = f"/invite/{token_of(house.tokens, invite)}"
    assert browser().page(path).find("button").get_text(strip=True) == "Join"
    done = browser().submit(path, {"name": "Zoë Ångström", "password": NEW})
    assert (done.status_code, done.headers["location"]) == (303, "/")
    assert house.database.read(user_named, "zoë ångström").role is Role.MEMBER
    for again in (browser().get(path), browser().submit(path, {"name": "Mallory", "password": NEW})):
        assert again.status_code == 404
        assert "works once" in alert_of(again)


def test_an_invite_ends_when_its_time_is_over(browser, house, alice):
    invite = house.database.write(make_invite, Role.MEMBER, timedelta(days=1), COMMAND_LINE)
    path = f"/invite/{token_of(house.tokens, invite)}"
    assert browser().get(path).status_code == 200
    house.database.write(lambda db: setattr(db.get(Invite, invite.id), "expires_at", now()))
    for late in (browser().get(path), browser().submit(path, {"name": "Mallory", "password": NEW})):
        assert late.status_code == 404
    assert len(house.database.read(all_users)) == 1


def test_a_name_that_is_taken_leaves_the_invite_good(browser, house, alice):
    invite = house.database.write(make_invite, Role.MEMBER, timedelta(days=1), COMMAND_LINE)
    path = f"/invite/{token_of(house.tokens, invite)}"
    answer = browser().submit(path, {"name": "ＡＬＩＣＥ", "password": NEW})
    assert answer.status_code == 422
    assert "called that already" in alert_of(answer)
    assert browser().submit(path, {"name": "Bob", "password": NEW}).status_code == 303


def test_an_invite_token_is_no_reset_token(browser, house, alice):
    invite = house.database.write(make_invite, Role.MEMBER, timedelta(days=1), COMMAND_LINE)
    assert browser().get(f"/reset/{token_of(house.tokens, invite)}").status_code == 404
    assert browser().get("/invite/nonsense").status_code == 404


def test_after_a_new_password_the_door_asks_for_it(browser, alice):
    assert "Your new password is set" in browser().page("/sign-in?new_password=1").get_text()
