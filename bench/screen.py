"""What a page weighs on the wire, how soon it is painted, how long a switch takes."""

import statistics

from playwright.sync_api import BrowserContext, Page

from bench.figures import Figure, spread
from bench.seed import fill
from bench.stage import Stage, stage

CONVERSATIONS = 200
REPEAT = 8
SWITCHES = 30
PAINTED = """() => new Promise((done) => {
  const found = performance.getEntriesByName('first-contentful-paint')[0];
  if (found) { done(found.startTime); return; }
  new PerformanceObserver((list, observer) => {
    const entry = list.getEntriesByName('first-contentful-paint')[0];
    if (entry) { observer.disconnect(); done(entry.startTime); }
  }).observe({type: 'paint', buffered: true});
})"""
# Milliseconds from the click until the other conversation has its messages and two frames were drawn.
SWITCH = """(id) => new Promise((done) => {
  const link = document.querySelector(`[data-conversation="${id}"]`);
  const start = performance.now();
  const look = () => {
    const log = document.querySelector(`#messages-${id}`);
    if (log && log.querySelectorAll('[data-message]').length >= 50) {
      watcher.disconnect();
      requestAnimationFrame(() => requestAnimationFrame(() => done(performance.now() - start)));
    }
  };
  const watcher = new MutationObserver(look);
  watcher.observe(document.body, {childList: true, subtree: true});
  (link.matches('a') ? link : link.querySelector('a')).click();
})"""


def measure() -> list[Figure]:
    """An account with 200 conversations of 50 messages each."""
    with stage() as made:
        _fill(made)
        cold, warm, painted = _loads(made)
        context = made.window()
        switches = _switches(made, context)
        context.close()
    return [
        Figure("first load on the wire, cold", statistics.median(cold), "KB", 60),
        Figure("first load on the wire, warm", statistics.median(warm), "KB"),
        *spread("list painted, cold, 200 conversations", painted, "ms", p50=300),
        *spread("switch to a conversation of 50 messages", switches, "ms", p50=60),
    ]


def _fill(made: Stage) -> None:
    import sqlite3

    path = made.program.data_dir / "hausbote.sqlite"
    with sqlite3.connect(path) as db:
        user, account = db.execute("SELECT user_id, id FROM account WHERE network = 'xmpp'").fetchone()
    fill(path, user, account, CONVERSATIONS, CONVERSATIONS * 60)


def _loads(made: Stage) -> tuple[list[float], list[float], list[float]]:
    cold, warm, painted = [], [], []
    for _ in range(REPEAT):
        context = made.window()
        context.new_cdp_session(context.new_page()).send("Network.clearBrowserCache")
        page = context.new_page()
        weight = _weigh(page)
        page.goto(made.url, wait_until="load")
        painted.append(page.evaluate(PAINTED))
        page.wait_for_timeout(500)
        cold.append(sum(weight) / 1000)
        weight.clear()
        page.goto(made.url, wait_until="load")
        page.wait_for_timeout(500)
        warm.append(sum(weight) / 1000)
        context.close()
    return cold, warm, painted


def _weigh(page: Page) -> list[float]:
    """Bytes on the wire, as they come."""
    session = page.context.new_cdp_session(page)
    session.send("Network.enable")
    weights: list[float] = []
    session.on("Network.loadingFinished", lambda event: weights.append(event["encodedDataLength"]))
    return weights


def _switches(made: Stage, context: BrowserContext) -> list[float]:
    page = context.new_page()
    page.goto(made.url)
    page.locator("[data-conversation]").first.wait_for()
    page.wait_for_timeout(1000)
    ids = page.eval_on_selector_all("[data-conversation]", "rows => rows.map(row => row.dataset.conversation)")
    friends = [key for key in ids if page.locator(f"[data-conversation='{key}']", has_text="Friend").count()]
    return [page.evaluate(SWITCH, key) for key in friends[:SWITCHES]]
