"""``/admin``: people, invites, networks, the record."""

import re

import pytest

from tests.conftest import PASSWORD
from webapp.messaging.audit import COMMAND_LINE, first_broken
from webapp.messaging.options import is_offered, switches_of
from webapp.messaging.resets import make_reset_token, use_reset
from webapp.messaging.users import LastAdministrator, disable
from webapp.models import AuditEntry, Role, User
from webapp.networks import network
from webapp.tokens import Purpose, TokenRefused

NEW = "seven lanterns hum at dusk"


def test_an_invite_is_made_shown_and_used(browser, alice, house):
    page = browser(alice)
    assert "Invite someone" in page.page("/admin").find(id="invite").get_text()
    form = page.page("/admin?asking=yes").find("form", {"action": "/admin/invites"})
    assert [label.get_text() for label in form.find_all("label")] == ["Role", "Valid for"]
    made = page.submit("/admin/invites", {"role": "member", "valid_for": "24"})
    shown = page.page(made.headers["location"])
    link = shown.find(id="invite-link")
    assert link.has_attr("readonly")
    assert shown.find("label", {"for": "invite-link"}).get_text() == "Invite link"
    assert shown.find("svg", class_="qr").find("path")["d"]
    path = link["value"].removeprefix(house.settings.public_url)
    assert browser().submit(path, {"name": "Dora", "password": NEW}).status_code == 303
    assert path not in page.get(made.headers["location"]).text


def test_an_invite_that_was_taken_back_is_worthless(browser, alice, house):
    page = browser(alice)
    made = page.submit("/admin/invites", {"role": "member", "valid_for": "24"})
    link = page.page(made.headers["location"]).find(id="invite-link")["value"]
    page.submit(re.search(r"/admin/invites/\d+/revoke", page.get("/admin").text)[0])
    assert browser().get(link.removeprefix(house.settings.public_url)).status_code == 404


def test_an_invite_for_no_role_or_no_time_is_refused(browser, alice):
    for wrong in ({"role": "king", "valid_for": "24"}, {"role": "member", "valid_for": "9999"}, {}):
        assert browser(alice).submit("/admin/invites", wrong).status_code == 422


def test_who_is_disabled_is_out_at_once(browser, alice, bob):
    page, other = browser(alice), browser(bob)
    page.submit(f"/admin/people/{bob.id}/disable")
    assert other.get("/settings").status_code == 303
    refused = browser().submit("/sign-in", {"name": "Bob", "password": PASSWORD})
    assert refused.status_code == 403
    page.submit(f"/admin/people/{bob.id}/enable")
    assert other.get("/settings").status_code == 303, "a sign-in came back"
    assert browser().submit("/sign-in", {"name": "Bob", "password": PASSWORD}).status_code == 303


def test_a_sign_in_of_somebody_disabled_opens_nothing(browser, alice, bob):
    """Even if one were left over."""
    browser(alice).submit(f"/admin/people/{bob.id}/disable")
    assert browser(bob).get("/settings").status_code == 303


def test_an_administrator_cannot_lock_the_house(browser, alice, bob, house):
    """Neither the last one, nor oneself while there is another."""
    for _ in range(2):
        answer = browser(alice).submit(f"/admin/people/{alice.id}/disable")
        assert answer.headers["location"] == "/admin?wrong=yourself"
        assert house.database.read(lambda db: db.get(User, alice.id)).disabled_at is None
        house.database.write(lambda db: setattr(db.get(User, bob.id), "role", Role.ADMINISTRATOR))
    with pytest.raises(LastAdministrator):
        house.database.write(_both_disabled, alice.id, bob.id)


def _both_disabled(db, *people):
    for one in people:
        disable(db, one, COMMAND_LINE)


def test_a_reset_link_lets_its_person_choose_a_password_once(browser, alice, bob, house):
    answer = browser(alice).submit(f"/admin/people/{bob.id}/reset-link")
    link = re.search(r"/reset/[\w.-]+", answer.text)[0]
    other = browser(bob)
    assert browser().submit(link, {"password": "short"}).status_code == 422
    assert browser().submit(link, {"password": NEW}).headers["location"] == "/sign-in?new_password=1"
    assert other.get("/settings").status_code == 303
    assert browser().submit(link, {"password": NEW}).status_code == 404
    assert browser().submit("/sign-in", {"name": "Bob", "password": NEW}).status_code == 303


def test_a_reset_link_is_spent_by_itself(alice, bob, house):
    """Not only because the password changed."""
    token = house.database.write(make_reset_token, house.tokens, bob.id, COMMAND_LINE)
    claims = house.tokens.check(Purpose.PASSWORD_RESET, token)
    house.database.write(use_reset, claims, "hash", "")
    house.database.write(lambda db: setattr(db.get(User, bob.id), "token_epoch", claims.epoch))
    with pytest.raises(TokenRefused):
        house.database.write(use_reset, claims, "hash", "")


def test_a_reset_link_is_worthless_once_the_password_changed(browser, alice, bob):
    link = re.search(r"/reset/[\w.-]+", browser(alice).submit(f"/admin/people/{bob.id}/reset-link").text)[0]
    browser(bob).submit("/settings/password", {"current": PASSWORD, "password": NEW})
    assert browser().get(link).status_code == 404


def test_networks_are_offered_and_switched(browser, alice, house):
    page = browser(alice)
    page.submit("/admin/networks/toy", {"offered": "yes"})
    assert house.database.read(is_offered, network("toy"))
    page.submit("/admin/networks/toy", {})
    assert not house.database.read(is_offered, network("toy"))
    page.submit("/admin/networks/house", {})
    assert house.database.read(switches_of, network("house")) == {"family_group": False}
    assert page.submit("/admin/networks/none", {}).status_code == 404


def test_nobody_is_warned_where_people_come_by_https(browser, alice):
    for path in ("/", "/settings", "/admin"):
        assert "plain http" not in browser(alice).get(path).text


def test_the_record_shows_a_changed_entry(browser, alice, bob, house):
    browser(alice).submit(f"/admin/people/{bob.id}/disable")
    assert house.database.read(first_broken) is None

    def tamper(db):
        entry = db.get(AuditEntry, 2)
        entry.detail = Role.MEMBER.value + "!"
        db.add(entry)

    house.database.write(tamper)
    assert house.database.read(first_broken) == 2


def test_a_removed_entry_shows_in_the_record(alice, bob, house):
    house.database.write(lambda db: db.delete(db.get(AuditEntry, 1)))
    assert house.database.read(first_broken) == 2
