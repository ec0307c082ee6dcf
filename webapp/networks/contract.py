"""What a network is to the rest of the house.

A folder below ``networks/`` has an ``__init__`` with an object called ``network`` (a ``Network``), a ``login``, a
``session``, a ``translate`` with pure functions from the library's stanzas to our events, and an ``icon.svg`` (a
16 × 16 symbol drawn in the current colour). It imports the contract modules and its own library, nothing else of ours.

What delivery stands on:

* A session yields batches in the network's order, each with the checkpoint that holds once it is stored. After
  ``open`` it first yields what was missed since its last checkpoint (CATCH_UP); what is live waits until that is done.
* ``perform`` may be cancelled, or die with the process, at any moment. Afterwards ``already_sent`` is asked before
  anything is said again.
* A session reports trouble by raising Unreachable or SignedOut from ``open`` or from ``batches``; whoever runs it
  makes an account state of that. It never raises anything else on purpose, and it never tries again by itself.
* Stanzas that make no sense are counted, logged without their content and left out; the session goes on.
"""

from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from pathlib import Path

from webapp.languages import N_, Sentence
from webapp.networks.actions import Action, Done, SendText
from webapp.networks.capabilities import Capabilities
from webapp.networks.errors import Refused
from webapp.networks.events import Batch, Member
from webapp.networks.login import Dialogue, Login, SignedIn

RESTORED = "restored"
"""A file of this name lies in an account's folder when that came out of a backup: what was used up since is there as if
it were new. A session that uses up keys must not go on with them; it takes the file away when that is settled."""


class Sent(StrEnum):
    """The answer to "did this go out already?"."""

    YES = "yes"
    NO = "no"
    UNKNOWN = "unknown"


@dataclass(frozen=True)
class Found:
    """Whether an action was carried out before. YES carries what ``perform`` would have returned."""

    sent: Sent
    done: Done | None = None


class More(StrEnum):
    """Whether there is older history still."""

    YES = "yes"
    NO = "no"
    UNKNOWN = "unknown"


@dataclass(frozen=True)
class Anchor:
    """Where in a conversation we stand: the oldest message that we have, or nothing of it (both None)."""

    remote_id: str | None = None
    sent_at: datetime | None = None


@dataclass(frozen=True)
class History:
    """A page of older messages, oldest first (origin BACKFILL), and whether there is more before it."""

    batch: Batch
    more: More


@dataclass(frozen=True)
class MemberPage:
    """Some members of a group, and what ``members`` takes to go on (None: that was all)."""

    members: tuple[Member, ...]
    after: str | None = None


@dataclass(frozen=True)
class Surroundings:
    """What the installation gives every session and login: where it may write, whom it may trust and reach.

    ``folder`` belongs to this account alone (mode 0700, may not exist yet). ``shared_folder`` is one for all accounts
    of the network. ``extra_ca_file`` is a PEM file of further authorities. ``private_servers`` are host names and
    networks in private or loopback space that may be reached; nothing else there may (security.md S5). ``key`` are 32
    octets of this account alone, to keep secrets in ``folder`` under; empty where there is no account yet.
    """

    shared_folder: Path
    folder: Path
    extra_ca_file: Path | None = None
    private_servers: tuple[str, ...] = ()
    switches: Mapping[str, bool] = field(default_factory=dict)
    key: bytes = field(default=b"", repr=False)


@dataclass(frozen=True)
class Credentials:
    """What ``SignedIn`` left behind, given back to ``open``."""

    address: str
    secrets: Mapping[str, str] = field(repr=False)
    name: str = ""


@dataclass(frozen=True)
class Resident:
    """A user of this instance, as a network that needs no sign-in gets to know them. ``key`` never changes."""

    key: str
    name: str
    language: str = "en"


@dataclass(frozen=True)
class Switch:
    """Something that the administrator may turn on or off for a network."""

    key: str
    label: Sentence
    hint: Sentence
    default: bool


class Session(ABC):
    """The running connection of one account. Made by ``Network.session``; used on one event loop only."""

    @abstractmethod
    async def open(self, checkpoint: bytes | None) -> None:
        """Connect and authenticate. Raises Unreachable or SignedOut. ``checkpoint`` is None the first time."""

    @abstractmethod
    def batches(self) -> AsyncIterator[Batch]:
        """Everything since the checkpoint, then everything that happens. Raises Unreachable or SignedOut at its end."""

    @abstractmethod
    async def perform(self, action: Action) -> Done:
        """Carry out an action. Raises Unreachable, SignedOut or Refused. Returns only when the network has it."""

    @abstractmethod
    async def already_sent(self, action: SendText) -> Found:
        """Whether an earlier ``perform`` of this very action reached the network. Raises Unreachable."""

    @abstractmethod
    async def older(self, conversation: str, before: Anchor, limit: int) -> History:
        """At most ``limit`` messages before ``before``. Raises Unreachable or Refused."""

    async def members(self, conversation: str, after: str | None, limit: int) -> MemberPage | None:
        """At most ``limit`` members of a group behind ``after``, which is a page's (None: the first ones).

        None where everybody is told by MembersChanged. Raises Unreachable, SignedOut or Refused.
        """
        return None

    async def picture(self, ref: str) -> bytes:
        """A picture that an event has named, small if that can be had. It is not trusted: may be no picture at all.

        Raises Unreachable, SignedOut or Refused.
        """
        raise Refused(Sentence(N_("There is no such picture.")))

    async def begin(self, task: str) -> Dialogue:
        """The dialogue of a task that a matter of this account names. Raises Unreachable or Refused."""
        raise Refused(Sentence(N_("There is nothing to do here any more.")))

    async def sign_out(self) -> None:  # noqa: B027 (most networks have nothing to forget)
        """Have the network forget this sign-in (its device, its token), because the account is being removed.

        It has five seconds. Raises Trouble when that did not work; the account is removed all the same.
        """

    @abstractmethod
    async def close(self) -> None:
        """End the connection politely, within two seconds. May be called at any time, more than once."""


class Network(ABC):
    """A network, as data and two makers."""

    key: str
    """The name of the folder; also what addresses and rows use. Never shown."""
    label: str
    """What people call it: a name as it is, a word of the language as a msgid (``N_``), because pages translate it."""
    summary: Sentence
    """One or two short sentences for the list of networks: what is reached, what is needed."""
    seal: Sentence
    """One honest line on who can read along, shown in every conversation."""
    seal_in_short: Sentence
    """The same in two to four words, for where there is no room."""
    seals_differ: Sentence | None = None
    """Said of an account in place of ``seal``, where conversations are sealed in different ways."""
    capabilities: Capabilities
    offered: bool = True
    """Whether people may add it unless the administrator decides otherwise (False: made for development)."""
    built_in: bool = False
    """Made for every user without any sign-in; cannot be removed. Then ``enrol`` is used instead of ``login``."""
    opaque_ids: bool = False
    """Whether the ids of its groups say nothing to a person: then they are never shown."""
    switches: tuple[Switch, ...] = ()

    @property
    def icon(self) -> str:
        """The inside of ``icon.svg``: trusted, it is part of the program."""
        from importlib.resources import files  # late: only the pages need it

        return files(type(self).__module__).joinpath("icon.svg").read_text("utf-8")

    @abstractmethod
    def login(self, surroundings: Surroundings, known: Credentials | None = None) -> Login:
        """A sign-in; ``known`` is the account that must sign in again (its address stays)."""

    def enrol(self, resident: Resident, surroundings: Surroundings) -> SignedIn:
        """Make the account of a new user. Only for built-in networks."""
        raise NotImplementedError(self.key)

    def configure(self, surroundings: Surroundings) -> None:  # noqa: B027 (most networks have no switches)
        """Make true what the switches say. Called when the house starts and whenever one was changed."""

    @abstractmethod
    def session(self, credentials: Credentials, surroundings: Surroundings) -> Session:
        """A session that is not open yet. ``surroundings.folder`` is the account's own."""

    def check_address(self, address: str) -> str:
        """The normal form of an address that a person typed. Raises WrongInput when it is none."""
        return address.strip()
