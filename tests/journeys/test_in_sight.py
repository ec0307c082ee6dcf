"""Nothing is cut off, and nothing that the page has to say covers what one needs."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.journeys.people import Person
from tests.journeys.stage import Stage
from tests.journeys.test_everybody import PATHS

People = Callable[..., Person]
PHONE = {"width": 390, "height": 780}
SMALLEST = {"width": 320, "height": 640}
WIDER_THAN_ITS_PLACE = """
[document.documentElement, ...document.querySelectorAll("body *")]
  .filter((one) => ["auto", "scroll"].includes(getComputedStyle(one).overflowX) || one.matches("html, .rail span"))
  .filter((one) => one.scrollWidth > one.clientWidth && one.clientWidth && !one.matches(".chips, .visually-hidden"))
  .map((one) => `${one.tagName} ${one.className}: ${one.scrollWidth} > ${one.clientWidth}`)
"""
"""What can be scrolled sideways, but for the row of filters; and labels of the navigation that are cut off."""


def covers(one: Locator, other: Locator) -> bool:
    """Whether two things on the page overlap."""
    a, b = one.bounding_box(), other.bounding_box()
    assert a
    assert b
    beside = a["x"] + a["width"] <= b["x"] or b["x"] + b["width"] <= a["x"]
    return not (beside or a["y"] + a["height"] <= b["y"] or b["y"] + b["height"] <= a["y"])


@pytest.mark.parametrize("language", ["English", "Deutsch"])
def test_no_page_is_wider_than_the_smallest_phone(house: Stage, person: People, language: str) -> None:
    alice = person("Alice").signs_in()
    alice.starts_with("Bob")
    alice.says("A-word-that-does-not-end-" * 8)
    alice.sees("A-word")
    talk = alice.page.url.removeprefix(alice.url)
    alice.goes_to("/settings")
    alice.page.get_by_label("Language").select_option(language)
    alice.page.get_by_role("button", name="Save").click()
    alice.page.set_viewport_size(SMALLEST)
    found = {path: _too_wide(alice.page, alice.url + path) for path in (*PATHS, talk, f"{talk}#details")}
    expect(
        alice.page.get_by_role("heading", name={"English": "Details", "Deutsch": "Einzelheiten"}[language])
    ).to_be_visible()
    assert {path: said for path, said in found.items() if said} == {}


def _too_wide(page: Page, url: str) -> list[str]:
    page.goto(url)
    return list(page.evaluate(WIDER_THAN_ITS_PLACE))


def test_what_did_not_work_is_said_beside_the_composer_until_it_is_closed(house: Stage, person: People) -> None:
    alice = person("Alice", viewport=PHONE).signs_in()
    alice.starts_with("Bob")
    alice.page.route("**/pin", lambda route: route.abort())
    alice.page.locator("form[hx-post$='/pin']").evaluate("form => form.requestSubmit()")
    said = alice.page.get_by_role("alert")
    expect(said).to_contain_text("That did not work")
    assert not covers(said, alice.box)
    assert not covers(said, alice.page.get_by_role("button", name="Send"))
    said.get_by_role("button", name="Close").click()
    expect(said).to_have_count(0)


def test_the_word_that_the_line_is_down_covers_nothing(house: Stage, person: People) -> None:
    alice = person("Alice", viewport=PHONE).signs_in()
    alice.starts_with("Bob")
    house.line.cut()
    said = alice.page.get_by_role("status").filter(has_text="No connection to the house")
    expect(said).to_be_visible()
    for needed in (alice.page.get_by_role("heading", name="Bob"), alice.page.get_by_role("link", name="Back to inbox")):
        assert not covers(said, needed)
