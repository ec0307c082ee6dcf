"""How much of a conversation is unread, and the word to the screens when that begins or ends."""

from functools import cache

from sqlalchemy import bindparam
from sqlmodel import Session, col, func, select
from sqlmodel.sql.expression import Select

from webapp.changes import UnreadChanged
from webapp.database import announce
from webapp.messaging.positions import PENDING
from webapp.models import Conversation, Message


def set_unread(db: Session, conversation: Conversation, unread: int, mentions: int = 0) -> None:
    """So many messages are unread, and so many of them name the person. What they marked is never read through."""
    unread = max(unread, int(conversation.marked_unread))
    if bool(unread) != bool(conversation.unread):
        announce(db, UnreadChanged(conversation.user_id))
    conversation.unread, conversation.mentions = unread, mentions


def raise_unread(db: Session, conversation: Conversation, unread: int, mentions: int) -> None:
    """So many more."""
    if unread and conversation.marked_unread:
        before = count_unread(db, conversation)  # the mark stands for a message where there is none
        set_unread(db, conversation, before[0] + unread, before[1] + mentions)
    elif unread:
        set_unread(db, conversation, conversation.unread + unread, conversation.mentions + mentions)


def count_unread(db: Session, conversation: Conversation) -> tuple[int, int]:
    """How many messages behind the read position there are, and how many of them name the person."""
    values = {"conversation": conversation.id, "after": conversation.read_up_to}
    unread, mentions = db.exec(_counted(), params=values).one()
    return unread, mentions


@cache
def _counted() -> Select[int, int]:
    """Built once: it is asked with everything that is read."""
    return select(func.count(), func.count().filter(col(Message.mention))).where(
        col(Message.conversation_id) == bindparam("conversation"),
        col(Message.position) > bindparam("after"),
        col(Message.position) < PENDING,
        col(Message.own).is_(False),
        col(Message.quiet).is_(False),
    )
