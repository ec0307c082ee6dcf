"""The pretend world: who lives there and what was said. It is kept in memory and forgotten with the process.

So after a restart it cannot tell whether a message arrived, as some real networks cannot.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path

from webapp.networks.events import Event

ECHO = "echo"
SANDPIT = "sandpit"
BEACH = "beach"
FLAT = "flat-1"
"""A conversation with Greta; its id does not say so."""
CLUB = "club"
"""A group that one has to ask to be let into."""
ATTIC = "attic"
"""A space into which Greta asks."""
OLDER = 300
"""Messages that were said in the Sandpit before anyone here came."""
_BEGINNING = datetime(2026, 1, 1, 8, 0, tzinfo=UTC)


@dataclass(frozen=True)
class Said:
    """Something said. ``answers`` is the transaction id of what it answers."""

    id: str
    place: str
    who: str
    text: str
    at: datetime
    transaction_id: str | None = None
    answers: str | None = None
    formatted: str | None = None


@dataclass(frozen=True)
class Happened:
    """Something else that an account hears of."""

    events: tuple[Event, ...]


@dataclass
class Mailbox:
    """What one account hears, oldest first, and who waits for more."""

    said: list[Said | Happened] = field(default_factory=list)
    listeners: list[Callable[[], None]] = field(default_factory=list)
    chest_is_locked: bool = False

    def put(self, said: Said | Happened) -> None:
        """Something new."""
        self.said.append(said)
        for listener in list(self.listeners):
            listener()


class World:
    """Every account has a mailbox; the Sandpit's past is the same for all."""

    def __init__(self) -> None:
        self._mailboxes: dict[str, Mailbox] = {}

    def mailbox(self, address: str) -> Mailbox:
        """The mailbox of an account, which has one as soon as it asks."""
        return self._mailboxes.setdefault(address, Mailbox())

    def forget(self, address: str) -> None:
        """The account is gone for good, with everything that it heard."""
        self._mailboxes.pop(address, None)

    def hear(self, address: str, said: Said) -> None:
        """Somebody says something to an account."""
        self.mailbox(address).put(said)

    @staticmethod
    def past(before: int, limit: int) -> list[Said]:
        """At most ``limit`` older messages of the Sandpit before number ``before``, oldest first."""
        first = max(before - limit, 0)
        return [_remembered(number) for number in range(first, before)]


def _remembered(number: int) -> Said:
    who = ("greta", "hans")[number // 3 % 2]
    at = _BEGINNING + timedelta(minutes=7 * number)
    return Said(f"past-{number}", SANDPIT, who, f"Castle number {number + 1} stands.", at)


@cache
def world(folder: Path) -> World:
    """The world of one installation."""
    return World()
