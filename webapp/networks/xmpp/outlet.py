"""Where everything that happened waits, in order, until it is taken as batches.

What is there already goes together: five hundred messages at once must not become five hundred transactions.
"""

import asyncio
from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from webapp.networks.events import Batch, Event, Origin
from webapp.networks.xmpp.checkpoint import Checkpoint, Position

MOST_TOGETHER = 500
"""Events of one batch; a page of an archive stays whole."""
ROOM_LEFT = 1000
"""Entries above which whoever reads archives waits."""


@dataclass(frozen=True)
class Entry:
    """Events that belong together, how far we are after them, and what to do once they are stored."""

    events: tuple[Event, ...]
    origin: Origin
    archive: str | None = None
    position: Position | None = None
    afterwards: Callable[[], None] | None = None


class Outlet:
    """A queue of entries."""

    def __init__(self, checkpoint: Checkpoint) -> None:
        self.checkpoint = checkpoint
        self._entries: deque[Entry] = deque()
        self._something = asyncio.Event()
        self._over = False
        self._space = asyncio.Event()
        self._space.set()

    def put(
        self,
        events: Iterable[Event],
        origin: Origin = Origin.LIVE,
        *,
        archive: str | None = None,
        position: Position | None = None,
        afterwards: Callable[[], None] | None = None,
    ) -> None:
        """Add an entry; one without events counts when it moves a position."""
        entry = Entry(tuple(events), origin, archive, position, afterwards)
        if entry.events or entry.archive is not None:
            self._entries.append(entry)
            self._something.set()
            if len(self._entries) >= ROOM_LEFT:
                self._space.clear()

    async def space(self) -> None:
        """Wait until the taker has caught up."""
        await self._space.wait()

    async def something(self) -> None:
        await self._something.wait()

    def wake(self) -> None:
        """Let the taker look, even if nothing is there: it is over."""
        self._over = True
        self._something.set()
        self._space.set()

    def __bool__(self) -> bool:
        return bool(self._entries)

    def take(self) -> tuple[Batch, list[Callable[[], None]]]:
        """The next batch, and what to do once it is stored. Only when there is something."""
        taken = [self._entries.popleft()]
        size = len(taken[0].events)
        while self._entries and self._entries[0].origin == taken[0].origin and size < MOST_TOGETHER:
            taken.append(self._entries.popleft())
            size += len(taken[-1].events)
        self._mind_the_signals()
        moved = [entry for entry in taken if entry.archive is not None]
        for entry in moved:
            self.checkpoint.move(entry.archive or "", entry.position)
        events = tuple(event for entry in taken for event in entry.events)
        batch = Batch(events, taken[0].origin, self.checkpoint.to_bytes() if moved else None)
        return batch, [entry.afterwards for entry in taken if entry.afterwards]

    def _mind_the_signals(self) -> None:
        if not self._entries and not self._over:
            self._something.clear()
        if len(self._entries) < ROOM_LEFT:
            self._space.set()
