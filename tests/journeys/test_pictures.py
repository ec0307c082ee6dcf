"""Pictures of the running program, for the README and for looking at."""

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.journeys.people import Person
from tests.journeys.stage import Stage

People = Callable[..., Person]

SIZES = {"phone": (390, 844), "tablet": (768, 1024), "desktop": (1280, 800), "wide": (1920, 1080)}


def test_pictures_of_a_day_in_the_house(
    house: Stage, person: People, pytestconfig: pytest.Config, tmp_path: Path
) -> None:
    folder = Path(pytestconfig.getoption("--pictures", None) or tmp_path)
    folder.mkdir(parents=True, exist_ok=True)
    alice, bob = person("Alice").signs_in(), person("Bob").signs_in()
    alice.starts_with("Bob")
    alice.says("I found the recipe! It was in the blue tin after all.")
    bob.opens("Alice")
    bob.says("The one with the plums?")
    bob.sees("The one with the plums?")
    bob.says("Shall I bring anything on Sunday? https://market.example/plums")
    alice.sees("Shall I bring")
    alice.says("Two kilos, and let them drain on a cloth first. My mother never wrote that down.")
    bob.sees("Two kilos")
    bob.opens("Family")
    bob.says("Who is fetching Oma on Sunday?")
    alice.row("Family").get_by_text("unread").wait_for()
    for scheme in ("light", "dark"):
        alice.page.emulate_media(color_scheme=scheme)
        for name, (width, height) in SIZES.items():
            alice.page.set_viewport_size({"width": width, "height": height})
            alice.page.screenshot(path=folder / f"conversation-{name}-{scheme}.png")
    alice.page.set_viewport_size({"width": 390, "height": 844})
    alice.goes_to("/")
    alice.page.screenshot(path=folder / "inbox-phone-dark.png")
    assert len(list(folder.glob("*.png"))) >= 2 * len(SIZES) + 1
