"""What the other side, and the person's other devices, tell about messages that we have."""

from sqlmodel import Session, col, select

from webapp.messaging.access import conversation_called, message_called
from webapp.messaging.delivery import is_further, set_delivery
from webapp.messaging.leases import Holding
from webapp.messaging.positions import is_pending
from webapp.messaging.read import move_read
from webapp.models import Message
from webapp.networks.events import Delivery, DeliveryChanged, ReadElsewhere

MOST_AT_ONCE = 500


def change_delivery(db: Session, account: Holding, event: DeliveryChanged) -> None:
    """A message of ours was delivered or read; with ``up_to`` those before it were too, whoever said that one."""
    conversation = conversation_called(db, account.id, event.conversation)
    message = message_called(db, conversation, event.message) if conversation else None
    if conversation is None or message is None or not (message.own or event.up_to):
        return
    if event.delivery == Delivery.FAILED:
        if message.own and message.delivery in (Delivery.SENDING, Delivery.SENT):
            set_delivery(db, conversation, message, Delivery.FAILED, event.reason)
        return
    this = [message] if message.own else []
    for each in [*this, *(_earlier(db, message, event.delivery) if event.up_to else [])]:
        if is_further(event.delivery, each.delivery):
            set_delivery(db, conversation, each, event.delivery)


def read_elsewhere(db: Session, account: Holding, event: ReadElsewhere) -> None:
    """The person has read up to here on another device."""
    conversation = conversation_called(db, account.id, event.conversation)
    message = message_called(db, conversation, event.message) if conversation else None
    if conversation is not None and message is not None and not is_pending(message.position):
        move_read(db, conversation, message.position)


def _earlier(db: Session, message: Message, delivery: Delivery) -> list[Message]:
    """Our messages before this one that have not come as far, newest first; as many as one transaction should touch."""
    behind = [Delivery.SENT] if delivery == Delivery.DELIVERED else [Delivery.SENT, Delivery.DELIVERED]
    query = (
        select(Message)
        .where(
            Message.conversation_id == message.conversation_id,
            col(Message.position) < message.position,
            col(Message.own),
            col(Message.delivery).in_(behind),
        )
        .order_by(col(Message.position).desc())
        .limit(MOST_AT_ONCE)
    )
    return list(db.exec(query))
