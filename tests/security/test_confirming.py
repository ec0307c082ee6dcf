"""Whoever looks after the house types the password again when the last time is more than five minutes ago (A1, A11)."""

import pytest
from bs4 import BeautifulSoup

from tests.conftest import PASSWORD
from tests.routes import all_routes
from tests.security.test_who_may_what import ADMINISTRATORS, address
from webapp.messaging.audit import latest_entries
from webapp.messaging.invites import open_invites
from webapp.models import Role, SignIn, User

pytestmark = pytest.mark.process

SECOND = 1_000_000
FIVE_MINUTES = 5 * 60 * SECOND
WISH = {"role": "administrator", "valid_for": "72", "extra": 'a "quoted" <b>'}


def grow_stale(house, page, by: int = FIVE_MINUTES + SECOND) -> None:
    """Let this sign-in's password be typed as long ago; negative: in the future, by a clock that was put back."""

    def shift(db):
        db.get(SignIn, page.sign_in.id).confirmed_at -= by

    house.database.write(shift)


def question(answer) -> dict[str, str]:
    """The fields of the form that asks for the password."""
    assert answer.status_code in {403, 429}, answer.status_code
    form = BeautifulSoup(answer.text, "html.parser").find("form")
    fields = form.find_all("input", {"name": True})
    assert [label.get_text() for label in form.find_all("label")] == ["Password"]
    return {field["name"]: field["value"] for field in fields} | {"": form["action"]}


def invites(house) -> list[Role]:
    return [invite.role for invite in house.database.read(open_invites)]


def test_who_signed_in_just_now_is_not_asked(browser, alice, house):
    visitor = browser()
    visitor.submit("/sign-in", {"name": "Alice", "password": PASSWORD})
    made = visitor.submit("/admin/invites", WISH)
    assert "invite-link" in visitor.get(made.headers["location"]).text


def test_nothing_is_done_before_the_password_and_nothing_typed_is_lost(browser, alice, house):
    page = browser(alice)
    grow_stale(house, page)
    asked = question(page.submit("/admin/invites", WISH))
    assert invites(house) == []
    assert asked.pop("") == "/admin/invites"
    assert asked.pop("confirm_password") == ""
    assert asked == WISH | {"csrf_token": page.csrf_token}
    made = page.submit("/admin/invites", asked | {"confirm_password": PASSWORD})
    assert made.status_code == 303
    assert invites(house) == [Role.ADMINISTRATOR]
    assert "invite-link" in page.get(made.headers["location"]).text


def test_every_address_that_changes_the_house_asks(app, browser, alice, bob, house):
    """Also one that will be added: what is for administrators asks by itself."""
    page = browser(alice)
    grow_stale(house, page)
    ids = {"user_id": bob.id, "invite_id": 1, "key": "toy"}
    routes = [route for route in all_routes(app) if route.path.startswith("/admin")]
    changing = [f"{method} {route.path}" for route in routes for method in route.methods - {"GET", "HEAD"}]
    assert set(changing) == {row for row in ADMINISTRATORS if row.startswith("POST")}
    before = len(house.database.read(latest_entries, 1000))
    for row in changing:
        question(page.submit(address(row.split(" ")[1], ids)))
    assert len(house.database.read(latest_entries, 1000)) == before
    assert house.database.read(lambda db: db.get(User, bob.id)).disabled_at is None


def test_a_wrong_password_does_nothing_is_noted_and_keeps_the_form(browser, alice, house):
    page = browser(alice)
    grow_stale(house, page)
    answer = page.submit("/admin/invites", WISH | {"confirm_password": "wrong wrong wrong"})
    assert question(answer)["valid_for"] == "72"
    assert "That is not your password" in answer.text
    assert "wrong wrong wrong" not in answer.text
    assert invites(house) == []
    assert "Somebody typed a wrong password where it was asked for again" in page.get("/settings").text


def test_whoever_guesses_waits(browser, alice, house):
    page = browser(alice)
    grow_stale(house, page)
    for _ in range(5):
        page.submit("/admin/invites", WISH | {"confirm_password": "wrong"})
    answer = page.submit("/admin/invites", WISH | {"confirm_password": PASSWORD})
    assert "Too many attempts" in answer.text
    assert question(answer)["valid_for"] == "72"
    assert invites(house) == []


def test_the_password_is_not_asked_for_again_for_five_minutes(browser, alice, house):
    page = browser(alice)
    grow_stale(house, page)
    page.submit("/admin/invites", WISH | {"confirm_password": PASSWORD})
    grow_stale(house, page, by=4 * 60 * SECOND)
    assert page.submit("/admin/invites", WISH).status_code == 303
    grow_stale(house, page, by=61 * SECOND)
    question(page.submit("/admin/invites", WISH))


def test_another_secret_from_then_on_and_the_old_one_is_worthless(browser, alice, house):
    page, thief = browser(alice), browser()
    grow_stale(house, page)
    old = page.cookies["__Host-sid"]
    thief.cookies.set("__Host-sid", old)
    assert thief.get("/settings").status_code == 200
    page.submit("/admin/invites", WISH | {"confirm_password": PASSWORD})
    assert page.cookies["__Host-sid"] != old
    assert page.get("/settings").status_code == 200
    assert thief.get("/settings").status_code == 303


def test_forms_of_other_tabs_still_work_afterwards(browser, alice, house):
    page = browser(alice)
    token = page.page("/settings").find("input", {"name": "csrf_token"})["value"]
    grow_stale(house, page)
    page.submit("/admin/invites", WISH | {"confirm_password": PASSWORD})
    page.post("/settings", data={"csrf_token": token, "theme": "dark"})
    assert house.database.read(lambda db: db.get(User, alice.id)).theme == "dark"


def test_each_sign_in_for_itself(browser, alice, house):
    page, phone = browser(alice), browser(alice)
    for one in (page, phone):
        grow_stale(house, one)
    assert page.submit("/admin/invites", WISH | {"confirm_password": PASSWORD}).status_code == 303
    question(phone.submit("/admin/invites", WISH))


def test_a_clock_that_was_put_back_makes_nothing_fresh(browser, alice, house):
    page = browser(alice)
    grow_stale(house, page, by=-3600 * SECOND)
    question(page.submit("/admin/invites", WISH))


def test_the_link_of_an_invite_is_not_shown_by_reading_alone(browser, alice, house):
    page = browser(alice)
    where = page.submit("/admin/invites", WISH).headers["location"]
    grow_stale(house, page)
    shown = page.get(where)
    assert shown.status_code == 200
    assert "/invite/" not in shown.text
    again = page.submit("/admin/invites/1/link", {"confirm_password": PASSWORD})
    assert again.headers["location"] == where
    assert "/invite/" in page.get(where).text


def test_a_member_is_let_in_without_the_password(browser, alice, house):
    """Only another administrator needs it."""
    page = browser(alice)
    grow_stale(house, page)
    made = page.submit("/admin/invites", WISH | {"role": "member"})
    assert made.status_code == 303
    assert "/invite/" in page.get(made.headers["location"]).text
    assert page.submit("/admin/invites/1/link").headers["location"] == made.headers["location"]
    assert invites(house) == [Role.MEMBER]
    question(page.submit("/admin/invites", WISH))
    question(page.submit("/admin/invites/1/revoke"))
    assert invites(house) == [Role.MEMBER]


def test_a_sign_in_that_was_ended_meanwhile_does_not_come_back(browser, alice, house, monkeypatch):
    from webapp.messaging.sign_ins import end_all
    from webapp.pages import confirming

    page = browser(alice)
    grow_stale(house, page)
    check = confirming.is_password

    def ended_meanwhile(typed, kept):
        house.database.write(end_all, alice.id)
        return check(typed, kept)

    monkeypatch.setattr(confirming, "is_password", ended_meanwhile)
    assert page.submit("/admin/invites", WISH | {"confirm_password": PASSWORD}).status_code == 401
    assert invites(house) == []
    assert page.get("/settings").status_code == 303


@pytest.mark.parametrize("who", ["bob", None])
@pytest.mark.parametrize("role", ["administrator", "member"])
def test_nobody_else_learns_that_there_is_something_to_confirm(request, browser, alice, house, who, role):
    page = browser(request.getfixturevalue(who) if who else None)
    if who:
        grow_stale(house, page)
    for typed in ({}, {"confirm_password": "wrong"}, {"confirm_password": PASSWORD}):
        answer = page.submit("/admin/invites", WISH | {"role": role} | typed)
        assert answer.status_code == (404 if who else 303)
        assert "confirm_password" not in answer.text


def test_the_record_says_that_the_password_was_typed_again(browser, alice, house):
    page = browser(alice)
    grow_stale(house, page)
    page.submit("/admin/invites", WISH | {"confirm_password": PASSWORD})
    assert "Typed the password again, to look after the house" in page.get("/admin").text


def test_another_password_of_ones_own_gives_another_secret_too(browser, alice):
    page = browser(alice)
    old = page.cookies["__Host-sid"]
    page.submit("/settings/password", {"current": PASSWORD, "password": "seven lanterns hum at dusk"})
    assert page.cookies["__Host-sid"] != old
    assert page.get("/settings").status_code == 200
