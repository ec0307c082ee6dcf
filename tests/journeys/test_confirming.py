"""An administrator who signed in long ago is asked for the password, and then what was asked for is done."""

import re
import sqlite3
from collections.abc import Callable
from contextlib import closing

from playwright.sync_api import expect

from tests.journeys.people import PASSWORD, Person
from tests.journeys.stage import Stage
from tests.journeys.test_everybody import violations

People = Callable[..., Person]


def an_hour_passes(house: Stage) -> None:
    """Since anybody typed a password."""
    with closing(sqlite3.connect(house.program.data_dir / "hausbote.sqlite")) as db, db:
        db.execute("UPDATE sign_in SET confirmed_at = confirmed_at - 3600000000")


def test_an_invite_that_was_filled_in_is_made_after_the_password(house: Stage, person: People) -> None:
    alice = person("Alice").signs_in()
    alice.goes_to("/admin")
    alice.page.get_by_role("button", name="Invite someone").click()
    alice.page.get_by_label("Role").select_option("administrator")
    an_hour_passes(house)
    alice.page.get_by_role("button", name="Create invite").click()
    expect(alice.page.get_by_role("heading", name="Your password, please")).to_be_visible()
    assert violations(alice.page) == []
    alice.page.get_by_label("Password").fill("not mine at all")
    alice.page.get_by_role("button", name="Continue").click()
    expect(alice.page.get_by_role("alert")).to_contain_text("not your password")
    alice.page.get_by_label("Password").fill(PASSWORD)
    alice.page.get_by_role("button", name="Continue").click()
    expect(alice.page.get_by_label("Invite link")).to_have_value(re.compile("/invite/"))
    expect(alice.page.locator("#invite .list-item__title")).to_have_text("Administrator")
