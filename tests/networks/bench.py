"""What a network must offer so that the contract tests can run on it.

Each network has ``tests/networks/<key>/bench.py`` with a ``Bench`` made from this one, and ``SERVERS``: the names of
the fixtures of the real servers that it needs. A bench is one account of ours and one friend on the far side.
"""

from abc import ABC, abstractmethod
from pathlib import Path
from typing import Self

from webapp.networks.contract import Session


class Bench(ABC):
    """``async with`` it; then ``session()`` makes sessions of our account, and the friend talks and listens."""

    conversation: str
    """The remote id of our conversation with the friend."""
    friend: str
    """The friend's address, as somebody would type it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.stop()

    async def start(self) -> None:  # noqa: B027 (most have something to do, not all)
        """Make the account and bring the friend to the far side."""

    async def stop(self) -> None:  # noqa: B027 (as above)
        """Put everything away."""

    @abstractmethod
    def session(self) -> Session:
        """A session of our account that is not open yet."""

    @abstractmethod
    async def say(self, body: str) -> None:
        """The friend says something to us; on its way when this returns."""

    @abstractmethod
    async def heard(self) -> list[str]:
        """What the friend heard from us so far, in order."""
