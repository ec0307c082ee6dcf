"""Taking in what a network says: one batch, one transaction, and the checkpoint with it (D5)."""

from sqlmodel import Session

from webapp.messaging import conversations, people, receipts
from webapp.messaging.arrivals import Arrivals
from webapp.messaging.leases import must_hold
from webapp.models import Account
from webapp.networks.events import (
    Batch,
    ContactChanged,
    ContactGone,
    ConversationChanged,
    DeliveryChanged,
    Event,
    GapFound,
    InvitationReceived,
    MembersChanged,
    MessageReceived,
    PresenceChanged,
    ReadElsewhere,
    TypingChanged,
)


def receive(db: Session, account_id: int, epoch: int, batch: Batch, checkpoint: bytes | None) -> None:
    """Store a batch of the account's network and the (sealed) checkpoint that holds after it.

    Doing it twice changes nothing the second time. Raises LeaseLost.
    """
    must_hold(db, account_id, epoch)
    account = db.get_one(Account, account_id)
    arrivals = Arrivals(db, account, batch)
    for event in batch.events:
        take_in(db, account, event, arrivals)
    arrivals.finish()
    if checkpoint is not None:
        account.checkpoint = checkpoint
        db.add(account)


def take_in(db: Session, account: Account, event: Event, arrivals: Arrivals) -> None:
    """Hand one event to the verb that it is for."""
    match event:
        case MessageReceived():
            arrivals.take_in(event)
            return
        case _:
            arrivals.finish()  # what follows may look at messages of this batch
    match event:
        case ConversationChanged():
            conversations.change(db, account, event)
        case InvitationReceived():
            conversations.invite(db, account, event)
        case GapFound():
            conversations.note_gap(db, account, event)
        case MembersChanged():
            people.change_members(db, account, event)
        case ContactChanged():
            people.change_contact(db, account, event)
        case ContactGone():
            people.forget_contact(db, account, event)
        case PresenceChanged():
            people.change_presence(db, account, event)
        case TypingChanged():
            people.change_typing(db, account, event)
        case DeliveryChanged():
            receipts.change_delivery(db, account, event)
        case ReadElsewhere():
            receipts.read_elsewhere(db, account, event)
        case _:
            raise TypeError(f"no verb takes in {type(event).__name__}")
