"""What waits to be carried out."""

from enum import StrEnum

from sqlalchemy import Index, UniqueConstraint
from sqlmodel import SQLModel

from webapp.models.columns import choice, foreign, key, moment


class OutboxKind(StrEnum):
    """Which action an entry stands for."""

    SEND_TEXT = "send_text"
    MARK_READ = "mark_read"
    ARRANGE = "arrange"


class OutboxEntry(SQLModel, table=True):
    """An action that waits for its session. The oldest of a conversation goes first, one at a time (D2).

    ``started_at`` is set before the network is told: an entry that was started and not settled may have gone out, and
    ``already_sent`` is asked before it goes again (D3, D4). ``message_id`` is None for what is about no message.
    """

    __tablename__ = "outbox"
    __table_args__ = (
        Index("outbox_due", "account_id", "conversation_id", "id"),
        UniqueConstraint("message_id", "kind"),
    )

    id: int = key()
    account_id: int = foreign("account.id")
    conversation_id: int = foreign("conversation.id", index=True)
    message_id: int | None = foreign("message.id", nullable=True)
    kind: OutboxKind = choice(OutboxKind)
    created_at: int = moment(default_now=True)
    started_at: int | None = moment(nullable=True)
    attempts: int = 0
