"""Tabs are closed when their sign-in ends, wherever that was done: at the shell, in another process, by old age.

What ends in this process is announced and closes its tabs at once. For the rest the rows are asked twice a second
while any tab is open, however many there are, so that nobody listens two seconds longer than allowed (A11).
"""

import asyncio
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import structlog

from webapp.changes import SignInEnded
from webapp.database import Database
from webapp.hub import Hub
from webapp.live.door import Visitor
from webapp.messaging.sign_ins import good_sign_ins

log = structlog.get_logger()

LOOK_SECONDS = 0.5


class Guard:
    """Knows whose tabs are open, and ends those that may not be."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._open: Counter[tuple[int, int]] = Counter()

    @contextmanager
    def watching(self, visitor: Visitor) -> Iterator[None]:
        """A tab of this visitor is open as long as the block runs."""
        key = visitor.user_id, visitor.sign_in_id
        with self._lock:
            self._open[key] += 1
        try:
            yield
        finally:
            with self._lock:
                self._open[key] -= 1
                self._open += Counter()  # forgets those that have none any more

    async def run(self, database: Database, hub: Hub) -> None:
        """Look again and again, until cancelled."""
        while True:
            await asyncio.sleep(LOOK_SECONDS)
            with self._lock:
                listening = list(self._open)
            try:
                if listening:
                    good = await database.from_database(good_sign_ins)
                    hub.announce(SignInEnded(user, one) for user, one in listening if one not in good)
            except Exception:  # a guard that is frightened off guards nothing
                log.exception("could not look whether the sign-ins of open tabs are still good")


def guard_of(app: Any) -> Guard:
    """The guard of a running app (``websocket.app``), made with the first question."""
    if not hasattr(app.state, "guard"):
        app.state.guard = Guard()
    guard: Guard = app.state.guard
    return guard
