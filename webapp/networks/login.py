"""Dialogues with a person, as data that can be drawn: signing in to a network, and whatever else an account needs.

In a ``Dialogue`` ``start`` gives the first step, ``submit`` takes what the person typed and gives the next one, until a
step is ``SignedIn`` or ``Finished``. It holds no database and writes nothing; what it learned is in the last step. It
lives for a few minutes; ``close`` ends whatever it still holds open. A ``Login`` is the dialogue of a sign-in; a
session begins one for each task that it names (``Session.begin``).
"""

from abc import ABC, abstractmethod
from dataclasses import dataclass, field
from enum import StrEnum

from webapp.languages import Sentence
from webapp.networks.sealing import Trust


class FieldKind(StrEnum):
    """How a field is drawn and checked."""

    TEXT = "text"
    ADDRESS = "email"
    PASSWORD = "password"  # noqa: S105 (a kind of field)
    NUMBER = "number"
    URL = "url"
    FILE = "file"


@dataclass(frozen=True)
class Field:
    """Something to type. ``name`` is its key in ``submit``; ``more`` hides it below "More options".

    Of a FILE ``submit`` gets the text (UTF-8), empty when none was chosen. ``longest`` counts characters, of a file
    bytes; no file is larger than 16 MB.
    """

    name: str
    label: Sentence
    kind: FieldKind = FieldKind.TEXT
    hint: Sentence | None = None
    required: bool = True
    value: str = ""
    more: bool = False
    autocomplete: str = "off"
    longest: int = 2_000


@dataclass(frozen=True)
class Form:
    """A step where the person types. ``button`` is what the button says."""

    title: Sentence
    fields: tuple[Field, ...]
    button: Sentence
    explanation: Sentence | None = None


@dataclass(frozen=True)
class Download:
    """A file that the person may take along. ``name`` is a plain ASCII file name."""

    name: str
    content: bytes = field(repr=False)


@dataclass(frozen=True)
class ShownDevice:
    """A device of somebody: what its owner calls it, its id (empty where it is called by that), how it is with it, and
    whether it is certain whose it is."""

    name: Sentence | str
    id: str
    text: Sentence
    trust: Trust = Trust.UNKNOWN


@dataclass(frozen=True)
class Show:
    """A step where the person looks and waits: a QR code, a link, a number, seven emoji, something to write down.

    ``qr`` is the text to encode; ``pictures`` are pairs (emoji, its word); ``lines`` stand one below the other, to be
    read, copied or compared; ``devices`` are to be looked at. The page asks ``submit({})`` again every ``poll`` seconds
    (0: it does not), or sends ``{"button": name}`` when a button (name, words) is pressed. ``may_cancel``: whoever goes
    away here gives something up; otherwise nothing is offered beside the buttons.
    """

    title: Sentence
    explanation: Sentence
    qr: str = ""
    link: str = ""
    pictures: tuple[tuple[str, Sentence], ...] = ()
    buttons: tuple[tuple[str, Sentence], ...] = ()
    poll: float = 2.0
    lines: tuple[Sentence | str, ...] = ()
    download: Download | None = None
    devices: tuple[ShownDevice, ...] = ()
    may_cancel: bool = True


@dataclass(frozen=True)
class Visit:
    """A step where the person goes to somebody else's page (https, or http) and comes back with an answer.

    ``{back}`` in ``address`` becomes the address to which that page has to send the browser, ready to stand in a query.
    What it adds to the query there is what ``submit`` gets.
    """

    title: Sentence
    explanation: Sentence
    address: str
    button: Sentence


@dataclass(frozen=True)
class Finished:
    """It is done; ``text`` says what is so now."""

    text: Sentence


@dataclass(frozen=True)
class SignedIn:
    """It worked. ``address`` names the account on its network; ``credentials`` are kept by the vault and given back to
    ``open``: text by name, never shown or logged again. ``name`` is what the person is called there."""

    address: str
    credentials: dict[str, str] = field(repr=False)
    name: str = ""


Step = Form | Show | Visit | SignedIn | Finished


class WrongInput(Exception):
    """What was typed does not work; ``field`` says where (empty: all of it). The step stays, with what was typed."""

    def __init__(self, reason: Sentence, field: str = "") -> None:
        super().__init__(reason.msgid)
        self.reason = reason
        self.field = field


class Dialogue(ABC):
    """One person and one purpose, once."""

    @abstractmethod
    async def start(self) -> Step:
        """The first step."""

    @abstractmethod
    async def submit(self, answers: dict[str, str]) -> Step:
        """The step after this one. Raises WrongInput, Unreachable or Refused; then the same step may be tried again."""

    async def close(self) -> None:  # noqa: B027 (most dialogues hold nothing open)
        """Let go of whatever is still open; may be called more than once."""


class Login(Dialogue):
    """One person signing in to one network: the dialogue that ends with SignedIn."""
