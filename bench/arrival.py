"""From the other side's keyboard into the page: beside a plain client, many at once, and after a cut."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from uuid import uuid4

from playwright.sync_api import Page

from bench.figures import Figure, spread
from bench.stage import Stage, open_talk, stage

SINGLE = 200
BURST = 500
MISSED = 20
CUT_SECONDS = 10.0

# Notes when each text was put into the log, in milliseconds since 1970.
WATCH = """() => {
  window.seen = {};
  const note = () => {
    const now = performance.timeOrigin + performance.now();
    for (const element of document.querySelectorAll('[role=log] .message__text')) {
      const text = element.textContent.trim();
      if (!(text in window.seen)) window.seen[text] = now;
    }
  };
  note();
  new MutationObserver(note).observe(document.querySelector('[role=log]'), {childList: true, subtree: true});
}"""


def measure() -> list[Figure]:
    """Everything about arriving messages. Only for the cut something stands between browser and server."""
    with watching() as (made, page):
        figures = [*_single(made, page), *_own(page), *_burst(made, page)]
    with watching(through_line=True) as (made, page):
        return figures + _after_a_cut(made, page)


@contextmanager
def watching(*, through_line: bool = False) -> Iterator[tuple[Stage, Page]]:
    """A stage, and a tab that notes when each text comes."""
    with stage(through_line=through_line) as made:
        context = made.window()
        page = open_talk(made, context)
        page.evaluate(WATCH)
        yield made, page
        context.close()


def _single(made: Stage, page: Page) -> list[Figure]:
    """200 messages, one at a time: into the page, and into a plain client of the same account."""
    offset = time.time() - time.perf_counter()
    texts = [f"single {n} {uuid4().hex[:6]}" for n in range(SINGLE)]
    cpu = made.cpu_seconds()
    sent: dict[str, float] = {}
    for text in texts:
        sent[text] = time.time()
        made.background.do(made.bob.say, made.address, text)
        time.sleep(0.06)
    seen = _wait_for(page, texts)
    cpu = made.cpu_seconds() - cpu
    raw = {text: made.raw.arrived_at[text] + offset for text in texts}
    into_page = [seen[text] - sent[text] * 1000 for text in texts]
    beside = [seen[text] - raw[text] * 1000 for text in texts]
    return [
        *spread("other side sends until in the page", into_page, "ms"),
        *spread("page minus plain client", beside, "ms", p50=10, p99=40),
        Figure("processor time for 1,000 messages, one at a time", cpu * 1000 / SINGLE, "s", 1.0),
    ]


def _own(page: Page) -> list[Figure]:
    """Enter is pressed until the bubble is there."""
    taken = []
    box = page.get_by_role("textbox", name="Message")
    for n in range(40):
        text = f"own {n} {uuid4().hex[:6]}"
        box.fill(text)
        page.evaluate("() => { window.pressed = performance.timeOrigin + performance.now(); }")
        box.press("Enter")
        seen = _wait_for(page, [text])
        taken.append(seen[text] - page.evaluate("() => window.pressed"))
    return spread("sent until the bubble is there", taken, "ms")


def _burst(made: Stage, page: Page) -> list[Figure]:
    """500 messages at once until all are in the page, and what they cost."""
    texts = [f"burst {n} {uuid4().hex[:6]}" for n in range(BURST)]
    cpu = made.cpu_seconds()
    start = time.time()

    def say_all() -> None:
        for text in texts:
            made.bob.say(made.address, text)

    made.background.do(say_all)
    seen = _wait_for(page, texts)
    cpu = made.cpu_seconds() - cpu
    return [
        Figure("500 at once, all in the page", max(seen.values()) / 1000 - start, "s", 2.0),
        Figure("processor time for 1,000 messages, at once", cpu * 1000 / BURST, "s", 1.0),
    ]


def _after_a_cut(made: Stage, page: Page) -> list[Figure]:
    """The browser's line is cut for ten seconds; what it missed is there how long after it is back?"""
    assert made.line is not None
    made.line.cut()
    texts = [f"missed {n} {uuid4().hex[:6]}" for n in range(MISSED)]
    time.sleep(CUT_SECONDS / 2)
    for text in texts:
        made.background.do(made.bob.say, made.address, text)
    time.sleep(CUT_SECONDS / 2)
    back = time.time()
    made.line.mend()
    seen = _wait_for(page, texts)
    return [Figure("20 missed in a cut of 10 s, visible after", max(seen.values()) / 1000 - back, "s", 1.0)]


def _wait_for(page: Page, texts: list[str], seconds: float = 60) -> dict[str, float]:
    """When each text came into the page, in milliseconds since 1970."""
    ends = time.monotonic() + seconds
    while True:
        seen: dict[str, float] = page.evaluate("() => window.seen")
        if all(text in seen for text in texts):
            return {text: seen[text] for text in texts}
        assert time.monotonic() < ends, f"{sum(text not in seen for text in texts)} never came into the page"
        time.sleep(0.02)
