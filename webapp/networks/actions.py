"""What goes out to a network.

``SendText``, ``MarkRead`` and ``Arrange`` wait in the outbox until they are carried out; the others are asked at once,
while the person waits for the answer in a dialog.
"""

from dataclasses import dataclass
from datetime import datetime

from webapp.networks.events import ConversationKind, ConversationState, MessageRef


@dataclass(frozen=True)
class Action:
    """Something a person wants done. ``conversation`` is the network's id of it."""

    conversation: str


@dataclass(frozen=True)
class SendText(Action):
    """Say ``body`` (plain text with line breaks). ``transaction_id`` travels with it and never changes (D3, D4).

    ``formatted`` is the same as HTML of our own making, only where the capability ``formatting`` says so.
    """

    transaction_id: str
    body: str
    written_at: datetime
    formatted: str | None = None


@dataclass(frozen=True)
class MarkRead(Action):
    """Tell the network, and by it the person's other devices, that everything up to ``message`` is read.

    With ``tell_sender`` the one who wrote may know too.
    """

    message: MessageRef
    tell_sender: bool = True


@dataclass(frozen=True)
class Arrange(Action):
    """Tell the person's other devices how they keep a conversation; only asked for where ``arrangement`` says so.

    It says the whole state (as in ConversationArranged), so carrying it out again changes nothing.
    """

    pinned: bool
    muted: bool
    low: bool
    marked_unread: bool


@dataclass(frozen=True)
class SetTyping(Action):
    """Tell the others that the person types, or stopped. Never waits: it is dropped when there is no line."""

    typing: bool


@dataclass(frozen=True)
class StartDirect(Action):
    """Open the conversation with the address ``conversation``, joining it when it turns out to be a group.

    Done names its remote id and its kind.
    """


@dataclass(frozen=True)
class CreateGroup(Action):
    """Make a group called ``name`` with these members. ``conversation`` is empty: the network chooses an id."""

    name: str
    members: tuple[str, ...] = ()


@dataclass(frozen=True)
class JoinGroup(Action):
    """Join the group whose address is ``conversation``; where one has to ask first, ask (Done says so)."""


@dataclass(frozen=True)
class AcceptInvitation(Action):
    """Join the group, or accept the contact, that asked."""


@dataclass(frozen=True)
class DeclineInvitation(Action):
    """Do not join, do not become a contact."""


@dataclass(frozen=True)
class LeaveGroup(Action):
    """Leave the group; its history stays here."""


@dataclass(frozen=True)
class ForgetGroup(Action):
    """Have the network forget a group that the person left; it is gone here, too. Only where ``forget`` says so."""


@dataclass(frozen=True)
class LeaveSpace(Action):
    """Leave the space whose id is ``conversation``, and none of the conversations in it. Only where ``leave_space``
    says so."""


@dataclass(frozen=True)
class InviteMembers(Action):
    """Ask these addresses into the group."""

    members: tuple[str, ...]


@dataclass(frozen=True)
class RenameGroup(Action):
    """Call the group ``name``, for everybody in it; never empty."""

    name: str


@dataclass(frozen=True)
class SetSubject(Action):
    """Give the group another subject."""

    subject: str


@dataclass(frozen=True)
class AddContact(Action):
    """Ask the address ``conversation`` to become a contact, called ``name`` here."""

    name: str = ""


@dataclass(frozen=True)
class RemoveContact(Action):
    """Take the address ``conversation`` off the contact list; both sides stop seeing when the other is there."""


@dataclass(frozen=True)
class Acknowledge(Action):
    """The person has seen the warning ``key`` and goes on all the same; SealChanged says what is so then."""

    key: str


@dataclass(frozen=True)
class Done:
    """An action was carried out.

    ``remote_id`` names the message that was sent, None where the network gives no name to it (it will be
    recognised by its transaction id). ``reference`` as in MessageReceived. ``conversation`` names what was started,
    ``kind`` says what it turned out to be, ``state`` how the person stands to it now, where that is not what the
    action asked for: ASKED. ``space``: it is a space and no conversation; SpaceChanged tells of it.
    """

    remote_id: str | None = None
    reference: str | None = None
    conversation: str | None = None
    kind: ConversationKind | None = None
    state: ConversationState | None = None
    space: bool = False
