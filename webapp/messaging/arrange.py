"""How a person keeps their conversations: drafts, pins, silence, marks."""

from sqlmodel import Session, col, select

from webapp.changes import ConversationChanged, OutboxFilled, RowChanged
from webapp.database import announce
from webapp.languages import N_, Sentence
from webapp.messaging.access import conversation_called, conversation_of
from webapp.messaging.errors import NotPossible
from webapp.messaging.leases import Holding
from webapp.messaging.unread import count_unread, set_unread
from webapp.models import Account, Conversation, OutboxEntry
from webapp.models.outbox import OutboxKind
from webapp.networks import network
from webapp.networks.events import ConversationArranged

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
    conversation.pinned, conversation.low = pinned, conversation.low and not pinned
    _keep(db, conversation)


def set_muted(db: Session, user_id: int, conversation_id: int, muted: bool) -> None:
    """Let a conversation be quiet: its unread count stays, but does not call. Raises NotYours."""
    conversation = conversation_of(db, user_id, conversation_id)
    conversation.muted = muted
    _keep(db, conversation)


def set_low(db: Session, user_id: int, conversation_id: int, low: bool) -> None:
    """Let the row of a conversation be a quiet one, or not. Raises NotYours."""
    conversation = conversation_of(db, user_id, conversation_id)
    conversation.low, conversation.pinned = low, conversation.pinned and not low
    _keep(db, conversation)


def set_marked_unread(db: Session, user_id: int, conversation_id: int, marked: bool) -> None:
    """Have a conversation look unread, to come back to it; or not any more. Raises NotYours."""
    conversation = conversation_of(db, user_id, conversation_id)
    _mark(db, conversation, marked)
    _keep(db, conversation)


def unmark(db: Session, conversation: Conversation) -> None:
    """The person came back to it."""
    if conversation.marked_unread:
        _mark(db, conversation, False)
        _keep(db, conversation)


def change_arrangement(db: Session, account: Holding, event: ConversationArranged) -> None:
    """How the person keeps a conversation, as another program says; what was decided here and waits counts more."""
    conversation = conversation_called(db, account.id, event.conversation)
    if conversation is None or _waiting(db, conversation, False) is not None:
        return
    for name in ("pinned", "muted", "low"):
        told = getattr(event, name)
        if told is not None:
            setattr(conversation, name, told)
    if event.marked_unread is not None and event.marked_unread != conversation.marked_unread:
        _mark(db, conversation, event.marked_unread)
    db.add(conversation)
    announce(db, ConversationChanged(conversation.user_id, conversation.id))


def _mark(db: Session, conversation: Conversation, marked: bool) -> None:
    conversation.marked_unread = marked
    set_unread(db, conversation, *count_unread(db, conversation))


def _keep(db: Session, conversation: Conversation) -> None:
    """Store it, and have the network told, where the person's other programs hear of it by that."""
    db.add(conversation)
    announce(db, ConversationChanged(conversation.user_id, conversation.id))
    account = db.get_one(Account, conversation.account_id)
    kind = network(account.network)
    if kind is None or not kind.capabilities.arrangement or account.removed_at is not None:
        return
    if _waiting(db, conversation, True) is None:
        here = {"account_id": account.id, "conversation_id": conversation.id}
        db.add(OutboxEntry(**here, message_id=None, kind=OutboxKind.ARRANGE))
    announce(db, OutboxFilled(account.id))


def _waiting(db: Session, conversation: Conversation, not_begun: bool) -> OutboxEntry | None:
    """What the network is still to be told of it; it is told what is so when it is told."""
    query = select(OutboxEntry).where(
        col(OutboxEntry.conversation_id) == conversation.id, col(OutboxEntry.kind) == OutboxKind.ARRANGE
    )
    return db.exec(query.where(col(OutboxEntry.started_at).is_(None)) if not_begun else query).first()
