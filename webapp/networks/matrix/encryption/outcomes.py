"""What comes of opening, sealing and keeping: plain values and errors, for rooms that do not know the library."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from webapp.languages import N_, Sentence


@dataclass(frozen=True)
class Opened:
    """What an ``m.room.encrypted`` event really was: ``type`` and ``content`` belong in place of its own.

    ``untrusted`` is None, or says why it may not be from whom it names.
    """

    type: str
    content: dict[str, Any]
    untrusted: Sentence | None = None


@dataclass(frozen=True)
class Closed:
    """It cannot be read. ``reason`` stands where the message would; ``hopeful``: its key may still come."""

    reason: Sentence
    hopeful: bool = False


class KeysNeeded(Exception):
    """Something must be asked for before this can be sealed: ``due(room)`` says what."""


class IdentityChanged(Exception):
    """``users`` would read this, and they are not who they were: the person has to know that first."""

    def __init__(self, users: frozenset[str]) -> None:
        super().__init__("an identity changed")
        self.users = users


@dataclass(frozen=True)
class Late:
    """An event that could not be read when it came, and can now."""

    room: str
    event: Mapping[str, Any]
    opened: Opened


class StoreBroken(Exception):
    """The keys of this account cannot be used any more: damaged, gone, or of another account. ``reason`` says so."""

    def __init__(self) -> None:
        super().__init__("the key store cannot be used")
        self.reason = Sentence(
            N_(
                "The encryption keys that this account had here are damaged or gone, so it was stopped. "
                "Nothing was sent without encryption. Sign in again: the account then gets a new device with new keys."
            )
        )


class StoreStuck(Exception):
    """The keys cannot be stored at the moment (a full disk, mostly); nothing is broken. ``reason`` says so."""

    def __init__(self) -> None:
        super().__init__("the key store cannot be written now")
        self.reason = Sentence(
            N_(
                "The encryption keys of this account cannot be stored at the moment: the disk of this server is full "
                "or cannot be written. Nothing is lost; it goes on when there is space again."
            )
        )
