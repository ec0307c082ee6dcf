"""What the keys want to know of the homeserver: each question is asked once, however many wait for its answer.

Whoever gives up does not take the question back: an answer that is on its way may be what others wait for, and what it
brings is kept in any case.
"""

import asyncio
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from webapp.networks.matrix.trouble import Declined
from webapp.networks.matrix.wire import Wire

if TYPE_CHECKING:
    from webapp.networks.matrix.encryption.machine import Machine
    from webapp.networks.matrix.encryption.requests import Request

AT_A_TIME = 4
"""Questions under way; the line has eight connections, and others ask by it too."""


class Asking:
    """All methods raise NotReached, Rejected."""

    def __init__(self, machine: "Machine", wire: Wire) -> None:
        self._machine, self._wire = machine, wire
        self._under_way: dict[str, asyncio.Task[None]] = {}
        self._gate = asyncio.Semaphore(AT_A_TIME)

    async def in_turn(self, requests: Iterable["Request"]) -> None:
        """One after the other: what devices are told has an order."""
        for request in requests:
            await asyncio.shield(self._task(request))

    async def some(self, requests: Sequence["Request"]) -> None:
        """Several at a time, in any order. Returns when there may be more to ask: one was answered, or more can be
        under way than there are."""
        is_new = any(request.key not in self._under_way for request in requests)
        tasks = [self._task(request) for request in requests]
        if is_new and len(tasks) < AT_A_TIME:
            await asyncio.sleep(0)
            return
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        for task in done:
            task.result()

    async def close(self) -> None:
        """What is asked just now is given up."""
        tasks = list(self._under_way.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _task(self, request: "Request") -> "asyncio.Task[None]":
        task = self._under_way.get(request.key)
        if task is None:
            task = self._under_way[request.key] = asyncio.create_task(self._ask(request))
            task.add_done_callback(lambda done: self._over(request.key, done))
        return task

    def _over(self, key: str, task: "asyncio.Task[None]") -> None:
        self._under_way.pop(key, None)
        if not task.cancelled():
            task.exception()  # those who wait for it are told; there may be nobody any more

    async def _ask(self, request: "Request") -> None:
        async with self._gate:
            try:
                reply = await self._wire.ask(request.method, request.path, request.body, request.query)
            except Declined:
                await self._machine.refused(request)
            else:
                await self._machine.answered(request, reply)
