"""Pages that everybody can use: axe finds nothing, in light and dark."""

from collections.abc import Callable
from pathlib import Path

import axe_playwright_python
import pytest
from playwright.sync_api import Page, expect

from tests.journeys.people import Person
from tests.journeys.stage import Stage

People = Callable[..., Person]
AXE = (Path(axe_playwright_python.__file__).parent / "axe.min.js").read_text("utf-8")
PATHS = ("/", "/conversations/new", "/people", "/search?q=o", "/networks", "/networks/add/xmpp", "/settings", "/admin")


def violations(page: Page) -> list[str]:
    """What axe has to say about this page."""
    page.evaluate(AXE)
    found = page.evaluate("axe.run(document)")["violations"]
    return [f"{one['id']}: {one['help']}: {node['html'][:200]}" for one in found for node in one["nodes"]]


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_on_any_page(house: Stage, person: People, scheme: str) -> None:
    alice = person("Alice", color_scheme=scheme).signs_in()
    alice.starts_with("Bob")
    alice.says("Hello https://a.example/ and *more*")
    alice.sees("Hello")
    found = {"conversation": violations(alice.page)}
    alice.page.get_by_role("link", name="Details").click()
    found["details"] = violations(alice.page)
    for path in PATHS:
        alice.goes_to(path)
        found[path] = violations(alice.page)
    alice.goes_to("/people")
    alice.page.get_by_role("link", name="Bob").click()
    expect(alice.page.get_by_role("heading", name="Conversations you share")).to_be_visible()
    found["somebody"] = violations(alice.page)
    stranger = person("Nobody", color_scheme=scheme)
    stranger.goes_to("/sign-in")
    found["/sign-in"] = violations(stranger.page)
    assert {path: said for path, said in found.items() if said} == {}


def test_axe_finds_nothing_at_the_door_of_an_empty_house(program: Stage, person: People) -> None:
    stranger = person("Nobody")
    stranger.goes_to("/setup")
    assert violations(stranger.page) == []


def test_axe_finds_nothing_on_a_phone(house: Stage, person: People) -> None:
    alice = person("Alice", viewport={"width": 390, "height": 780}, has_touch=True).signs_in()
    assert violations(alice.page) == []
    alice.starts_with("Bob")
    assert violations(alice.page) == []
