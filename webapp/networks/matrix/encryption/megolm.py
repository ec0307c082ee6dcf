"""Messages in encrypted rooms (Client-Server API, "m.megolm.v1.aes-sha2"): open one, or say why not.

A key is found by its room and its id, never by the sender key that an event names. Who wrote a message is whoever sent
the key under Olm; an event that names somebody else is not shown. A place of a ratchet is good for one event only.
"""

from collections.abc import Callable, Mapping
from typing import Any

from nio.crypto import InboundGroupSession

from webapp.languages import N_, Sentence
from webapp.networks.matrix.encryption.devices import of_key
from webapp.networks.matrix.encryption.foreign import mapping, parsed, short_text
from webapp.networks.matrix.encryption.identities import identity, is_signed_by_owner
from webapp.networks.matrix.encryption.ours import MEGOLM_ALGORITHM
from webapp.networks.matrix.encryption.outcomes import Closed, Opened
from webapp.networks.matrix.encryption.store import Store
from webapp.networks.matrix.encryption.tables import OLM, KnownDevice, RoomKeyFacts

LARGEST = 262_144

NO_KEY = N_("This message cannot be read here yet, because its key has not arrived. It appears as soon as it does.")
NOT_CONFIRMED = N_(
    "This message cannot be read here: its sender gives keys only to devices that their owner has confirmed. "
    "Confirm this device to read what comes next."
)
NOT_GIVEN = N_("This message cannot be read here: its sender did not give its key to this device.")
TOO_EARLY = N_("This message is from before this device was given the key of the conversation.")
NOT_THEIRS = N_("A message is not shown here: it claims to be from somebody who did not write it.")
REPEATED = N_("A message is not shown here: somebody repeated an earlier one.")
DAMAGED = N_("This message cannot be read: it was damaged on its way, or wrongly encrypted.")
UNKNOWN_WAY = N_("This message is encrypted in a way that is not known here.")
ASKED_FOR = N_("This message appears in a moment: it is being checked from which device it came.")
RESTORED = N_("The key of this message was restored, so it is not certain who wrote it.")
UNKNOWN_DEVICE = N_("Encrypted by a device that is not known here.")
UNCONFIRMED_DEVICE = N_("Encrypted by a device that its owner has not confirmed.")

REASONS = {
    "m.unverified": NOT_CONFIRMED,
    "m.blacklisted": NOT_GIVEN,
    "m.unauthorised": NOT_GIVEN,
    "m.unavailable": NOT_GIVEN,
}


def open_event(
    store: Store, room: str, event: Mapping[str, Any], is_asked_for: Callable[[str], bool]
) -> Opened | Closed:
    """What a room event with ``m.room.encrypted`` holds. Foreign: may be anything. Belongs into a transaction.

    ``is_asked_for``: whether somebody's devices are being asked for just now; nothing of a device that is not known is
    shown before that was answered, else it would look as if it were certainly theirs.
    """
    content = mapping(event.get("content"))
    session, ciphertext = short_text(content.get("session_id")), content.get("ciphertext")
    if content.get("algorithm") != MEGOLM_ALGORITHM:
        return _closed(UNKNOWN_WAY)
    if not session or not isinstance(ciphertext, str) or len(ciphertext) > LARGEST:
        return _closed(DAMAGED)
    found = store.room_key(room, session)
    if found is None:
        return _closed(REASONS.get(store.tables.withheld(room, session) or "", NO_KEY), hopeful=True)
    key, facts = found
    if _is_of_stranger(store, facts) and is_asked_for(facts.user):
        return _closed(ASKED_FOR, hopeful=True)
    return _opened(store, room, event, _decrypt(key, ciphertext), session, facts)


def _closed(reason: str, hopeful: bool = False) -> Closed:
    return Closed(Sentence(reason), hopeful)


def _decrypt(key: InboundGroupSession, ciphertext: str) -> tuple[str, int] | Closed:
    try:
        text, place = key.decrypt(ciphertext)
    except ValueError as error:
        early = "The message was encrypted using an unknown message index" in str(error)
        return _closed(TOO_EARLY, hopeful=True) if early else _closed(DAMAGED)
    return text, place


def _opened(
    store: Store,
    room: str,
    event: Mapping[str, Any],
    decrypted: tuple[str, int] | Closed,
    session: str,
    facts: RoomKeyFacts,
) -> Opened | Closed:
    if isinstance(decrypted, Closed):
        return decrypted
    text, place = decrypted
    plain = parsed(text)
    kind, content = short_text(plain.get("type")), plain.get("content")
    if plain.get("room_id") != room or not kind or kind == "m.room.encrypted" or not isinstance(content, dict):
        return _closed(DAMAGED)
    sender = event.get("sender")
    if facts.source == OLM and facts.user != sender:
        return _closed(NOT_THEIRS)
    if store.tables.is_replay(session, place, str(event.get("event_id")), event.get("origin_server_ts")):
        return _closed(REPEATED)
    relation = mapping(event.get("content")).get("m.relates_to")
    whole = content if relation is None else {**content, "m.relates_to": relation}
    return Opened(kind, whole, _doubt(store, str(sender), facts))


def _is_our_own(store: Store, facts: RoomKeyFacts) -> bool:
    return (facts.user, facts.device_key) == (store.user, store.account.identity_keys["ed25519"])


def _is_of_stranger(store: Store, facts: RoomKeyFacts) -> bool:
    """Whether a key came from a device that may be anybody's, as far as we know by now."""
    return facts.source == OLM and not _is_our_own(store, facts) and _listed(store, facts) is None


def _listed(store: Store, facts: RoomKeyFacts) -> KnownDevice | None:
    """The device that sent a key, if a list of its owner ever named it."""
    device = of_key(store.tables, facts.user, facts.sender_key)
    return device if device is not None and device.ed25519 == facts.device_key and not device.told else None


def _doubt(store: Store, sender: str, facts: RoomKeyFacts) -> Sentence | None:
    """Why the message may not be from whom it names."""
    if facts.source != OLM:
        return Sentence(RESTORED)
    if _is_our_own(store, facts):
        return None
    device = _listed(store, facts)
    if device is None:
        return Sentence(UNKNOWN_DEVICE)
    owner = identity(store.tables, sender)
    if owner is not None and not is_signed_by_owner(device, owner):
        return Sentence(UNCONFIRMED_DEVICE)
    return None
