"""Saying something. The message and what must be done for it are one transaction; the bubble follows from that."""

from uuid import UUID, uuid4

from sqlalchemy import delete
from sqlmodel import Session, col, select

from webapp.changes import MessageChanged, MessageGone, OutboxFilled, RowChanged
from webapp.database import announce
from webapp.formatted import from_markdown
from webapp.languages import N_, Sentence
from webapp.messaging.access import conversation_of, message_of
from webapp.messaging.delivery import ASKS_SOMETHING, set_delivery
from webapp.messaging.errors import NotPossible
from webapp.messaging.positions import take_pending
from webapp.messaging.preview import show_in_inbox, show_newest
from webapp.messaging.read import read_here
from webapp.models import Account, Conversation, Message, OutboxEntry
from webapp.models.columns import now
from webapp.models.outbox import OutboxKind
from webapp.networks import network
from webapp.networks.events import ConversationKind, ConversationState, Delivery

_NOT_IN = {
    ConversationState.INVITED: Sentence(N_("Accept the invitation first, then write. Your text is still here.")),
    ConversationState.ASKED: Sentence(
        N_("You asked to be let in, and nobody has agreed yet. Write when you are in. Your text is still here.")
    ),
    ConversationState.DECLINED: Sentence(
        N_("You declined to join this group, so you cannot write to it. Your text is still here.")
    ),
    ConversationState.LEFT: Sentence(
        N_("You are not in this group any more, so you cannot write to it. Your text is still here.")
    ),
}
"""Why nothing can be said in a group. With somebody alone one can always talk, contact or not."""
_WARNED = Sentence(
    N_("Read the notice above first: something about who can read along has changed. Your text is still here.")
)
_GOES_ON = Sentence(N_("This conversation goes on in another one; write there. Your text is still here."))


def send_text(db: Session, user_id: int, conversation_id: int, body: str, key: str) -> Message:
    """Say ``body`` in a conversation of the user's; returns the waiting message.

    ``key`` is chosen once for each composition: the same key is the same message, however often it is posted (D6).
    Raises NotYours; NotPossible when the text is empty or too long, or nobody can be written to here.
    """
    conversation = conversation_of(db, user_id, conversation_id)
    transaction_id = _as_transaction_id(key)
    already = _sent_before(db, conversation, transaction_id)
    if already is not None:
        return already
    text = _checked(db, conversation, body)
    message = Message(
        conversation_id=conversation.id,
        position=take_pending(db, conversation),
        transaction_id=transaction_id,
        own=True,
        body=text,
        formatted=_formatted(db, conversation, text),
        sent_at=now(),
        delivery=Delivery.WAITING,
    )
    db.add(message)
    db.flush()
    read_here(db, conversation, conversation.next_position - 1)
    show_in_inbox(conversation, message)
    conversation.draft = ""
    _put_into_outbox(db, conversation, message)
    return message


def retry(db: Session, user_id: int, message_id: int) -> None:
    """Send a message again that failed, or of which nobody knows. Raises NotYours; does nothing to any other."""
    message, conversation = message_of(db, user_id, message_id)
    if message.delivery not in ASKS_SOMETHING:
        return
    _checked(db, conversation, message.body)
    message.position = take_pending(db, conversation)
    set_delivery(db, conversation, message, Delivery.WAITING)
    _put_into_outbox(db, conversation, message)


def delete_unsent(db: Session, user_id: int, message_id: int) -> None:
    """Forget a message that failed, or of which nobody knows. Raises NotYours, NotPossible for one that is out."""
    message, conversation = message_of(db, user_id, message_id)
    if message.delivery not in ASKS_SOMETHING:
        raise NotPossible(Sentence(N_("This message was sent. Only one that was not can be deleted here.")))
    conversation.failed -= 1
    db.exec(delete(Message).where(col(Message.id) == message.id))
    show_newest(db, conversation)
    announce(db, MessageGone(user_id, conversation.id, message_id), RowChanged(user_id, conversation.id))


def _as_transaction_id(key: str) -> str:
    """A key that is no UUID is as good as none: the message is new."""
    try:
        return str(UUID(key))
    except ValueError:
        return str(uuid4())


def _sent_before(db: Session, conversation: Conversation, transaction_id: str) -> Message | None:
    query = select(Message).where(
        Message.conversation_id == conversation.id, Message.transaction_id == transaction_id, col(Message.own)
    )
    return db.exec(query).first()


def _checked(db: Session, conversation: Conversation, body: str) -> str:
    """The text as it will be sent: line ends made one, white space at the end and characters XML forbids left out."""
    text = "".join(c for c in body.replace("\r\n", "\n").replace("\r", "\n") if c >= " " or c in "\n\t").rstrip()
    if not text.strip():
        raise NotPossible(Sentence(N_("Write something first, then send it.")))
    account = db.get_one(Account, conversation.account_id)
    kind = network(account.network)
    if account.removed_at is not None or kind is None:
        raise NotPossible(Sentence(N_("This account was removed. Its history can be read, but nothing can be sent.")))
    if conversation.kind == ConversationKind.GROUP and conversation.state in _NOT_IN:
        raise NotPossible(_NOT_IN[conversation.state])
    if conversation.successor:
        raise NotPossible(_GOES_ON)
    if conversation.warning:
        raise NotPossible(_WARNED)
    longest = kind.capabilities.longest_text
    if len(text) > longest:
        reason = N_("This text has %(length)s characters; %(network)s takes %(longest)s. Shorten it or split it.")
        raise NotPossible(Sentence(reason, {"length": len(text), "longest": longest, "network": Sentence(kind.label)}))
    return text


def _formatted(db: Session, conversation: Conversation, text: str) -> str:
    """The text as HTML, for a network that carries it; empty where nothing in it is formatted."""
    kind = network(db.get_one(Account, conversation.account_id).network)
    return (from_markdown(text) or "") if kind and kind.capabilities.formatting else ""


def _put_into_outbox(db: Session, conversation: Conversation, message: Message) -> None:
    db.add(conversation)
    db.add(
        OutboxEntry(
            account_id=conversation.account_id,
            conversation_id=conversation.id,
            message_id=message.id,
            kind=OutboxKind.SEND_TEXT,
        )
    )
    announce(
        db,
        MessageChanged(conversation.user_id, conversation.id, message.id),
        RowChanged(conversation.user_id, conversation.id),
        OutboxFilled(conversation.account_id),
    )
