"""The websocket of a tab: what it hears, and when it is too slow. Who gets in is told in tests/security."""

import asyncio
import json
from collections.abc import Callable, Iterator
from typing import Any

from starlette.testclient import WebSocketTestSession

from tests.browser import Browser
from tests.pages.test_inbox import start
from tests.security.test_websocket_door import line
from webapp.changes import ConversationChanged, SettingsChanged
from webapp.hub import Hub
from webapp.live.door import Visitor
from webapp.live.tabs import EVERYTHING, MOST_TABS_EACH, Tabs, View
from webapp.live.watcher import MOST_WAITING, TRY_AGAIN_LATER, Watcher
from webapp.messaging.send import send_text
from webapp.models import User
from webapp.pages.house import House

Browsers = Callable[[User | None], Browser]


def frames(socket: WebSocketTestSession) -> Iterator[str]:
    """What is pushed, without the signs of life."""
    while True:
        text = socket.receive_text()
        if not text.startswith("{"):
            yield text


def test_a_message_comes_as_a_fragment_to_the_tab_that_looks(
    house: House, alice: User, bob: User, browser: Browsers
) -> None:
    hers = browser(alice)
    conversation = start(house, hers, alice, "Bob")
    page = hers.page(f"/conversations/{conversation}")
    tab = json.loads(page.body["hx-headers:inherited"])["HX-Tab"]
    with line(hers, tab=tab) as socket:
        assert "version" in json.loads(socket.receive_text())
        house.database.write(send_text, alice.id, conversation, "Soup?", "")
        frame = next(text for text in frames(socket) if "Soup?" in text and "article" in text)
        assert f'hx-target="#messages-{conversation}" hx-swap="place"' in frame
        assert f'id="row-{conversation}"' in frame


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
        watcher = Watcher(SlowSocket(), visitor, Tabs(), "t")  # type: ignore[arg-type]  # as slow as it gets
        for number in range(MOST_WAITING + 1):
            watcher.hear(ConversationChanged(1, number))
        await asyncio.sleep(0)
        return watcher.code

    assert asyncio.run(overflow()) == TRY_AGAIN_LATER


def test_tabs_that_were_forgotten_take_no_room() -> None:
    tabs = Tabs()
    view = View(1, None, "", EVERYTHING)  # type: ignore[arg-type]  # nobody reads it
    for number in range(MOST_TABS_EACH + 10):
        tabs.looks_at(str(number), view)
    assert tabs.view_of(1, "0") is None
    assert tabs.view_of(1, str(MOST_TABS_EACH + 9)) is view
    assert tabs.view_of(2, str(MOST_TABS_EACH + 9)) is None
