"""What is to be told without the homeserver having said anything: it goes between two answers of the loop."""

import asyncio

from webapp.networks.events import Event


class Posted:
    """Put in from wherever it happens, taken out by the loop around sync alone."""

    def __init__(self) -> None:
        self._events: list[Event] = []
        self._there = asyncio.Event()

    def put(self, *events: Event) -> None:
        """Tell these as soon as what was stored allows it. Without any, the loop looks whether keys came late."""
        self._events += events
        self._there.set()

    def take(self) -> list[Event]:
        """What is there, in order; from now on it is told."""
        events, self._events = self._events, []
        self._there.clear()
        return events

    async def wait(self) -> None:
        """Until there is something."""
        await self._there.wait()
