"""A change: what a screen, or a session, must catch up with. It carries ids only; who needs more reads the rows.

A verb announces its changes on its database session; they are told to the hub after the commit, so nobody ever
looks at something that may still be rolled back.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Change:
    """Something that screens of ``user_id`` show has changed."""

    user_id: int


@dataclass(frozen=True)
class MessageChanged(Change):
    """A message is new, or its words, its place or its delivery are."""

    conversation_id: int
    message_id: int


@dataclass(frozen=True)
class MessageGone(Change):
    """A message no longer exists."""

    conversation_id: int
    message_id: int


@dataclass(frozen=True)
class RowChanged(Change):
    """The line of a conversation in the inbox, and nothing else of it: preview, unread, draft, failed."""

    conversation_id: int


@dataclass(frozen=True)
class UnreadChanged(Change):
    """How many of the user's conversations have something unread."""


@dataclass(frozen=True)
class ConversationChanged(Change):
    """A conversation itself, and so its line too: name, topic, members, pin, state."""

    conversation_id: int


@dataclass(frozen=True)
class ConversationGone(Change):
    """A conversation is no longer in the inbox."""

    conversation_id: int


@dataclass(frozen=True)
class HistoryLoaded(Change):
    """Messages were put in front of, or between, those that were there, or their sender has another name."""

    conversation_id: int


@dataclass(frozen=True)
class TypingChanged(Change):
    """Who is typing in a conversation."""

    conversation_id: int


@dataclass(frozen=True)
class AccountChanged(Change):
    """State, reason or address of an account; also: it is new, or gone."""

    account_id: int


@dataclass(frozen=True)
class ContactsChanged(Change):
    """Contacts of an account: names, presence, requests."""

    account_id: int


@dataclass(frozen=True)
class LooksChanged(Change):
    """What people whom an account knows look like."""

    account_id: int


@dataclass(frozen=True)
class SpacesChanged(Change):
    """Which spaces there are, what they are called, or which conversations are in them."""


@dataclass(frozen=True)
class SettingsChanged(Change):
    """The user's own settings: every page must be drawn anew."""


@dataclass(frozen=True)
class SignInEnded(Change):
    """A sign-in of this user is no longer valid (all of them if ``sign_in_id`` is None): close its sockets."""

    sign_in_id: int | None


@dataclass(frozen=True)
class OutboxFilled:
    """Something waits to be carried out by the session of ``account_id``."""

    account_id: int


@dataclass(frozen=True)
class PictureWanted:
    """A conversation of ``account_id``, or somebody, looks like something that nobody here has seen yet."""

    account_id: int


@dataclass(frozen=True)
class AccountWanted:
    """An account was made, resumed, paused, signed in again or removed: the keeper must look at it."""

    account_id: int


Announcement = Change | OutboxFilled | PictureWanted | AccountWanted
