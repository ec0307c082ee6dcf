"""What the owner of an account should know of it and can do about it: how its keys are, what others ask of it."""

from dataclasses import dataclass
from enum import StrEnum

from webapp.languages import Sentence
from webapp.networks.events import Event


class Condition(StrEnum):
    """How a matter stands: all is well; the house is at it; the person is asked something; nothing works before they
    did something; there is nothing of the kind."""

    GOOD = "good"
    WORKING = "working"
    ASKS = "asks"
    ACT = "act"
    OFF = "off"


@dataclass(frozen=True)
class Matter:
    """Something about an account that its owner should know in plain words, and what they can do about it.

    ``task`` is what ``Session.begin`` is asked for when ``button`` is pressed (both empty: nothing to do). ``urgent``
    ones stand above the inbox too.
    """

    key: str
    title: Sentence
    condition: Condition
    text: Sentence
    task: str = ""
    button: Sentence | None = None
    urgent: bool = False


@dataclass(frozen=True)
class MattersChanged(Event):
    """All matters of the account, in the order in which they are to be read; those from before are forgotten."""

    matters: tuple[Matter, ...]
