"""One open tab: it hears of changes and gets the fragments that it is missing.

What one is looking at comes at once. The list and its counts follow a moment later: by then most of what came has been
read, so its row is drawn once, and does not blink.

Changes that come while a frame is being drawn or sent wait and become one frame together, so a burst costs little and
a slow line never holds up anybody else. A line that is too slow is closed (1013): the tab comes back and takes a
snapshot, which is cheaper for both.
"""

import asyncio
import json
from collections import deque
from collections.abc import Coroutine, Iterable, Sequence
from typing import Any

import structlog
from fastapi import APIRouter
from starlette.websockets import WebSocket, WebSocketDisconnect, WebSocketState

from webapp.changes import Announcement, Change, SettingsChanged, SignInEnded
from webapp.live.door import Visitor, visitor_of
from webapp.live.fragments import Draw, being_read, frame, lines_frame
from webapp.live.guard import guard_of
from webapp.live.other_pages import page_frame
from webapp.live.tabs import Tabs, View, tabs_of

log = structlog.get_logger()
router = APIRouter()

MOST_WAITING = 5_000
AT_ONCE = 500
SLOWEST_SEND_SECONDS = 10.0
SHARED_SECONDS = 0.2
LIST_SECONDS = 0.25
"""How much later than a message the list beside it may be drawn; the page tells after 0.15 s what has been read."""
BEAT_SECONDS = 5.0
"""A sign of life when nothing happens, so that a tab notices a line that died without a word."""

TRY_AGAIN_LATER = 1013
NOT_ALLOWED = 1008


class Watcher:
    """What one tab still has to hear."""

    def __init__(self, websocket: WebSocket, visitor: Visitor, tabs: Tabs, tab: str) -> None:
        self._websocket = websocket
        self._visitor = visitor
        self._tabs = tabs
        self._tab = tab
        self._loop = asyncio.get_running_loop()
        self._waiting: deque[Change] = deque()
        self._news = asyncio.Event()
        self._later: list[Change] = []
        """What the list still has to hear, and when (in the time of the loop)."""
        self._due = 0.0
        self.code = 1000

    def hear(self, changes: Sequence[Announcement]) -> None:
        """Called by the hub, from any thread."""
        told = [change for change in changes if isinstance(change, Change)]
        self._loop.call_soon_threadsafe(self._note, told)

    def _note(self, changes: list[Change]) -> None:
        if any(isinstance(one, SignInEnded) and one.sign_in_id in (None, self._visitor.sign_in_id) for one in changes):
            self.code = NOT_ALLOWED
        elif len(self._waiting) + len(changes) > MOST_WAITING:
            self.code = TRY_AGAIN_LATER
        else:
            self._waiting.extend(changes)
        self._news.set()

    async def run(self) -> None:
        """Push frames until the tab has to go."""
        while self.code == 1000:
            try:
                await asyncio.wait_for(self._news.wait(), self._patience())
            except TimeoutError:
                await (self._push([]) if self._later else self._send(json.dumps({"beat": True})))
                continue
            self._news.clear()
            while self._waiting and self.code == 1000:
                await self._push([self._waiting.popleft() for _ in range(min(len(self._waiting), AT_ONCE))])

    def _patience(self) -> float:
        """Seconds until something must be sent."""
        return max(0.0, self._due - self._loop.time()) if self._later else BEAT_SECONDS

    async def _push(self, changes: list[Change]) -> None:
        view = self._tabs.view_of(self._visitor.user_id, self._tab)
        # The page of settings is where they are changed: it is on its way to the next page, or holds what is typed.
        if any(isinstance(change, SettingsChanged) for change in changes) and not (view and view.keys):
            await self._send(json.dumps({"reload": True}))
            return
        if view is None:
            self._later.clear()
            return
        seen = being_read(view, changes)
        if seen:
            await self._show(lines_frame, view, seen)
            self._due = self._due if self._later else self._loop.time() + LIST_SECONDS
        self._later += changes
        if not seen or self._loop.time() >= self._due:
            stale, self._later = self._later, []
            await self._show(frame if view.is_of_the_inbox else page_frame, view, stale)

    async def _show(self, draw: Draw, view: View, changes: Iterable[Change]) -> None:
        html = await self._drawn(draw, view, tuple(dict.fromkeys(changes)))
        if html:
            await self._send(html)

    async def _drawn(self, draw: Draw, view: View, changes: tuple[Change, ...]) -> str:
        """The frame for these changes; tabs that look at the same thing at the same time share it."""
        key = (draw, view, changes, self._visitor.hub.version(view.user_id))
        drawing = self._tabs.drawings.get(key)
        if drawing is None:
            drawing = asyncio.ensure_future(self._visitor.database.from_database(draw, view, changes))
            self._tabs.drawings[key] = drawing
            self._loop.call_later(SHARED_SECONDS, self._tabs.drawings.pop, key, None)
        return await asyncio.shield(drawing)

    async def _send(self, text: str) -> None:
        try:
            await asyncio.wait_for(self._websocket.send_text(text), SLOWEST_SEND_SECONDS)
        except TimeoutError:
            self.code = TRY_AGAIN_LATER

    async def greet(self) -> None:
        """Tell the tab how fresh it must be; if it is older, it takes a snapshot."""
        await self._send(json.dumps({"version": self._visitor.hub.version(self._visitor.user_id)}))


@router.websocket("/live")
async def live(websocket: WebSocket, tab: str = "") -> None:
    """The websocket of one tab. It only ever talks to the tab; what the tab sends is read and forgotten."""
    visitor = visitor_of(websocket)
    if visitor is None:
        await websocket.close(NOT_ALLOWED)
        return
    await websocket.accept()
    watcher = Watcher(websocket, visitor, tabs_of(websocket.app), tab[:64])
    stop_listening = visitor.hub.listen(("user", visitor.user_id), watcher.hear)
    try:
        with guard_of(websocket.app).watching(visitor):
            await watcher.greet()
            await _until_first(watcher.run(), _until_closed(websocket))
    except (WebSocketDisconnect, RuntimeError):
        log.debug("a tab went away")
    finally:
        stop_listening()
    if websocket.application_state == websocket.client_state == WebSocketState.CONNECTED:
        await websocket.close(watcher.code)


async def _until_closed(websocket: WebSocket) -> None:
    while (await websocket.receive())["type"] != "websocket.disconnect":
        pass


async def _until_first(*coroutines: Coroutine[Any, Any, None]) -> None:
    """Run these until one of them ends; what it raised is raised."""
    tasks = [asyncio.ensure_future(coroutine) for coroutine in coroutines]
    try:
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        for task in done:
            task.result()
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
