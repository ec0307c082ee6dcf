"""A session that a test follows: everything it yields is kept, as whoever stores it would."""

import asyncio
import contextlib
import time
from collections.abc import Callable
from typing import Self, TypeVar

from webapp.networks.contract import Session
from webapp.networks.errors import Trouble
from webapp.networks.events import Batch, Event, MessageReceived, Origin

PATIENCE = 20.0
E = TypeVar("E", bound=Event)
T = TypeVar("T")


class Following:
    """``async with Following(session, checkpoint) as seen:`` opens it and takes its batches until the end."""

    def __init__(self, session: Session, checkpoint: bytes | None = None) -> None:
        self.session = session
        self.checkpoint = checkpoint
        self.batches: list[Batch] = []
        self.trouble: BaseException | None = None
        self._task: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        await self.session.open(self.checkpoint)
        self._task = asyncio.create_task(self._follow())
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
        await self.session.close()

    async def _follow(self) -> None:
        try:
            async for batch in self.session.batches():
                self.batches.append(batch)
                self.checkpoint = batch.checkpoint or self.checkpoint
        except Trouble as trouble:
            self.trouble = trouble

    def events(self, kind: type[E], origin: Origin | None = None) -> list[E]:
        """All events of a kind so far, in order."""
        wanted = [batch for batch in self.batches if origin in {None, batch.origin}]
        return [event for batch in wanted for event in batch.events if isinstance(event, kind)]

    def messages(self, origin: Origin | None = None) -> list[MessageReceived]:
        return self.events(MessageReceived, origin)

    def bodies(self, conversation: str | None = None) -> list[object]:
        return [m.body for m in self.messages() if conversation in {None, m.conversation}]

    async def until(self, true: Callable[[], T], seconds: float = PATIENCE) -> T:
        """Wait until this is true and return it."""
        deadline = time.monotonic() + seconds
        while not (value := true()):
            if self._task is not None and self._task.done():
                self._task.result()  # something that no session should raise
            assert time.monotonic() < deadline, f"it did not happen in time; trouble: {self.trouble}"
            await asyncio.sleep(0.01)
        return value

    async def message(self, body: str) -> MessageReceived:
        """Wait for a message with this text."""
        await self.until(lambda: body in self.bodies())
        return next(m for m in self.messages() if m.body == body)

    async def event(self, kind: type[E], like: Callable[[E], bool] = lambda _: True) -> E:
        """Wait for the first event of a kind that is like this."""
        await self.until(lambda: any(like(event) for event in self.events(kind)))
        return next(event for event in self.events(kind) if like(event))

    async def quiet(self, seconds: float = 0.3) -> None:
        """Give what should not come the time to come."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await asyncio.Event().wait()
