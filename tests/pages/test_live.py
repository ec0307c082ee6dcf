"""The websocket of a tab: what it hears, and when it is too slow. Who gets in is told in tests/security."""

import asyncio
import json
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from bs4 import BeautifulSoup
from starlette.testclient import WebSocketTestSession

from tests.browser import Browser
from tests.pages.test_inbox import start
from tests.security.test_websocket_door import line
from webapp.changes import ConversationChanged, SettingsChanged
from webapp.hub import Hub
from webapp.live import watcher
from webapp.live.door import Visitor
from webapp.live.tabs import EVERYTHING, MOST_TABS_EACH, Tabs, View, tabs_of
from webapp.live.watcher import MOST_WAITING, TRY_AGAIN_LATER, Watcher
from webapp.messaging.send import send_text
from webapp.models import User
from webapp.pages.house import House

pytestmark = pytest.mark.process  # together they take seconds

Browsers = Callable[[User | None], Browser]


def frames(socket: WebSocketTestSession) -> Iterator[str]:
    """What is pushed, without the signs of life."""
    while True:
        text = socket.receive_text()
        if not text.startswith("{"):
            yield text


@contextmanager
def looking_at(browser: Browser, conversation: int) -> Iterator[WebSocketTestSession]:
    """The live line of a tab of theirs that shows this conversation."""
    page = browser.page(f"/conversations/{conversation}")
    with line(browser, tab=json.loads(page.body["hx-headers:inherited"])["HX-Tab"]) as socket:
        assert "version" in json.loads(socket.receive_text())
        yield socket


def test_a_message_comes_as_a_fragment_to_the_tab_that_looks(
    house: House, alice: User, bob: User, browser: Browsers
) -> None:
    hers = browser(alice)
    conversation = start(house, hers, alice, "Bob")
    with looking_at(hers, conversation) as socket:
        house.database.write(send_text, alice.id, conversation, "Soup?", "")
        pushed = frames(socket)
        first = next(text for text in pushed if "Soup?" in text)
        assert f'hx-target="#messages-{conversation}" hx-swap="place"' in first
        assert f'id="row-{conversation}"' not in first
        row = next(text for text in pushed if f'id="row-{conversation}"' in text)
        assert "Soup?" in row


def test_what_is_read_at_once_never_stands_as_unread_in_the_list(
    house: House, alice: User, bob: User, browser: Browsers, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(watcher, "LIST_SECONDS", 3.0)
    hers, his = browser(alice), browser(bob)
    conversation, at_bobs = start(house, hers, alice, "Bob"), start(house, his, bob, "Alice")
    with looking_at(hers, conversation) as socket:
        house.database.write(send_text, bob.id, at_bobs, "Soup?", "")
        pushed = frames(socket)
        message = BeautifulSoup(next(text for text in pushed if "Soup?" in text), "html.parser").article["data-message"]
        assert hers.submit(f"/conversations/{conversation}/read", {"message": message}).status_code == 303
        row = next(text for text in pushed if f'id="row-{conversation}"' in text)
        assert "Soup?" in row
        assert "unread" not in row.partition("</li>")[0]


def test_the_list_does_not_wait_with_what_happens_elsewhere(
    house: House, alice: User, bob: User, carol: User, browser: Browsers, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(watcher, "LIST_SECONDS", 1000.0)
    hers = browser(alice)
    bobs, carols = start(house, hers, alice, "Bob"), start(house, hers, alice, "Carol")
    with looking_at(hers, bobs) as socket:
        house.database.write(send_text, alice.id, bobs, "Soup?", "")
        pushed = frames(socket)
        assert any("Soup?" in text for text in pushed)
        house.database.write(send_text, alice.id, carols, "Bread?", "")
        row = next(text for text in pushed if f'id="row-{carols}"' in text)
        assert "Bread?" in row


def test_nobody_hears_of_somebody_elses_conversations(house: House, alice: User, bob: User, browser: Browsers) -> None:
    hers, his = browser(alice), browser(bob)
    conversation = start(house, hers, alice, "Bob")
    tab = json.loads(hers.page(f"/conversations/{conversation}").body["hx-headers:inherited"])["HX-Tab"]
    with line(his, tab=tab) as socket:
        socket.receive_text()
        house.hub.announce([ConversationChanged(alice.id, conversation), SettingsChanged(bob.id)])
        assert json.loads(socket.receive_text()) == {"reload": True}


class SlowSocket:
    """A line that never takes anything."""

    async def send_text(self, _text: str) -> None:
        await asyncio.sleep(3600)


def test_a_line_that_is_too_slow_is_closed_and_asked_back() -> None:
    async def overflow() -> int:
        visitor = Visitor(1, 1, Any, Hub())  # type: ignore[arg-type]  # nothing is read
        slow = Watcher(SlowSocket(), visitor, Tabs(), "t")  # type: ignore[arg-type]  # as slow as it gets
        for number in range(MOST_WAITING + 1):
            slow.hear([ConversationChanged(1, number)])
        await asyncio.sleep(0)
        return slow.code

    assert asyncio.run(overflow()) == TRY_AGAIN_LATER


def test_a_tab_that_was_forgotten_keeps_nobody_busy(
    house: House, alice: User, bob: User, browser: Browsers, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(watcher, "LIST_SECONDS", 0.05)
    hers = browser(alice)
    conversation = start(house, hers, alice, "Bob")
    tabs = tabs_of(hers.app)
    with looking_at(hers, conversation) as socket:
        asked = []
        house.database.write(send_text, alice.id, conversation, "Soup?", "")
        assert any("Soup?" in text for text in frames(socket))
        monkeypatch.setattr(tabs, "view_of", lambda *_: asked.append(1))
        time.sleep(0.5)
    assert len(asked) < 20


def test_tabs_that_were_forgotten_take_no_room() -> None:
    tabs = Tabs()
    view = View(1, None, "", EVERYTHING)  # type: ignore[arg-type]  # nobody reads it
    for number in range(MOST_TABS_EACH + 10):
        tabs.looks_at(str(number), view)
    assert tabs.view_of(1, "0") is None
    assert tabs.view_of(1, str(MOST_TABS_EACH + 9)) is view
    assert tabs.view_of(2, str(MOST_TABS_EACH + 9)) is None
