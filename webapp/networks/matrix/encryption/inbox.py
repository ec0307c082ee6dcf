"""Letters from devices, taken in: each for itself, each once."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from nio.crypto import InboundGroupSession

from webapp.networks.matrix.encryption.foreign import mapping, short_text
from webapp.networks.matrix.encryption.olm import Arrival, Forged, NotForUs, Unreadable, unseal
from webapp.networks.matrix.encryption.ours import MEGOLM_ALGORITHM
from webapp.networks.matrix.encryption.store import Store
from webapp.networks.matrix.encryption.tables import OLM, KnownDevice

ENCRYPTED = "m.room.encrypted"
WITHHELD = "m.room_key.withheld"
MOST_TOLD = 1_000
"""Devices of one person that we ever saw, beyond which none is taken at its word: nobody may fill our disk."""


@dataclass
class Taken:
    """What a sync brought. ``sessions``: room keys that came. ``letters``: what else came under Olm. ``plain``: what
    came without it, as it was. ``trouble``: how many made no sense. ``out_of_step``: sender keys whose sessions do.
    ``speakers``: who sent room keys; ``strangers``: whose devices should be asked for before anything is opened."""

    sessions: list[str] = field(default_factory=list)
    letters: list[Arrival] = field(default_factory=list)
    plain: list[Mapping[str, Any]] = field(default_factory=list)
    trouble: int = 0
    out_of_step: list[tuple[str, str]] = field(default_factory=list)
    speakers: set[str] = field(default_factory=set)
    strangers: frozenset[str] = frozenset()


def take_letters(store: Store, events: Sequence[object]) -> Taken:
    """Take in the to-device events of a sync. In a transaction, so that none is taken twice and none is lost."""
    taken = Taken()
    for event in events:
        digest = _digest(event)
        if digest is None:
            taken.trouble += 1
        elif store.tables.is_new(digest):
            _take(store, mapping(event), taken)
    store.tables.forget_old()
    store.waiting.forget_old()
    return taken


def _digest(event: object) -> bytes | None:
    """By what an event is recognised when it comes again. None for what is no event."""
    try:
        text = json.dumps(event, sort_keys=True)
    except (ValueError, TypeError, RecursionError):
        return None
    return hashlib.sha256(text.encode()).digest() if isinstance(event, Mapping) else None


def _take(store: Store, event: Mapping[str, Any], taken: Taken) -> None:
    if event.get("type") == WITHHELD:
        _note_withheld(store, mapping(event.get("content")))
    elif event.get("type") != ENCRYPTED:
        taken.plain.append(event)
    else:
        _take_sealed(store, event, taken)


def _take_sealed(store: Store, event: Mapping[str, Any], taken: Taken) -> None:
    try:
        arrival = unseal(store, event)
    except (NotForUs, Forged):
        taken.trouble += 1
        return
    except Unreadable:
        taken.trouble += 1
        sender_key = mapping(event.get("content")).get("sender_key")
        taken.out_of_step.append((short_text(event.get("sender")), short_text(sender_key)))
        return
    _learn_device(store, arrival)
    if arrival.type == "m.room_key":
        _take_room_key(store, arrival, taken)
    else:
        taken.letters.append(arrival)


def _learn_device(store: Store, arrival: Arrival) -> None:
    """Who writes to us is followed. Whether a device that describes itself is theirs, only their list can tell."""
    store.tables.track([arrival.user])
    told = arrival.told
    if told is not None and store.tables.count_devices(told.user) < MOST_TOLD and _is_new(store, told):
        store.tables.keep_device(replace(told, told=True))
        store.tables.outdate([told.user])


def _is_new(store: Store, told: KnownDevice) -> bool:
    return store.tables.device(told.user, told.device) is None


def _take_room_key(store: Store, arrival: Arrival, taken: Taken) -> None:
    content = arrival.content
    room, session = short_text(content.get("room_id")), short_text(content.get("session_id"))
    try:
        key = InboundGroupSession(str(content.get("session_key")), arrival.device_key, arrival.sender_key, room)
    except ValueError:
        taken.trouble += 1
        return
    if content.get("algorithm") != MEGOLM_ALGORITHM or not room or key.id != session:
        taken.trouble += 1
    elif store.keep_room_key(key, arrival.user, OLM):
        taken.sessions.append(session)
        taken.speakers.add(arrival.user)


def _note_withheld(store: Store, content: Mapping[str, Any]) -> None:
    room, session = short_text(content.get("room_id")), short_text(content.get("session_id"))
    if room and session:
        store.tables.keep_withheld(room, session, short_text(content.get("code")))
