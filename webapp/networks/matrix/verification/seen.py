"""A verification as a person sees it, and what is to be said in rooms for one: plain values, without any library."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from webapp.networks.matrix.verification.emoji import Emoji


class Phase(StrEnum):
    """Where it stands: we asked; they asked and our person has to answer; both agreed; one side started; the strings
    are there to be compared; our person said that they match; all is confirmed; it ended before that."""

    WAITING = "waiting"
    ASKED = "asked"
    READY = "ready"
    STARTED = "started"
    COMPARING = "comparing"
    MATCHED = "matched"
    DONE = "done"
    CANCELLED = "cancelled"


@dataclass(frozen=True)
class Seen:
    """One verification. ``name`` is ours and stays; ``user`` is the other side, ``device`` theirs, empty until it is
    known; ``room`` is empty for one by letters. ``emoji`` (or only ``numbers``) are there while they are compared.
    ``code`` says why it was cancelled, and ``by_us`` by whom. ``whole``: not only a device is confirmed, but the person
    with all devices that they vouch for."""

    name: str
    user: str
    device: str
    room: str
    phase: Phase
    emoji: tuple[Emoji, ...] = ()
    numbers: tuple[int, ...] = ()
    code: str = ""
    by_us: bool = False
    whole: bool = False


@dataclass(frozen=True)
class Spoken:
    """An event of a room that belongs to a verification, opened if it was encrypted. ``transaction`` is the id under
    which this very device sent it, empty for all others; ``at`` is when, in seconds since 1970."""

    event: str
    sender: str
    type: str
    content: dict[str, Any]
    at: float
    transaction: str = ""


@dataclass(frozen=True)
class ToSay:
    """Something to say in a room, encrypted where it is. ``transaction``: said twice under it, it is said once."""

    room: str
    type: str
    content: dict[str, Any]
    transaction: str


class NobodyThere(Exception):
    """There is no device that could be asked."""
