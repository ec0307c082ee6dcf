"""What asks something of a person: a matter that cannot wait, step by step; a warning above where they write."""

from collections.abc import Callable
from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.sync_api import Route, expect
from sqlmodel import Session, col, select

from tests.journeys.people import Person
from tests.journeys.stage import Stage
from tests.journeys.test_everybody import violations
from webapp.messaging.accounts import add_account
from webapp.models import Role, User
from webapp.networks.login import SignedIn
from webapp.vault import Vault


def _has_toys(db: Session, vault: Vault) -> None:
    alice = db.exec(select(User.id).where(col(User.name) == "Alice")).one()
    add_account(db, vault, alice, "toy", SignedIn("alice@toy", {"password": "any"}, "alice@toy"))


def _toy_maker(route: Route) -> None:
    """Somebody else's page, which says yes at once."""
    back = parse_qs(urlsplit(route.request.url).query)["back"][0]
    route.fulfill(status=302, headers={"Location": f"{back}?said=yes"})


@pytest.fixture
def alice(stage: Stage, person: Callable[..., Person]) -> Person:
    """Alice in front of her inbox; she has toys."""
    stage.settle("Alice", Role.ADMINISTRATOR)
    stage.write(_has_toys)
    stage.program.start()
    return person("Alice").signs_in()


def test_a_matter_is_settled_by_its_button(alice: Person) -> None:
    alice.page.route("https://toymaker.example/**", _toy_maker)
    expect(alice.row("Echo")).to_be_visible()
    alice.opens("Echo")
    alice.says("lock")
    notice = alice.page.locator("#notices").get_by_role("button", name="Unlock the chest")
    notice.click()
    alice.page.get_by_text("More options").click()
    found = violations(alice.page)
    alice.page.get_by_label("Word", exact=True).fill("sand")
    alice.page.get_by_role("button", name="Unlock").click()
    expect(alice.page.get_by_role("alert")).to_contain_text("That is not the word")
    found += violations(alice.page)
    alice.page.get_by_label("Word", exact=True).fill("marble")
    alice.page.get_by_role("button", name="Unlock").click()
    expect(alice.page.get_by_role("link", name="Go to the toy maker")).to_be_visible()
    found += violations(alice.page)
    alice.page.get_by_role("link", name="Go to the toy maker").click()
    expect(alice.page.get_by_text("You are back.")).to_be_visible()
    found += violations(alice.page)
    alice.page.get_by_role("button", name="Go on").click()
    expect(alice.page.get_by_role("status").filter(has_text="The toy chest is open.")).to_be_visible()
    found += violations(alice.page)
    alice.page.get_by_role("link", name="Go on").click()
    alice.page.get_by_role("button", name="Look inside").click()
    expect(alice.page.get_by_text("Write it down")).to_be_visible()
    found += violations(alice.page)
    with alice.page.expect_download() as taken:
        alice.page.get_by_role("link", name="Save it as a file").click()
    assert taken.value.suggested_filename == "marbles.txt"
    alice.goes_to("/")
    expect(alice.row("Echo")).to_be_visible()
    expect(notice).to_have_count(0)
    assert found == []


def test_a_warning_takes_away_nothing_that_was_typed(alice: Person) -> None:
    expect(alice.row("Echo")).to_be_visible()
    alice.opens("Echo")
    alice.box.fill("A secret")
    other = alice.new_tab()
    other.goto(alice.page.url)
    other.get_by_role("textbox", name="Message").fill("window")
    other.keyboard.press("Enter")
    warning = alice.page.get_by_role("alert").filter(has_text="Somebody has opened a window")
    expect(warning).to_be_visible()
    expect(alice.box).to_have_value("A secret")
    alice.box.press("Enter")
    expect(alice.page.get_by_role("alert").filter(has_text="Read the notice above first")).to_be_visible()
    expect(alice.box).to_have_value("A secret")
    warning.get_by_role("button", name="Talk all the same").click()
    expect(warning).to_have_count(0)
    alice.box.press("Enter")
    expect(alice.log().get_by_role("article").filter(has_text="A secret")).to_have_count(2)
