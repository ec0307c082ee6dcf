"""R13: the line between browser and house is cut a hundred times. In the end the page shows what the house has."""

import random
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Browser, Page

from tests.delivery.scene import PASSWORD
from tests.line import Line
from tests.program import Program
from tests.visitor import Visitor

CUTS = 100

pytestmark = [pytest.mark.browser, pytest.mark.timeout(400)]


@pytest.fixture
def line(tmp_path: Path) -> Iterator[Line]:
    """A house whose people all come by a line that can be cut."""
    with Line() as made:
        program = Program(tmp_path / "house", HAUSBOTE_PUBLIC_URL=f"http://localhost:{made.port}")
        made.target = program.port
        program.start()
        try:
            yield made
        finally:
            program.stop()


@pytest.fixture
def page(chromium: Browser) -> Iterator[Page]:
    context = chromium.new_context()
    yield context.new_page()
    context.close()


def test_after_a_hundred_cuts_the_page_shows_what_the_house_has(line: Line, page: Page) -> None:
    url = line.url
    with Visitor(url) as alice:
        alice.set_up("Alice", PASSWORD)
        family = alice.conversation_called("Family")
        page.goto(f"{url}/sign-in")
        page.get_by_label("User name").fill("Alice")
        page.get_by_label("Password").fill(PASSWORD)
        page.get_by_role("button", name="Sign in").click()
        page.goto(f"{url}/conversations/{family}")
        page.get_by_role("log", name="Messages").wait_for()
        token = str(alice.page(f"/conversations/{family}").select_one("input[name=csrf_token]")["value"])
        for number in range(CUTS):
            _post_three_times(alice, family, token, number)
            line.snap()
            time.sleep(random.uniform(0.05, 0.4))
        wanted = [f"said {number}" for number in range(CUTS)]
        texts = page.locator("[role=log] .message__text")
        ends = time.monotonic() + 30
        while texts.all_inner_texts()[-CUTS:] != wanted and time.monotonic() < ends:
            page.wait_for_timeout(200)
        assert [text for text in texts.all_inner_texts() if text.startswith("said")] == wanted


def _post_three_times(alice: Visitor, conversation: int, token: str, number: int) -> None:
    """A triple click: three posts with one key, as fast as they go."""
    data = {"body": f"said {number}", "key": f"00000000-0000-4000-8000-{number:012d}", "csrf_token": token}
    for _ in range(3):
        for attempt in range(20):
            try:
                alice.http.post(f"/conversations/{conversation}/messages", data=data, follow_redirects=False)
                break
            except httpx.HTTPError:  # the line was cut under it
                assert attempt < 19
                time.sleep(0.05)
