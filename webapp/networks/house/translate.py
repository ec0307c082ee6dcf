"""From the entries of the log to our events. Pure: what an entry means to one resident."""

from datetime import UTC, datetime

from webapp.languages import N_, Sentence
from webapp.networks.events import (
    ConversationChanged,
    ConversationKind,
    ConversationState,
    Delivery,
    DeliveryChanged,
    Event,
    Member,
    MembersChanged,
    MessageReceived,
    MessageRef,
    ReadElsewhere,
)
from webapp.networks.house.log import Entry, Room

CLOSED = Sentence(N_("Whoever looks after this house has closed this group for everyone."))


def kind_of(room: Room) -> ConversationKind:
    """A pair is direct, everything else is a group."""
    return ConversationKind.DIRECT if room.is_pair else ConversationKind.GROUP


def describe(room: Room, me: str) -> list[Event]:
    """A room as it stands: what it is called and who is in it."""
    others = [name for key, name in room.members.items() if key != me]
    name = ", ".join(others) if room.is_pair else room.name
    changed = ConversationChanged(
        room.id, kind_of(room), name=name, state=ConversationState.JOINED, listed=None if room.is_pair else True
    )
    if room.is_pair:
        return [changed]
    members = tuple(Member(name, name) for name in room.members.values())
    return [changed, MembersChanged(room.id, members, complete=True)]


def translate(entry: Entry, room: Room, names: dict[str, str], me: str) -> list[Event]:
    """What an entry means to the resident ``me``."""
    match entry.kind:
        case "said":
            return [_message(entry, room, names, me, entry.text)]
        case "read":
            return [_read(entry, me)]
        case "topic":
            told = Sentence(
                N_("%(who)s called this group “%(name)s”."), {"who": _name(entry, names), "name": entry.text}
            )
            return [*describe(room, me), _message(entry, room, names, me, told)]
        case "joined":
            return describe(room, me)
        case "left" | "closed" if entry.resident == me:
            reason = CLOSED if entry.kind == "closed" else None
            return [ConversationChanged(room.id, kind_of(room), state=ConversationState.LEFT, reason=reason)]
        case _:
            return [MembersChanged(room.id, gone=(_name(entry, names),))]


def _message(entry: Entry, room: Room, names: dict[str, str], me: str, body: str | Sentence) -> MessageReceived:
    return MessageReceived(
        conversation=room.id,
        kind=kind_of(room),
        remote_id=str(entry.id),
        sender=_name(entry, names),
        body=body,
        sent_at=datetime.fromtimestamp(entry.at / 1_000_000, UTC),
        own=entry.resident == me,
        transaction_id=entry.transaction_id,
        reference=str(entry.id),
        sender_name=_name(entry, names),
        quiet=entry.kind != "said",
    )


def _read(entry: Entry, me: str) -> Event:
    ref = MessageRef(remote_id=str(entry.about))
    if entry.resident == me:
        return ReadElsewhere(entry.room, ref)
    return DeliveryChanged(entry.room, ref, Delivery.READ, up_to=True)


def _name(entry: Entry, names: dict[str, str]) -> str:
    return names.get(entry.resident, entry.resident)
