"""How much of a conversation is unread, and the word to the screens when that begins or ends."""

from sqlmodel import Session

from webapp.changes import UnreadChanged
from webapp.database import announce
from webapp.models import Conversation


def set_unread(db: Session, conversation: Conversation, unread: int, mentions: int = 0) -> None:
    """So many messages are unread, and so many of them name the person."""
    if bool(unread) != bool(conversation.unread):
        announce(db, UnreadChanged(conversation.user_id))
    conversation.unread, conversation.mentions = unread, mentions


def raise_unread(db: Session, conversation: Conversation, unread: int, mentions: int) -> None:
    """So many more."""
    if unread:
        set_unread(db, conversation, conversation.unread + unread, conversation.mentions + mentions)
