"""Taking in what a network says: one batch, one transaction, and the checkpoint with it (D5)."""

from collections.abc import Callable
from functools import cache
from typing import Any

from sqlalchemy import Update, bindparam, update
from sqlmodel import Session, col

from webapp.messaging import arrange, conversations, looks, matters, members, opened, people, receipts, seals, spaces
from webapp.messaging.arrivals import Arrivals
from webapp.messaging.leases import Holding, held_account
from webapp.models import Account
from webapp.networks import events
from webapp.networks.events import Batch, Event, MessageReceived
from webapp.networks.matters import MattersChanged
from webapp.networks.sealing import SealChanged, TrustChanged

_VERBS: dict[type[Event], Callable[[Session, Holding, Any], None]] = {
    events.ConversationChanged: conversations.change,
    events.InvitationReceived: conversations.invite,
    events.ConversationGone: conversations.lose,
    events.ConversationArranged: arrange.change_arrangement,
    events.SpaceChanged: spaces.change_space,
    SealChanged: seals.change_seal,
    TrustChanged: seals.change_trust,
    MattersChanged: matters.change_matters,
    events.GapFound: conversations.note_gap,
    events.MembersChanged: members.change_members,
    events.LooksChanged: looks.change_looks,
    events.ContactChanged: people.change_contact,
    events.ContactGone: people.forget_contact,
    events.PresenceChanged: people.change_presence,
    events.TypingChanged: people.change_typing,
    events.MessageOpened: opened.open_message,
    events.DeliveryChanged: receipts.change_delivery,
    events.ReadElsewhere: receipts.read_elsewhere,
}


def receive(db: Session, account_id: int, epoch: int, batch: Batch, checkpoint: bytes | None) -> None:
    """Store a batch of the account's network and the (sealed) checkpoint that holds after it.

    Doing it twice changes nothing the second time. Raises LeaseLost.
    """
    account = held_account(db, account_id, epoch)
    take_in_all(db, account, batch.events, Arrivals(db, account, batch.origin))
    if checkpoint is not None:
        db.connection().execute(_move_checkpoint(), {"account": account_id, "to": checkpoint})


@cache
def _move_checkpoint() -> Update:
    """Built once: it is done with everything that arrives."""
    return update(Account).where(col(Account.id) == bindparam("account")).values(checkpoint=bindparam("to"))


def take_in_all(db: Session, account: Holding, happened: tuple[Event, ...], arrivals: Arrivals) -> None:
    """Hand each event to the verb that it is for, in order; messages that follow each other are stored together."""
    for event in happened:
        if isinstance(event, MessageReceived):
            arrivals.take_in(event)
        else:
            arrivals.finish()  # this one may be about a message of the same batch
            _VERBS[type(event)](db, account, event)
    arrivals.finish()
