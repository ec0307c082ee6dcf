"""What measurements of accounts that come back all at once share: a loop that wants its turn, and patience."""

import asyncio
import resource
import threading
import time
from collections.abc import Sequence
from pathlib import Path

from sqlmodel import func, select

from tests.rows import Rows
from webapp.messaging.accounts import count_states, resume
from webapp.models import AccountState, Message

TICK = 0.002
PATIENCE = 120.0


class Turns:
    """A loop that wants its turn every two milliseconds, and notes by how many it was late."""

    def __init__(self) -> None:
        self.late: list[float] = []
        self._stopped = False
        self._thread = threading.Thread(target=lambda: asyncio.run(self._tick()), daemon=True)

    def __enter__(self) -> "Turns":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stopped = True
        self._thread.join()

    async def _tick(self) -> None:
        while not self._stopped:
            start = time.perf_counter()
            await asyncio.sleep(TICK)
            self.late.append((time.perf_counter() - start - TICK) * 1000)


def come_back(rows: Rows, accounts: Sequence[tuple[int, int]], messages: int) -> tuple[list[float], float]:
    """Resume these (user, account) at once. Milliseconds by which turns were late until there are ``messages`` more,
    and the seconds that took."""
    online, stored = _online(rows), _stored(rows)
    with Turns() as turns:
        start = time.perf_counter()
        for user, account in accounts:
            rows.database.write(resume, user, account)
        until_online(rows, online + len(accounts))
        until_stored(rows, stored + messages)
        seconds = time.perf_counter() - start
    return turns.late, seconds


def until_online(rows: Rows, count: int) -> None:
    """Wait until so many accounts are online."""
    ends = time.monotonic() + PATIENCE
    while _online(rows) < count:
        assert time.monotonic() < ends, "not all accounts came online"
        time.sleep(0.1)


def until_stored(rows: Rows, count: int) -> None:
    """Wait until there are so many messages."""
    ends = time.monotonic() + PATIENCE
    while _stored(rows) < count:
        assert time.monotonic() < ends, "not everything was caught up with"
        time.sleep(0.1)


def resident_mb() -> float:
    """Memory of this process, in MB."""
    with Path("/proc/self/statm").open() as file:
        return int(file.read().split()[1]) * resource.getpagesize() / 1e6


def _online(rows: Rows) -> int:
    return rows.database.read(count_states).get(AccountState.ONLINE, 0)


def _stored(rows: Rows) -> int:
    return rows.database.read(lambda db: db.exec(select(func.count()).select_from(Message)).one())
