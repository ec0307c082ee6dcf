"""What was said."""

from sqlalchemy import BigInteger, Index, UniqueConstraint, text
from sqlmodel import Field, SQLModel

from webapp.models.columns import choice, foreign, key, moment
from webapp.networks.events import Delivery, Style


class Message(SQLModel, table=True):
    """What was said, by somebody, in a conversation.

    ``position`` orders a conversation: the network's order, not a clock's. What we sent and the network has not placed
    yet stands from ``PENDING`` on, after everything else. ``remote_id`` is the network's name for it (None: not told),
    ``transaction_id`` the one that the sender's program gave, ours for our own. ``reference`` is what a receipt must
    name. ``body`` is plain text, or a Sentence as JSON when ``is_sentence``. ``sent_at`` is the network's time;
    ``delivery`` and ``reason`` (a Sentence as JSON) are only there for our own. ``gap_before``: messages are missing
    between this one and the one before it. ``formatted`` is the foreign HTML of ``body``, empty where there is none.
    ``sealed``: it could not be decrypted (yet), ``body`` says why. ``untrusted`` (a Sentence as JSON): why it may not
    be what this sender said.
    """

    __table_args__ = (
        UniqueConstraint("conversation_id", "remote_id"),
        UniqueConstraint("conversation_id", "position"),
        Index("message_transaction", "conversation_id", "transaction_id"),
        Index("message_reference", "conversation_id", "reference"),
        Index(
            "message_own_transaction",
            *("conversation_id", "transaction_id"),
            unique=True,
            sqlite_where=text("own = 1"),
            postgresql_where=text("own"),
        ),
    )

    id: int = key()
    conversation_id: int = foreign("conversation.id")
    position: int = Field(sa_type=BigInteger)
    remote_id: str | None = None
    transaction_id: str | None = None
    reference: str | None = None
    sender_id: int | None = foreign("identity.id", nullable=True, index=True, on_delete="SET NULL")
    sender_name: str = ""
    own: bool = False
    body: str
    is_sentence: bool = False
    quiet: bool = False
    mention: bool = False
    sent_at: int = moment()
    stored_at: int = moment(default_now=True)
    delivery: Delivery | None = choice(Delivery, nullable=True)
    reason: str = ""
    gap_before: bool = False
    formatted: str = ""
    style: Style = choice(Style, Style.TEXT)
    sealed: bool = False
    untrusted: str = ""
