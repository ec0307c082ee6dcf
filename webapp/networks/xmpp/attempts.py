"""Entering rooms in the background, again and again, until we are in or may not."""

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass
from itertools import count
from typing import Protocol

from webapp.networks.errors import Unreachable
from webapp.networks.xmpp.refusals import Declined
from webapp.networks.xmpp.tasks import Tasks

log = logging.getLogger(__name__)
AT_ONCE = 6
"""Rooms that are entered at the same time."""
PAUSES = (5.0, 10.0, 20.0, 40.0, 80.0, 160.0, 300.0)
"""Seconds until a group that could not be entered is tried again; the last of them from then on."""
AGAIN_WHEN_LOCKED = 2
"""How often a group that is not there is tried again: it is locked while another member makes it anew."""
_PASSING = {
    *("remote-server-not-found", "remote-server-timeout", "service-unavailable", "resource-constraint"),
    *("internal-server-error", "recipient-unavailable"),
}
"""Conditions that are over some day: a server that is down, a group that is full."""


class Enter(Protocol):
    """Enters a room; the answer is whether we are in it now. Raises Declined, Unreachable."""

    async def __call__(self, address: str, nick: str) -> bool: ...


@dataclass
class Trying:
    """Our attempts to enter a room. ``attempt`` is done while we wait for the time of the next one."""

    attempt: asyncio.Future[None]
    task: asyncio.Task[None] | None = None


class Attempts:
    """Keeps trying to enter rooms, in the background. ``given_up`` hears which are closed to us for good."""

    def __init__(self, tasks: Tasks, enter: Enter, given_up: Callable[[str, Declined], None]) -> None:
        self._tasks = tasks
        self._enter = enter
        self._given_up = given_up
        self._trying: dict[str, Trying] = {}
        self._gate = asyncio.Semaphore(AT_ONCE)

    def __contains__(self, address: object) -> bool:
        return address in self._trying

    def present(self, address: str) -> asyncio.Future[None] | None:
        """The attempt that is being made, done if we only wait for the next one; None if we do not try."""
        trying = self._trying.get(address)
        return trying.attempt if trying is not None else None

    def begin(self, address: str, nick: str, pause: float = 0) -> None:
        if address not in self._trying:
            trying = self._trying[address] = Trying(asyncio.get_running_loop().create_future())
            trying.task = self._tasks.start(self._keep_trying(trying, address, nick, pause))

    def stop(self, address: str) -> bool:
        """Give up. The answer is whether there was something to give up."""
        trying = self._trying.pop(address, None)
        if trying is None or trying.task is None:
            return False
        trying.task.cancel()
        _done(trying.attempt)
        return True

    async def _keep_trying(self, trying: Trying, address: str, nick: str, pause: float) -> None:
        """Enter as soon as the room can be reached; only a no for good is the end of it."""
        try:
            for number in count():
                await self._wait(trying, pause)
                if await self._attempt(address, nick, number):
                    return
                pause = PAUSES[min(number, len(PAUSES) - 1)]
        finally:
            _done(trying.attempt)
            if self._trying.get(address) is trying:
                del self._trying[address]

    async def _wait(self, trying: Trying, pause: float) -> None:
        if pause:
            _done(trying.attempt)
            await asyncio.sleep(pause)
            trying.attempt = asyncio.get_running_loop().create_future()

    async def _attempt(self, address: str, nick: str, number: int) -> bool:
        """Try once. The answer is whether that was the last time."""
        try:
            async with self._gate:
                return await self._enter(address, nick)
        except Unreachable:
            return False
        except Declined as error:
            if error.condition in _PASSING or (error.condition == "item-not-found" and number < AGAIN_WHEN_LOCKED):
                return False
            log.warning("a group cannot be entered any more: %s", error.condition)
            self._given_up(address, error)
            return True


def _done(future: asyncio.Future[None]) -> None:
    if not future.done():
        future.set_result(None)
