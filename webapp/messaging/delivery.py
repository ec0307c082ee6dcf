"""How far a message of ours has come. Every change of it goes through ``set_delivery``."""

from sqlmodel import Session

from webapp.changes import MessageChanged, RowChanged
from webapp.database import announce
from webapp.languages import Sentence
from webapp.models import Conversation, Message
from webapp.networks.events import Delivery

ASKS_SOMETHING = (Delivery.FAILED, Delivery.UNCERTAIN)
_ORDER = [Delivery.WAITING, Delivery.SENDING, Delivery.SENT, Delivery.DELIVERED, Delivery.READ]


def is_further(delivery: Delivery, than: Delivery | None) -> bool:
    """Whether this is news: a receipt that comes late must not take a message back."""
    if than is None or than in ASKS_SOMETHING:
        return True
    return _ORDER.index(delivery) > _ORDER.index(than)


def set_delivery(
    db: Session, conversation: Conversation, message: Message, delivery: Delivery, reason: Sentence | None = None
) -> None:
    """Write the outcome, keep the conversation's count of failed messages, and announce."""
    asked = message.delivery in ASKS_SOMETHING
    asks = delivery in ASKS_SOMETHING
    message.delivery = delivery
    message.reason = reason.to_json() if reason else ""
    db.add(message)
    announce(db, MessageChanged(conversation.user_id, conversation.id, message.id))
    if asked != asks:
        conversation.failed += 1 if asks else -1
        db.add(conversation)
        announce(db, RowChanged(conversation.user_id, conversation.id))
