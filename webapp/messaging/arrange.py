"""How a person keeps their conversations: drafts, pins, silence."""

from sqlmodel import Session

from webapp.changes import ConversationChanged, RowChanged
from webapp.database import announce
from webapp.languages import N_, Sentence
from webapp.messaging.access import conversation_of
from webapp.messaging.errors import NotPossible

LONGEST_DRAFT = 100_000


def save_draft(db: Session, user_id: int, conversation_id: int, text: str) -> None:
    """Keep what was typed and not sent, so that every tab, and the next visit, has it. Raises NotYours, NotPossible."""
    conversation = conversation_of(db, user_id, conversation_id)
    if len(text) > LONGEST_DRAFT:
        raise NotPossible(Sentence(N_("This text is too long to keep. What you typed is still here.")))
    draft = text if text.strip() else ""
    if conversation.draft != draft:
        conversation.draft = draft
        db.add(conversation)
        announce(db, RowChanged(user_id, conversation_id))


def set_pinned(db: Session, user_id: int, conversation_id: int, pinned: bool) -> None:
    """Keep a conversation at the top of the inbox, or let it go. Raises NotYours."""
    conversation = conversation_of(db, user_id, conversation_id)
    conversation.pinned = pinned
    db.add(conversation)
    announce(db, ConversationChanged(user_id, conversation_id))


def set_muted(db: Session, user_id: int, conversation_id: int, muted: bool) -> None:
    """Let a conversation be quiet: its unread count stays, but does not call. Raises NotYours."""
    conversation = conversation_of(db, user_id, conversation_id)
    conversation.muted = muted
    db.add(conversation)
    announce(db, ConversationChanged(user_id, conversation_id))
