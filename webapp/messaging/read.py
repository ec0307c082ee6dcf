"""How far a person has read: one position for each conversation, and it only moves forward.

It is moved by reading here, by a message of one's own from any device, and by what one's other devices say. Edits and
reactions never raise unread.
"""

from sqlmodel import Session, col, func, select

from webapp.changes import OutboxFilled, RowChanged
from webapp.database import announce
from webapp.messaging.access import conversation_of, message_of
from webapp.messaging.errors import NotYours
from webapp.messaging.positions import PENDING, is_pending
from webapp.messaging.unread import set_unread
from webapp.models import Conversation, Message, OutboxEntry
from webapp.models.outbox import OutboxKind
from webapp.networks.events import ConversationState


def mark_read(db: Session, user_id: int, conversation_id: int, message_id: int) -> None:
    """The person has seen this message, so everything up to it is read; the network is told. Raises NotYours."""
    message, conversation = message_of(db, user_id, message_id)
    if conversation.id != conversation_id:
        raise NotYours
    position = conversation.next_position - 1 if is_pending(message.position) else message.position
    if move_read(db, conversation, position):
        _tell_network(db, conversation)


def mark_invitation_seen(db: Session, user_id: int, conversation_id: int) -> None:
    """An invitation has no message to read; looking at it is enough."""
    conversation = conversation_of(db, user_id, conversation_id)
    if conversation.state == ConversationState.INVITED and conversation.unread:
        set_unread(db, conversation, 0)
        db.add(conversation)
        announce(db, RowChanged(user_id, conversation.id))


def move_read(db: Session, conversation: Conversation, position: int) -> bool:
    """Move the position forward and count anew what is unread. False if it stood there or further already."""
    if position <= conversation.read_up_to:
        return False
    conversation.read_up_to = position
    set_unread(db, conversation, *_count_after(db, conversation, position))
    db.add(conversation)
    announce(db, RowChanged(conversation.user_id, conversation.id))
    return True


def _count_after(db: Session, conversation: Conversation, position: int) -> tuple[int, int]:
    """How many messages behind this position were not read, and how many of them name the person."""
    query = select(func.count(), func.count().filter(col(Message.mention))).where(
        Message.conversation_id == conversation.id,
        col(Message.position) > position,
        col(Message.position) < PENDING,
        col(Message.own).is_(False),
        col(Message.quiet).is_(False),
    )
    unread, mentions = db.exec(query).one()
    return unread, mentions


def _tell_network(db: Session, conversation: Conversation) -> None:
    """Put one entry into the outbox for the newest message of others; one that waits already is moved on."""
    newest = db.exec(
        select(Message)
        .where(
            Message.conversation_id == conversation.id,
            col(Message.position) <= conversation.read_up_to,
            col(Message.own).is_(False),
        )
        .order_by(col(Message.position).desc())
        .limit(1)
    ).first()
    if newest is None:
        return
    waiting = db.exec(
        select(OutboxEntry).where(
            OutboxEntry.conversation_id == conversation.id,
            OutboxEntry.kind == OutboxKind.MARK_READ,
            col(OutboxEntry.started_at).is_(None),
        )
    ).first()
    entry = waiting or OutboxEntry(
        account_id=conversation.account_id,
        conversation_id=conversation.id,
        message_id=newest.id,
        kind=OutboxKind.MARK_READ,
    )
    entry.message_id = newest.id
    db.add(entry)
    announce(db, OutboxFilled(conversation.account_id))
