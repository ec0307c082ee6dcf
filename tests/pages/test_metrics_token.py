"""The figures for a program elsewhere: with the key that an administrator made, and no longer than it is good."""

import re

import pytest

from tests.conftest import PASSWORD
from tests.security.test_confirming import grow_stale, question
from webapp.messaging.audit import COMMAND_LINE
from webapp.messaging.invites import make_invite, token_of
from webapp.messaging.users import disable
from webapp.models import InstanceOption, Role, User
from webapp.tokens import Purpose

pytestmark = pytest.mark.process  # together they take seconds


@pytest.fixture
def made(browser, alice):
    """A key as it is shown."""
    return shown(browser(alice).submit("/admin/metrics-token"))


def shown(answer):
    return re.search(r'id="metrics-token" readonly value="([^"]+)"', answer.text)[1]


def figures(browser, key, scheme="Bearer"):
    """The status of the figures for somebody elsewhere."""
    headers = {"Authorization": f"{scheme} {key}", "X-Forwarded-For": "203.0.113.7"}
    return browser().get("/metrics", headers=headers)


def test_whoever_has_the_key_sees_the_figures(browser, made):
    assert "hausbote_request_seconds_count" in figures(browser, made).text
    assert figures(browser, made, "bearer").status_code == 200


def test_without_it_there_is_nothing(browser, made, house):
    invite = house.database.write(make_invite, Role.MEMBER, Purpose.INVITE.longest_life, COMMAND_LINE)
    for wrong in ("", "x", made[:-1], token_of(house.tokens, invite)):
        assert figures(browser, wrong).status_code == 404
    assert figures(browser, made, "Basic").status_code == 404


def test_it_is_shown_once_and_kept_nowhere(browser, alice, made, house):
    assert made not in browser(alice).get("/admin").text
    kept = house.database.read(lambda db: db.get_one(InstanceOption, "metrics.token").value)
    assert len(kept) > 15
    assert kept not in browser(alice).get("/admin").text
    assert made not in house.settings.data_dir.joinpath("hausbote.sqlite").read_bytes().decode("latin-1")


def test_it_is_worthless_once_it_was_taken_back_or_another_was_made(browser, alice, made):
    page = browser(alice)
    page.submit("/admin/metrics-token")
    assert figures(browser, made).status_code == 404
    other = shown(page.submit("/admin/metrics-token"))
    assert figures(browser, other).status_code == 200
    assert "Take the key back" in page.get("/admin").text
    page.submit("/admin/metrics-token/revoke")
    assert figures(browser, other).status_code == 404
    assert "Take the key back" not in page.get("/admin").text
    assert "Took the key to the figures back" in page.get("/admin").text


def test_it_ends_with_its_makers_password(browser, alice, made):
    browser(alice).submit("/settings/password", {"current": PASSWORD, "password": "seven lanterns hum at dusk"})
    assert figures(browser, made).status_code == 404


def test_it_ends_with_its_makers_power(browser, alice, made, house):
    house.database.write(lambda db: setattr(db.get(User, alice.id), "role", Role.MEMBER))
    assert figures(browser, made).status_code == 404


def test_it_ends_when_its_maker_is_disabled(browser, alice, bob, made, house):
    house.database.write(lambda db: setattr(db.get(User, bob.id), "role", Role.ADMINISTRATOR))
    house.database.write(disable, alice.id, COMMAND_LINE)
    assert figures(browser, made).status_code == 404


def test_making_one_needs_the_password(browser, alice, house):
    page = browser(alice)
    grow_stale(house, page)
    question(page.submit("/admin/metrics-token"))
