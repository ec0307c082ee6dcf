"""Work beside other work: in the background, and in turns."""

import asyncio
from collections.abc import AsyncIterator, Coroutine, Iterable
from typing import Any, TypeVar

T = TypeVar("T")
AT_A_TIME = 25
"""Messages that are read before others get their turn: some two milliseconds."""


class Tasks:
    """Work that ends with whoever began it."""

    def __init__(self) -> None:
        self._tasks: set[asyncio.Task[None]] = set()

    def start(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    async def close(self) -> None:
        """Cancel what still runs, and wait for its end."""
        for task in [*self._tasks]:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)


async def in_turns(things: Iterable[T]) -> AsyncIterator[T]:
    """One after the other, and after every few of them everybody else may do something."""
    for number, thing in enumerate(things, 1):
        yield thing
        if number % AT_A_TIME == 0:
            await asyncio.sleep(0)
