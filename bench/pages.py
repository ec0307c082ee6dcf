"""What a page costs the server: inbox, conversation, page back, in a small house and in a large one."""

import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import event
from starlette.testclient import TestClient

from bench.figures import Figure, spread, timed
from bench.seed import fill
from tests.browser import Browser
from webapp.app import create_app
from webapp.messaging.audit import COMMAND_LINE
from webapp.messaging.users import add_user
from webapp.models import Role
from webapp.pages.house import House
from webapp.passwords import hash_password
from webapp.sessions.keeper import LoggedIn
from webapp.settings import Settings

REPEAT = 60
SIZES = ((100, 10_000), (10_000, 1_000_000))
"""(conversations, messages in all)"""


def measure() -> list[Figure]:
    """Both houses, and how the large one compares."""
    small, large = (_measure(conversations, messages) for conversations, messages in SIZES)
    ratio = large[0].value / small[0].value
    return [*small, *large, Figure("inbox first page, large beside small", ratio, "times", 1.5)]


def _measure(conversations: int, messages: int) -> list[Figure]:
    with _house(conversations, messages) as (browser, house, middle):
        name = f"{conversations:,} conversations, {messages:,} messages: "
        paths = {
            "inbox first page": ("/", 30.0),
            "open conversation": (f"/conversations/{middle}", None),
            "page back": (f"/conversations/{middle}/older?before={_oldest(browser, middle)}", None),
        }
        figures: list[Figure] = []
        for what, (path, goal) in paths.items():
            figures += spread(name + what, timed(REPEAT, lambda path=path: _get(browser, path)), "ms", p95=goal)
            figures.append(Figure(name + what + ", queries", _queries(house, browser, path), ""))
        return figures


def _oldest(browser: Browser, conversation: int) -> str:
    """Where the conversation's first page begins, as its way to older messages says."""
    field = browser.page(f"/conversations/{conversation}").select_one("#older input[name=before]")
    assert field is not None
    return str(field["value"])


def _get(browser: Browser, path: str) -> None:
    browser.get(path, headers={"HX-Request": "true"} if "older" in path else {}).raise_for_status()


def _queries(house: House, browser: Browser, path: str) -> int:
    """How many statements a page sends to the database."""
    statements: list[str] = []

    def count(_connection: object, _cursor: object, statement: str, *_rest: object) -> None:
        if not statement.startswith(("BEGIN", "PRAGMA")):
            statements.append(statement)

    event.listen(house.database.engine, "before_cursor_execute", count)
    try:
        _get(browser, path)
    finally:
        event.remove(house.database.engine, "before_cursor_execute", count)
    return len(statements)


@contextmanager
def _house(conversations: int, messages: int) -> Iterator[tuple[Browser, House, int]]:
    with tempfile.TemporaryDirectory(prefix="hausbote-bench-") as name:
        folder = Path(name)
        settings = Settings(
            _env_file=None,
            data_dir=folder / "data",
            key_file=folder / "key" / "master.key",
            public_url="https://house.example",
        )
        app = create_app(settings)
        with TestClient(app, base_url=settings.public_url):
            house: House = app.state.house
            secret = hash_password("four otters borrow a lamp")
            alice = house.database.write(add_user, house.vault, "Alice", secret, Role.ADMINISTRATOR, COMMAND_LINE)
            account = _toy_account(house, alice.id)
            time.sleep(2)  # it comes online; nobody else writes while the house is filled
            keys = fill(settings.data_dir / "hausbote.sqlite", alice.id, account, conversations, messages)
            yield Browser(app, alice), house, keys[len(keys) // 2]


def _toy_account(house: House, user_id: int) -> int:
    login, _ = house.keeper.start_login(user_id, "toy")
    house.keeper.submit_login(user_id, login, {"address": "bench", "password": "bench"})
    done = house.keeper.submit_login(user_id, login, {})
    assert isinstance(done, LoggedIn)
    return done.account_id
