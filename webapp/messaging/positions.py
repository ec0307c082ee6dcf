"""Where a message stands in its conversation.

Positions are integers and are the network's order. New messages take the next one; older history goes below the
first. What the network has not placed yet stands from ``PENDING`` on, so it comes last. Where messages are known to be
missing, ``GAP`` positions are left out, and the message after them stands on a multiple of it.
"""

from sqlmodel import Session, col, func, select

from webapp.models import Conversation, Message
from webapp.models.columns import now

PENDING = 2**62
GAP = 2**32


def is_pending(position: int) -> bool:
    """Whether the network has not placed this yet."""
    return position >= PENDING


def take_next(conversation: Conversation) -> int:
    """The place after everything that the network has placed."""
    position = conversation.next_position
    conversation.next_position += 1
    return position


def take_before(conversation: Conversation, count: int) -> int:
    """Room for ``count`` older messages in front; returns the lowest of the places."""
    conversation.first_position -= count
    return conversation.first_position + 1


def take_pending(db: Session, conversation: Conversation) -> int:
    """The place at the very end, for what has just been written here."""
    query = select(func.max(Message.position)).where(
        Message.conversation_id == conversation.id, col(Message.position) >= PENDING
    )
    return max(PENDING + now(), (db.exec(query).one() or 0) + 1)


def leave_gap(conversation: Conversation) -> None:
    """Make room for what is missing; the next message will know that it stands behind a gap."""
    conversation.next_position = (conversation.next_position // GAP + 1) * GAP


def stands_behind_gap(position: int) -> bool:
    """Whether a new message with this position comes after a gap."""
    return 0 < position < PENDING and position % GAP == 0
