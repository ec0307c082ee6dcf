"""A conversation and who is in it."""

from sqlalchemy import BigInteger, Index, UniqueConstraint, text
from sqlmodel import Field, SQLModel

from webapp.models.columns import choice, foreign, key, moment
from webapp.networks.events import ConversationKind, ConversationState


class Conversation(SQLModel, table=True):
    """What one account says and hears with one other, or in one group.

    ``remote_id`` is its id out there. The last message is denormalised (``preview*``, ``last_activity``), and so are
    ``unread``, ``mentions`` and ``failed``, because the inbox must cost the same with ten conversations and ten
    thousand. ``read_up_to`` is a message position and only moves forward. ``draft`` is what was typed and not sent.
    ``more_history``: older messages can still be asked for. ``next_position`` is where the next message goes.
    ``invited_by`` and ``invitation`` are who asks and their words, while that waits for an answer. ``left_because`` (a
    Sentence as JSON) is why the person is not in a group any more, when that was not their own doing. ``partner`` is
    the address of the other one in a direct conversation whose ``remote_id`` is not that address. ``members`` is how
    many the network says are in it (0: it does not say, the memberships count). ``bridged`` is what a bridge calls the
    network on its other side, ``successor`` the ``remote_id`` of the conversation in which this one goes on. ``seal``
    and ``warning`` are JSON (``messaging.seals``): who can read along here, and what the person has to see first.
    ``low``: of little interest, its row is a quiet one. ``marked_unread``: the person wants to come back to it; then
    ``unread`` is at least 1. ``former`` are the names of those who were in it, where nobody else is and it has no name.
    ``is_space``: an invitation into a space, which is no conversation once it is answered.
    ``picture`` is what the network calls its picture, ``picture_id`` the one that we made of it (None: none so far).
    """

    __table_args__ = (
        UniqueConstraint("account_id", "remote_id"),
        Index("conversation_inbox", "user_id", "listed", "pinned", "last_activity", "id"),
        Index("conversation_of_account", "account_id", "listed", "pinned", "last_activity", "id"),
        Index(
            "conversation_unread",
            *("user_id", "listed", "pinned", "last_activity", "id"),
            sqlite_where=text("unread > 0"),
            postgresql_where=text("unread > 0"),
        ),
        Index(
            "conversation_picture",
            *("account_id", "last_activity"),
            sqlite_where=text("picture <> '' AND picture_id IS NULL"),
            postgresql_where=text("picture <> '' AND picture_id IS NULL"),
        ),
        Index(
            "conversation_successor",
            *("account_id", "successor"),
            sqlite_where=text("successor <> ''"),
            postgresql_where=text("successor <> ''"),
        ),
    )

    id: int = key()
    user_id: int = foreign("users.id")
    account_id: int = foreign("account.id")
    remote_id: str
    kind: ConversationKind = choice(ConversationKind)
    state: ConversationState = choice(ConversationState, ConversationState.JOINED)
    name: str = ""
    topic: str = ""
    listed: bool = False
    pinned: bool = False
    muted: bool = False
    last_activity: int = moment(default_now=True)
    preview: str = ""
    preview_is_sentence: bool = False
    preview_sender: str = ""
    preview_own: bool = False
    unread: int = 0
    mentions: int = 0
    failed: int = 0
    read_up_to: int = Field(default=0, sa_type=BigInteger)
    next_position: int = Field(default=1, sa_type=BigInteger)
    first_position: int = Field(default=0, sa_type=BigInteger)
    draft: str = ""
    invited_by: str = ""
    invitation: str = ""
    left_because: str = ""
    more_history: bool = True
    partner: str = ""
    members: int = 0
    bridged: str = ""
    successor: str = ""
    seal: str = ""
    warning: str = ""
    low: bool = False
    marked_unread: bool = False
    former: str = ""
    is_space: bool = False
    picture: str = ""
    picture_id: int | None = Field(default=None, sa_type=BigInteger, nullable=True)


class Membership(SQLModel, table=True):
    """An identity in a conversation. ``name`` is what they are called there, ``role`` what they may do."""

    __table_args__ = (UniqueConstraint("conversation_id", "identity_id"),)

    id: int = key()
    conversation_id: int = foreign("conversation.id")
    identity_id: int = foreign("identity.id", index=True)
    name: str = ""
    role: str = ""
    present: bool = True
