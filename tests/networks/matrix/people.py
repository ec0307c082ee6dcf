"""People on the real homeserver, and where a session of theirs keeps what it knows."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from tests.networks.following import Following
from tests.networks.matrix.plain_far_side import PlainFarSide
from tests.synapse import Synapse
from webapp.networks.contract import Surroundings
from webapp.networks.matrix.rooms import Rooms

PASSWORD = "correct horse battery staple"
Follow = Callable[..., Following]


@dataclass
class Person:
    """Somebody with an account on the homeserver of the tests."""

    user: str
    synapse: Synapse

    def device(self) -> PlainFarSide:
        """A plain device of theirs; ``async with`` signs it in."""
        return PlainFarSide(self.synapse.url, self.user, PASSWORD)


async def settled(rooms: Rooms, position: str = "s1") -> None:
    """Write what is known of rooms, as after an answer that was stored."""
    await rooms.prepare(position)
    await rooms.settle()


def surroundings(folder: Path) -> Surroundings:
    return Surroundings(folder / "shared", folder / "account", None, ("127.0.0.0/8",))
