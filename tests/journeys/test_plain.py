"""Without JavaScript, and on a phone."""

from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from tests.journeys.people import Person
from tests.journeys.stage import Stage

People = Callable[..., Person]


def test_without_javascript_one_signs_in_reads_and_sends(house: Stage, person: People) -> None:
    alice, bob = person("Alice", java_script_enabled=False).signs_in(), person("Bob").signs_in()
    bob.starts_with("Alice")
    bob.says("Do you read me?")
    bob.sees("Do you read me?")
    alice.looks_until_there_is("Bob")
    alice.opens("Bob")
    alice.sees("Do you read me?")
    alice.page.get_by_role("button", name="Mark as read").click()
    expect(alice.row("Bob")).not_to_contain_text("unread")
    alice.box.fill("Loud and clear")
    alice.page.get_by_role("button", name="Send").click()
    alice.sees("Loud and clear")
    bob.sees("Loud and clear")
    alice.page.get_by_role("button", name="Send").click()
    expect(alice.page.get_by_role("alert")).to_contain_text("Write something first")


@pytest.mark.parametrize("width", [320, 390])
def test_on_a_phone_there_is_one_column_and_a_way_back(house: Stage, person: People, width: int) -> None:
    alice = person("Alice", viewport={"width": width, "height": 780}, has_touch=True).signs_in()
    alice.starts_with("Bob")
    expect(alice.page.get_by_role("navigation", name="Main")).to_be_hidden()
    alice.says("https://a-very-long-address.example/" + "x" * 120)
    alice.sees("a-very-long-address")
    assert alice.page.evaluate("document.documentElement.scrollWidth") <= width
    alice.page.get_by_role("link", name="Back to inbox").click()
    expect(alice.row("Bob")).to_be_visible()
    expect(alice.box).to_be_hidden()
    alice.row("Bob").click()
    expect(alice.box).to_be_visible()
    expect(alice.page.get_by_role("heading", name="Inbox")).to_be_hidden()
    alice.page.get_by_role("link", name="Details").click()
    expect(alice.page.get_by_role("heading", name="Who can read this")).to_be_visible()
    for path in ("/", "/people", "/search", "/networks", "/settings", "/conversations/new"):
        alice.goes_to(path)
        assert alice.page.evaluate("document.documentElement.scrollWidth") <= width, path
