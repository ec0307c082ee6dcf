"""Who has read how far (specification, "Receipts")."""

from collections.abc import Iterator, Mapping
from typing import Any

from webapp.networks.events import Delivery, DeliveryChanged, Event, MessageRef, ReadElsewhere
from webapp.networks.matrix.addresses import NoAddress, event_id
from webapp.networks.matrix.quarantine import text_in
from webapp.networks.matrix.rooms import Rooms

_KINDS = ("m.read", "m.read.private")


def receipts(room: str, content: Mapping[str, Any], me: str, rooms: Rooms, only: set[str] | None) -> list[Event]:
    """What receipts tell of: that others have read what we said, that we have read on another device.

    ``only``: of others' receipts those for these events; on the first look the rest is about nothing that we have.
    """
    found: list[Event] = []
    for name, users in _by_event(content):
        message = MessageRef(remote_id=rooms.stand_in(room, name))
        if me in users:
            found.append(ReadElsewhere(room, message))
        if users - {me} and (only is None or name in only):
            found.append(DeliveryChanged(room, message, Delivery.READ, up_to=True))
    return found


def _by_event(content: Mapping[str, Any]) -> Iterator[tuple[str, set[str]]]:
    for name, kinds in content.items():
        try:
            event_id(name)
        except NoAddress:
            continue
        parts = [kinds.get(kind) for kind in _KINDS] if isinstance(kinds, Mapping) else []
        yield (
            name,
            {user for part in parts if isinstance(part, Mapping) for user, what in part.items() if _counts(what)},
        )


def _counts(what: object) -> bool:
    """Receipts of other threads say nothing about the conversation as a whole."""
    return isinstance(what, Mapping) and (what.get("thread_id") is None or text_in(what, "thread_id") == "main")
