"""What waits in an account's outbox, carried out: one at a time in each conversation, oldest first (D2)."""

import asyncio
from collections.abc import Callable, Sequence
from typing import TypeVar

from webapp.changes import Announcement
from webapp.database import Database
from webapp.hub import Hub, Listener
from webapp.messaging import settle
from webapp.messaging.errors import LeaseLost
from webapp.models.outbox import OutboxKind
from webapp.networks.actions import Done, SendText
from webapp.networks.contract import Sent, Session
from webapp.networks.errors import Refused, SignedOut, Unreachable
from webapp.sessions.backoff import Backoff

T = TypeVar("T")

READING_SECONDS = 0.5
"""Whoever reads along in a lively group tells the network twice a second, not with every message."""


class Outflow:
    """The way out of one account, while its session is open."""

    def __init__(self, database: Database, hub: Hub, account_id: int, epoch: int) -> None:
        self._database = database
        self._hub = hub
        self._account_id = account_id
        self._epoch = epoch
        self._wake = asyncio.Event()
        self._busy: dict[tuple[int, OutboxKind], asyncio.Task[None]] = {}

    async def run(self, session: Session) -> None:
        """Carry out what is due until cancelled. Raises SignedOut or LeaseLost."""
        loop = asyncio.get_running_loop()
        stop = self._hub.listen(("account", self._account_id), self._wake_from(loop))
        try:
            while True:
                self._wake.clear()
                self._raise_what_failed()
                for due in await self._database.from_database(settle.due_entries, self._account_id):
                    if (due.conversation_id, due.kind) not in self._busy:
                        self._start(session, due)
                await self._wake.wait()
        finally:
            stop()
            for task in self._busy.values():
                task.cancel()
            await asyncio.gather(*self._busy.values(), return_exceptions=True)

    def _wake_from(self, loop: asyncio.AbstractEventLoop) -> Listener:
        def wake(_changes: Sequence[Announcement]) -> None:
            loop.call_soon_threadsafe(self._wake.set)

        return wake

    def _start(self, session: Session, due: settle.Due) -> None:
        task = asyncio.create_task(self._carry_out(session, due))
        self._busy[due.conversation_id, due.kind] = task
        task.add_done_callback(lambda _: self._wake.set())

    def _raise_what_failed(self) -> None:
        for key, task in list(self._busy.items()):
            if task.done():
                del self._busy[key]
                task.result()

    async def _carry_out(self, session: Session, due: settle.Due) -> None:
        """One entry, from beginning to outcome; what cannot be reached now is tried again after a while."""
        backoff, entry_id = Backoff(), due.entry_id
        if due.kind == OutboxKind.MARK_READ:
            await asyncio.sleep(READING_SECONDS)
        while True:
            begun = await self._write(settle.begin, entry_id)
            if begun is None:
                return
            try:
                await self._try(session, begun)
            except Unreachable as trouble:
                await self._write(settle.postpone, entry_id)
                await asyncio.sleep(backoff.next(trouble.retry_after))
            except Refused as trouble:
                await self._write(settle.settle_failed, entry_id, trouble.reason)
                return
            except (SignedOut, LeaseLost):
                raise
            else:
                return

    async def _try(self, session: Session, begun: settle.Begun) -> None:
        """Ask whether it went out before, then say it (D4). Raises Trouble."""
        if begun.before and isinstance(begun.action, SendText):
            found = await session.already_sent(begun.action)
            if found.sent == Sent.YES:
                await self._write(settle.settle_sent, begun.entry_id, found.done or Done())
                return
            if found.sent == Sent.UNKNOWN:
                await self._write(settle.settle_uncertain, begun.entry_id)
                return
        done = await session.perform(begun.action)
        await self._write(settle.settle_sent, begun.entry_id, done)

    async def _write(self, verb: Callable[..., T], entry_id: int, *args: object) -> T:
        """Run a verb of ``settle`` for this account under its lease."""
        return await self._database.in_database(verb, self._account_id, self._epoch, entry_id, *args)
