"""What was typed is never lost: not when it was refused, not when its writer has gone on."""

from collections.abc import Callable

from playwright.sync_api import Route, expect

from tests.journeys.people import Person
from tests.journeys.stage import Stage

People = Callable[..., Person]
TOO_LONG = "soup " * 5_000


def says_unsaved(person: Person, text: str) -> None:
    """Send a text of which no draft was kept before."""
    person.box.evaluate("(box, text) => { box.value = text; box.form.requestSubmit(); }", text)


def test_what_was_refused_is_still_there_after_a_reload(house: Stage, person: People) -> None:
    alice = person("Alice").signs_in()
    alice.starts_with("Bob")
    says_unsaved(alice, TOO_LONG)
    expect(alice.page.get_by_role("alert")).to_contain_text("Shorten it")
    expect(alice.row("Bob")).to_contain_text("Draft: soup")
    alice.page.reload()
    expect(alice.box).to_have_value(TOO_LONG)


def test_who_has_gone_on_is_told_and_finds_what_was_refused_as_a_draft(house: Stage, person: People) -> None:
    alice = person("Alice").signs_in()
    alice.starts_with("Bob")
    held: list[Route] = []
    alice.page.route("**/messages", lambda route: held.append(route))  # noqa: PLW0108 (it must be a plain function)
    with alice.page.expect_request("**/messages"):
        says_unsaved(alice, TOO_LONG)
    alice.box.fill("and bread")
    alice.opens("Family")
    alice.box.fill("for all of you")
    held[0].continue_()
    complaint = alice.page.get_by_role("alert")
    expect(complaint).to_contain_text("Your text for Bob was not sent. It is kept there as a draft.")
    expect(complaint).to_contain_text("Shorten it")
    expect(alice.box).to_have_value("for all of you")
    expect(alice.row("Bob")).to_contain_text("Draft: soup")
    alice.opens("Bob")
    expect(alice.box).to_have_value(f"{TOO_LONG}\nand bread")
    alice.page.reload()
    expect(alice.box).to_have_value(f"{TOO_LONG}\nand bread")
    alice.opens("Family")
    expect(alice.box).to_have_value("for all of you")


def test_who_came_back_meanwhile_has_what_was_refused_in_the_field(house: Stage, person: People) -> None:
    alice = person("Alice").signs_in()
    alice.starts_with("Bob")
    held: list[Route] = []
    alice.page.route("**/messages", lambda route: held.append(route))  # noqa: PLW0108 (it must be a plain function)
    with alice.page.expect_request("**/messages"):
        says_unsaved(alice, TOO_LONG)
    alice.opens("Family")
    alice.opens("Bob")
    expect(alice.box).to_have_value("")
    held[0].continue_()
    expect(alice.page.get_by_role("alert")).to_contain_text("Shorten it")
    expect(alice.box).to_have_value(TOO_LONG)
    expect(alice.row("Bob")).to_contain_text("Draft: soup")
