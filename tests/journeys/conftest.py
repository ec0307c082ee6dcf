"""A stage with real browsers: the program as a process, Chromium, and people who use it by what they see."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from tests.journeys.people import PATIENCE, Person
from tests.journeys.stage import Stage
from webapp.models import Role

expect.set_options(timeout=PATIENCE)


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--pictures", default=None, help="the folder into which pictures of the program are put")


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    here = Path(__file__).parent
    for item in items:
        if here in item.path.parents:
            item.add_marker(pytest.mark.browser)


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[Stage]:
    """The program, behind a line that can be cut; it does not run yet and nobody lives in it."""
    stage = Stage(tmp_path)
    yield stage
    stage.close()


@pytest.fixture
def program(stage: Stage) -> Stage:
    """The running program; nobody lives in it yet."""
    stage.program.start()
    return stage


@pytest.fixture
def house(stage: Stage) -> Stage:
    """The running program with Alice, who looks after it, and Bob."""
    stage.settle("Alice", Role.ADMINISTRATOR)
    stage.settle("Bob", Role.MEMBER)
    stage.program.start()
    return stage


@pytest.fixture
def person(chromium: Browser, stage: Stage) -> Iterator[Callable[..., Person]]:
    """``person("Alice")`` is a browser of hers, not signed in; a second call is a second browser."""
    people: list[Person] = []

    def make(name: str, **options: object) -> Person:
        people.append(Person(chromium, stage.line.url, name, **options))
        return people[-1]

    yield make
    for one in people:
        one.leave()
