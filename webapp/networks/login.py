"""Signing in to a network, as data that can be drawn.

A ``Login`` is a short dialogue: ``start`` gives the first step, ``submit`` takes what the person typed and gives the
next one, until a step is ``SignedIn``. A login holds no database and writes nothing; what it learned is in the last
step. It lives for a few minutes; ``close`` ends whatever it still holds open.
"""

from abc import ABC, abstractmethod
from dataclasses import dataclass, field
from enum import StrEnum

from webapp.languages import Sentence


class FieldKind(StrEnum):
    """How a field is drawn and checked."""

    TEXT = "text"
    ADDRESS = "email"
    PASSWORD = "password"  # noqa: S105 (a kind of field)
    NUMBER = "number"
    URL = "url"


@dataclass(frozen=True)
class Field:
    """Something to type. ``name`` is its key in ``submit``; ``more`` hides it below "More options"."""

    name: str
    label: Sentence
    kind: FieldKind = FieldKind.TEXT
    hint: Sentence | None = None
    required: bool = True
    value: str = ""
    more: bool = False
    autocomplete: str = "off"


@dataclass(frozen=True)
class Form:
    """A step where the person types. ``button`` is what the button says."""

    title: Sentence
    fields: tuple[Field, ...]
    button: Sentence
    explanation: Sentence | None = None


@dataclass(frozen=True)
class Show:
    """A step where the person looks and waits: a QR code, a link, a number, seven emoji.

    ``qr`` is the text to encode; ``pictures`` are pairs (emoji, its word). The page asks ``submit({})`` again every
    ``poll`` seconds, or when a button (name, words) is pressed.
    """

    title: Sentence
    explanation: Sentence
    qr: str = ""
    link: str = ""
    pictures: tuple[tuple[str, Sentence], ...] = ()
    buttons: tuple[tuple[str, Sentence], ...] = ()
    poll: float = 2.0


@dataclass(frozen=True)
class SignedIn:
    """It worked. ``address`` names the account on its network; ``credentials`` are kept by the vault and given back to
    ``open``: text by name, never shown or logged again. ``name`` is what the person is called there."""

    address: str
    credentials: dict[str, str] = field(repr=False)
    name: str = ""


Step = Form | Show | SignedIn


class WrongInput(Exception):
    """What was typed does not work; ``field`` says where (empty: all of it). The step stays, with what was typed."""

    def __init__(self, reason: Sentence, field: str = "") -> None:
        super().__init__(reason.msgid)
        self.reason = reason
        self.field = field


class Login(ABC):
    """One person signing in to one network, once."""

    @abstractmethod
    async def start(self) -> Step:
        """The first step."""

    @abstractmethod
    async def submit(self, answers: dict[str, str]) -> Step:
        """The step after this one. Raises WrongInput, Unreachable or Refused; then the same step may be tried again."""

    async def close(self) -> None:  # noqa: B027 (most logins hold nothing open)
        """Let go of whatever is still open."""
