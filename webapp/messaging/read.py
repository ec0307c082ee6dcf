"""How far a person has read: one position for each conversation, and it only moves forward.

It is moved by reading here, by a message of one's own from any device, and by what one's other devices say. Edits and
reactions never raise unread.
"""

from functools import cache

from sqlalchemy import bindparam
from sqlmodel import Session, col, select
from sqlmodel.sql.expression import SelectOfScalar

from webapp.changes import OutboxFilled, RowChanged
from webapp.database import announce
from webapp.messaging.access import conversation_of, message_of
from webapp.messaging.arrange import unmark
from webapp.messaging.errors import NotYours
from webapp.messaging.positions import is_pending
from webapp.messaging.unread import count_unread, set_unread
from webapp.models import Conversation, Message, OutboxEntry
from webapp.models.outbox import OutboxKind
from webapp.networks.events import ConversationState


def mark_read(db: Session, user_id: int, conversation_id: int, message_id: int) -> None:
    """The person has seen this message, so everything up to it is read; the network is told. Raises NotYours."""
    message, conversation = message_of(db, user_id, message_id)
    if conversation.id != conversation_id:
        raise NotYours
    position = conversation.next_position - 1 if is_pending(message.position) else message.position
    if not read_here(db, conversation, position):
        _see_invitation(db, conversation)


def mark_invitation_seen(db: Session, user_id: int, conversation_id: int) -> None:
    """An invitation has no message to read; looking at it is enough."""
    _see_invitation(db, conversation_of(db, user_id, conversation_id))


def _see_invitation(db: Session, conversation: Conversation) -> None:
    """Only the messages count from now on."""
    if conversation.state == ConversationState.INVITED and conversation.unread:
        set_unread(db, conversation, *count_unread(db, conversation))
        db.add(conversation)
        announce(db, RowChanged(conversation.user_id, conversation.id))


def read_here(db: Session, conversation: Conversation, position: int) -> bool:
    """Move the position, and tell the network of it. False if it stood there or further already."""
    unmark(db, conversation)
    moved = move_read(db, conversation, position)
    if moved:
        _tell_network(db, conversation)
    return moved


def move_read(db: Session, conversation: Conversation, position: int) -> bool:
    """Move the position forward and count anew what is unread. False if it stood there or further already."""
    if position <= conversation.read_up_to:
        return False
    conversation.read_up_to = position
    set_unread(db, conversation, *count_unread(db, conversation))
    db.add(conversation)
    announce(db, RowChanged(conversation.user_id, conversation.id))
    return True


def _tell_network(db: Session, conversation: Conversation) -> None:
    """Put one entry into the outbox for the newest message of others; one that waits already is moved on."""
    here = {"conversation": conversation.id}
    newest = db.exec(_last_of_others(), params={**here, "up_to": conversation.read_up_to}).first()
    if newest is None:
        return
    entry = db.exec(_waiting_mark(), params=here).first() or OutboxEntry(
        account_id=conversation.account_id,
        conversation_id=conversation.id,
        message_id=newest,
        kind=OutboxKind.MARK_READ,
    )
    entry.message_id = newest
    db.add(entry)
    announce(db, OutboxFilled(conversation.account_id))


@cache
def _last_of_others() -> SelectOfScalar[int]:
    here = col(Message.conversation_id) == bindparam("conversation")
    others = here & (col(Message.position) <= bindparam("up_to")) & col(Message.own).is_(False)
    return select(Message.id).where(others).order_by(col(Message.position).desc()).limit(1)


@cache
def _waiting_mark() -> SelectOfScalar[OutboxEntry]:
    here = col(OutboxEntry.conversation_id) == bindparam("conversation")
    mark = col(OutboxEntry.kind) == OutboxKind.MARK_READ
    return select(OutboxEntry).where(here, mark, col(OutboxEntry.started_at).is_(None))
