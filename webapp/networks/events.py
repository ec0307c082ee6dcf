"""What comes in from a network: plain facts, already checked and translated, in the network's order.

A conversation is named by its ``conversation`` (remote id: opaque outside its connector), a human by an ``address``.
Texts are the network's own, unescaped; ``markup`` makes them safe on the way to the screen. Times are aware datetimes
in UTC and are the network's, not ours. Seals and trust stand in ``sealing``, what an account's owner should know in
``matters``.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from webapp.languages import Sentence


class Origin(StrEnum):
    """How a batch reached us. LIVE and CATCH_UP raise unread, only LIVE may notify, BACKFILL does neither."""

    LIVE = "live"
    CATCH_UP = "catch_up"
    BACKFILL = "backfill"


class ConversationKind(StrEnum):
    """Two people, or a room of any number."""

    DIRECT = "direct"
    GROUP = "group"


class ConversationState(StrEnum):
    """How the person stands to a conversation.

    INVITED: asked to join a group, or to accept a contact; offers Accept and Decline. ASKED: the person asked to be let
    into a group, and somebody there has to agree. DECLINED: the person said no; a group stays closed to them, with
    somebody they can talk all the same. LEFT: not in the group any more, only its history is there.
    """

    JOINED = "joined"
    INVITED = "invited"
    ASKED = "asked"
    DECLINED = "declined"
    LEFT = "left"


class Delivery(StrEnum):
    """How far a message of ours has come. Only FAILED and UNCERTAIN ask something of the person."""

    WAITING = "waiting"
    SENDING = "sending"
    SENT = "sent"
    DELIVERED = "delivered"
    READ = "read"
    FAILED = "failed"
    UNCERTAIN = "uncertain"


class Style(StrEnum):
    """How something is said: in plain speech, as something that the speaker does ("* Anna waves"), or by a machine."""

    TEXT = "text"
    EMOTE = "emote"
    NOTICE = "notice"


class Presence(StrEnum):
    """Whether a contact can be reached right now (RFC 6121 section 4.7.2.1, folded to what a person needs)."""

    UNKNOWN = "unknown"
    ONLINE = "online"
    AWAY = "away"
    BUSY = "busy"
    OFFLINE = "offline"


@dataclass(frozen=True)
class Event:
    """Something happened on a network."""


@dataclass(frozen=True)
class MessageReceived(Event):
    """Somebody said something: another person, or the account's owner on this or another device (``own``).

    ``remote_id`` is unique and lasting in its conversation, or None where the network has not named one (yet).
    ``transaction_id`` is the id that the sender's own program gave, when it is promised to be unique; for what we sent
    it is ours, and that is how the network's echo is recognised. ``reference`` is what a receipt or a reply to this
    message must name, opaque to the rest. ``body`` is a sentence when the rest cannot show it yet (a picture, an edit).
    ``quiet`` messages (a topic was changed) raise no unread.

    ``formatted`` is the same as ``body`` in the sender's HTML, as it came: nothing in it is trusted, and where it
    cannot be shown ``body`` is. A ``sealed`` message could not be decrypted: its ``body`` is a sentence that says why
    and what helps; MessageOpened follows when it can be. ``untrusted`` says why one should not take it for granted that
    it is what this sender said (their device is not confirmed, its key came by a detour).
    """

    conversation: str
    kind: ConversationKind
    remote_id: str | None
    sender: str
    body: str | Sentence
    sent_at: datetime
    own: bool = False
    transaction_id: str | None = None
    reference: str | None = None
    sender_name: str | None = None
    mention: bool = False
    quiet: bool = False
    formatted: str | None = None
    style: Style = Style.TEXT
    sealed: bool = False
    untrusted: Sentence | None = None


@dataclass(frozen=True)
class MessageRef:
    """Names a message by whichever id is known; the first that fits wins."""

    remote_id: str | None = None
    transaction_id: str | None = None
    reference: str | None = None


@dataclass(frozen=True)
class MessageOpened(Event):
    """A message that was ``sealed`` can be read now; the rest is as in MessageReceived.

    It stays where it is and raises no unread; one that turns out to be ``quiet`` is not unread any more. It does
    nothing to a message that is not sealed, so it may be told again and again.
    """

    conversation: str
    message: MessageRef
    body: str | Sentence
    formatted: str | None = None
    style: Style = Style.TEXT
    mention: bool = False
    quiet: bool = False
    untrusted: Sentence | None = None


@dataclass(frozen=True)
class ConversationChanged(Event):
    """A conversation exists, or something about it is new. None leaves a field as it is.

    ``listed`` False keeps a conversation without messages out of the inbox (a contact of whom one has heard nothing).
    ``reason`` goes with LEFT, where that was not the person's own doing in this house: what happened, in words.
    ``partner`` is the address of whom a direct conversation is with, where its id does not say it. ``members`` is how
    many people are in a group that is too large for MembersChanged to name them all. ``bridged`` is what a bridge calls
    the network on its other side. ``successor`` is the id of the conversation in which this one goes on.
    ``former`` are the names of those who were in a group that has neither a name nor anybody else in it by now.
    ``picture`` names its picture for ``Session.picture``, and names another one when it looks different; empty: none.
    """

    conversation: str
    kind: ConversationKind
    name: str | None = None
    topic: str | None = None
    state: ConversationState | None = None
    listed: bool | None = None
    reason: Sentence | None = None
    partner: str | None = None
    members: int | None = None
    bridged: str | None = None
    successor: str | None = None
    former: str | None = None
    picture: str | None = None


@dataclass(frozen=True)
class InvitationReceived(Event):
    """Somebody asks the person into a group, or to become a contact. It is answered by AcceptInvitation or Decline.

    ``text`` are the words that they ask with. ``space``: they ask into a space, and once that is answered, wherever it
    is, ConversationGone says so.
    """

    conversation: str
    kind: ConversationKind
    sender: str
    sender_name: str | None = None
    name: str | None = None
    text: str | None = None
    space: bool = False


@dataclass(frozen=True)
class ConversationGone(Event):
    """What was told of as a conversation is none: it disappears. One in which something was said is only left."""

    conversation: str


@dataclass(frozen=True)
class Member:
    """Somebody in a conversation. ``role`` is the network's word for what they may do, empty for nothing special."""

    address: str
    name: str | None = None
    role: str = ""
    present: bool = True


@dataclass(frozen=True)
class MembersChanged(Event):
    """Who is in a group. ``complete`` replaces the list; otherwise each one named is added or altered.

    ``gone`` are addresses that left.
    """

    conversation: str
    members: tuple[Member, ...] = ()
    gone: tuple[str, ...] = ()
    complete: bool = False


@dataclass(frozen=True)
class LooksChanged(Event):
    """What people look like: pairs of an address and a picture, as in ConversationChanged. Whoever was not heard of
    otherwise stays unknown."""

    looks: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class ContactChanged(Event):
    """Somebody on the person's contact list. ``mutual`` is False while one side has not agreed yet."""

    address: str
    name: str | None = None
    mutual: bool = True
    conversation: str | None = None


@dataclass(frozen=True)
class ContactGone(Event):
    """Somebody is no longer on the contact list."""

    address: str


@dataclass(frozen=True)
class PresenceChanged(Event):
    """A contact came or went. ``status`` is their own short text."""

    address: str
    presence: Presence
    status: str = ""


@dataclass(frozen=True)
class TypingChanged(Event):
    """Somebody started or stopped typing. It is forgotten after 30 seconds without another word of it."""

    conversation: str
    address: str
    typing: bool
    name: str | None = None


@dataclass(frozen=True)
class DeliveryChanged(Event):
    """A message of ours came further: DELIVERED or READ, or FAILED after all, for ``reason``.

    With ``up_to`` this is true of every earlier one of ours too; then ``message`` may be somebody else's.
    """

    conversation: str
    message: MessageRef
    delivery: Delivery
    up_to: bool = False
    reason: Sentence | None = None


@dataclass(frozen=True)
class ReadElsewhere(Event):
    """The person has read up to this message on another device (or another program of theirs says so)."""

    conversation: str
    message: MessageRef


@dataclass(frozen=True)
class ConversationArranged(Event):
    """How the person keeps a conversation, as another program of theirs says; None leaves a part as it is.

    ``low``: of little interest. ``marked_unread``: they want to come back to it, read or not. What they have decided in
    this house and what is not told to the network yet (Arrange) counts more.
    """

    conversation: str
    pinned: bool | None = None
    muted: bool | None = None
    low: bool | None = None
    marked_unread: bool | None = None


@dataclass(frozen=True)
class SpaceChanged(Event):
    """Conversations that belong together on the network: ``space`` is its id there, ``name`` what it is called.

    ``conversations`` are all that are in it by now, also those by way of a space in this one; those that the house does
    not know are left out, so it is told again when one of them comes. ``gone``: there is no such space any more.
    """

    space: str
    name: str = ""
    conversations: tuple[str, ...] = ()
    gone: bool = False


@dataclass(frozen=True)
class GapFound(Event):
    """Between what we have of this conversation and what follows, messages are missing.

    They can be asked for with ``older(before=…)`` of the message after the gap; until then a line says so.
    """

    conversation: str


@dataclass(frozen=True)
class Batch:
    """Events in the network's order, and the checkpoint that holds once they are stored (None: unchanged).

    Both are committed in one transaction. A checkpoint is opaque bytes; ``open`` gets the last one back.
    """

    events: tuple[Event, ...]
    origin: Origin
    checkpoint: bytes | None = None
