"""What the parts of a session share: the line itself, who we are, and what is known of the rooms."""

import asyncio
from dataclasses import dataclass, field

from webapp.languages import N_, Sentence
from webapp.networks.contract import Surroundings
from webapp.networks.errors import Refused
from webapp.networks.matrix.addresses import NoAddress, room_id
from webapp.networks.matrix.keys import Keys
from webapp.networks.matrix.matters import Matters
from webapp.networks.matrix.posted import Posted
from webapp.networks.matrix.quarantine import Quarantine
from webapp.networks.matrix.rooms import Rooms
from webapp.networks.matrix.trouble import NotReached, Problem
from webapp.networks.matrix.wire import Wire

CATCH_UP_WITHIN = 60.0
"""Seconds that something to be said waits until it is known what was missed."""


@dataclass
class Line:
    """``me`` is our user id, ``device`` the id of this device, ``since`` when it is one (seconds since 1970)."""

    wire: Wire
    me: str
    device: str
    since: float
    rooms: Rooms
    surroundings: Surroundings
    keys: Keys | None = None
    """None where this installation gives no key to keep them under."""
    quarantine: Quarantine = field(default_factory=Quarantine)
    matters: Matters = field(default_factory=Matters)
    caught_up: asyncio.Event = field(default_factory=asyncio.Event)
    posted: Posted = field(default_factory=Posted)
    """What the loop is to tell of itself, between two answers."""
    all_members: set[str] = field(default_factory=set)
    """Rooms of which everybody who is in them is known by now."""
    asking_members: asyncio.Lock = field(default_factory=asyncio.Lock)
    left_here: set[str] = field(default_factory=set)
    """Rooms that the person left, or declined to enter, by this session: nobody has to be told."""

    keys_wanted: asyncio.Event = field(default_factory=asyncio.Event)
    keys_changed: bool = True
    """What the homeserver keeps of them may have changed, too."""

    def look_after_keys(self, *, changed: bool = True) -> None:
        """Somebody should have a look at the keys: there are new ones, or the homeserver has ``changed`` something."""
        self.keys_changed = self.keys_changed or changed
        self.keys_wanted.set()

    async def when_caught_up(self) -> None:
        """Whether a room was encrypted while we were away must be known before anything is said there (S20).

        Raises NotReached.
        """
        try:
            await asyncio.wait_for(self.caught_up.wait(), CATCH_UP_WITHIN)
        except TimeoutError:
            raise NotReached(Problem.SILENT, self.wire.host) from None


def the_room(conversation: str) -> str:
    """The room of a conversation. Raises Refused."""
    try:
        return room_id(conversation)
    except NoAddress:
        raise Refused(Sentence(N_("There is no such conversation."))) from None
