"""From what happens in the pretend world to our events. Pure."""

from webapp.networks.events import (
    ContactChanged,
    ConversationChanged,
    ConversationKind,
    Delivery,
    DeliveryChanged,
    Event,
    Member,
    MembersChanged,
    MessageReceived,
    MessageRef,
)
from webapp.networks.toy.world import ECHO, SANDPIT, Happened, Said


def introduce() -> tuple[Event, ...]:
    """Who and what there is, told at the beginning of each session."""
    members = (Member("greta", "Greta"), Member("hans", "Hans"))
    return (
        ContactChanged(ECHO, "Echo"),
        ConversationChanged(ECHO, ConversationKind.DIRECT, name="Echo", listed=True),
        ConversationChanged(SANDPIT, ConversationKind.GROUP, name="Sandpit", topic="Build and rebuild", listed=True),
        MembersChanged(SANDPIT, members, complete=True),
    )


def translate(said: Said | Happened, me: str) -> tuple[Event, ...]:
    """What was said, and, when it was said to me, that what I said before was read."""
    if isinstance(said, Happened):
        return said.events
    message = MessageReceived(
        conversation=said.place,
        kind=ConversationKind.GROUP if said.place == SANDPIT else ConversationKind.DIRECT,
        remote_id=said.id,
        sender=said.who,
        sender_name=said.who.capitalize(),
        body=said.text,
        sent_at=said.at,
        own=said.who == me,
        transaction_id=said.transaction_id,
        reference=said.id,
        formatted=said.formatted,
    )
    if said.answers is None:
        return (message,)
    read = DeliveryChanged(said.place, MessageRef(transaction_id=said.answers), Delivery.READ)
    return (read, message)
