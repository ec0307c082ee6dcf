"""Who can read along in a conversation, and who is certainly who: what a network tells of it.

A network says it of all its conversations (``Network.seal``); where they differ, each has a seal of its own.
"""

from dataclasses import dataclass
from enum import StrEnum

from webapp.languages import Sentence
from webapp.networks.events import Event


class SealLevel(StrEnum):
    """Who can read along in a conversation: whoever runs the servers; nobody but those who take part in it, and this
    house, whose server decrypts."""

    OPEN = "open"
    HOUSE = "house"


@dataclass(frozen=True)
class Seal:
    """One honest line on who can read along in this conversation, the same in two to four words, and its sign."""

    text: Sentence
    in_short: Sentence
    level: SealLevel


@dataclass(frozen=True)
class SealWarning:
    """Something about who can read along has changed for the worse; nothing is said here before the person has seen it.

    ``button`` is what they press to go on all the same: Acknowledge with ``key`` then.
    """

    key: str
    text: Sentence
    button: Sentence


@dataclass(frozen=True)
class SealChanged(Event):
    """How a conversation is sealed, where it is not as everywhere on the network, and what is wrong with it now.

    It says the whole state each time: None is as everywhere, and no warning. A session refuses to send into a
    conversation with a warning, too: what was written before it came may be waiting.
    """

    conversation: str
    seal: Seal | None = None
    warning: SealWarning | None = None


class Trust(StrEnum):
    """Whether it is certain that somebody is who they say: nobody can tell on this network; not confirmed; confirmed;
    confirmed or known once, and not the same since."""

    UNKNOWN = "unknown"
    UNCONFIRMED = "unconfirmed"
    CONFIRMED = "confirmed"
    CHANGED = "changed"


@dataclass(frozen=True)
class TrustChanged(Event):
    """How certain it is that somebody is who they say.

    Who is UNCONFIRMED or CHANGED can be confirmed: the button asks ``Session.begin`` for ``verify:<address>``.
    The devices of whoever is not UNKNOWN can be looked at: that is ``devices:<address>``.
    """

    address: str
    trust: Trust
