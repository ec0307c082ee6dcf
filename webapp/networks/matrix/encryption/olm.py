"""Messages from device to device, under Olm (Client-Server API, "m.olm.v1.curve25519-aes-sha2").

Whatever comes is looked at by itself: one that makes no sense is refused and hurts no other. What comes out is bound to
its sender by the checks of "Validation of incoming decrypted events".
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import vodozemac
from nio.crypto import InboundSession, OutboundSession, Session

from webapp.networks.matrix.encryption import unpadded
from webapp.networks.matrix.encryption.devices import read_device
from webapp.networks.matrix.encryption.foreign import key_text, mapping, parsed, short_text
from webapp.networks.matrix.encryption.ours import OLM_ALGORITHM, device_keys
from webapp.networks.matrix.encryption.prekeys import ALGORITHM as ONE_TIME
from webapp.networks.matrix.encryption.signing import is_signed
from webapp.networks.matrix.encryption.store import Store
from webapp.networks.matrix.encryption.tables import KnownDevice

LARGEST = 262_144
"""Characters of one to-device message: four times what a server lets through."""


@dataclass(frozen=True)
class Arrival:
    """What came under Olm, proven to be from whoever holds these keys. ``user`` says so of itself, and the server too;
    whether the keys are that user's, a list of devices must show. ``told``: the device that described itself."""

    type: str
    content: Mapping[str, Any]
    user: str
    sender_key: str
    device_key: str
    told: KnownDevice | None


class NotForUs(Exception):
    """Not encrypted for our device, or not with Olm at all: nothing is wrong with any session."""


class Unreadable(Exception):
    """It was for us, and no session opens it: the session may have come out of step."""


class Forged(Exception):
    """It opens, and does not say of itself what the server says of it."""


def unseal(store: Store, event: Mapping[str, Any]) -> Arrival:
    """What a to-device ``m.room.encrypted`` really is. Raises NotForUs, Unreadable, Forged. In a transaction."""
    content = mapping(event.get("content"))
    sender_key = key_text(content.get("sender_key"))
    ours = store.account.identity_keys["curve25519"]
    message = mapping(mapping(content.get("ciphertext")).get(ours))
    body = message.get("body")
    if content.get("algorithm") != OLM_ALGORITHM or not sender_key or not isinstance(body, str) or len(body) > LARGEST:
        raise NotForUs
    return _checked(store, event, sender_key, parsed(_decrypt(store, sender_key, message.get("type"), body)))


def seal(store: Store, device: KnownDevice, kind: str, content: Mapping[str, Any]) -> dict[str, Any] | None:
    """``content`` for one device; None while there is no session with it. In a transaction: the ratchet moves."""
    sessions = store.olm_sessions(device.curve25519)
    if not sessions:
        return None
    session = sessions[0]
    number, data = session.encrypt(json.dumps(_plain(store, device, kind, content))).to_parts()
    store.keep_olm_session(device.curve25519, session, received=False)
    return {
        "algorithm": OLM_ALGORITHM,
        "sender_key": store.account.identity_keys["curve25519"],
        "ciphertext": {device.curve25519: {"type": number, "body": unpadded.encode(data)}},
    }


def begin(store: Store, device: KnownDevice, claimed: object) -> bool:
    """Begin a session with a claimed one-time key; whether it was a good one. In a transaction."""
    for name, value in mapping(claimed).items():
        key = key_text(mapping(value).get("key"))
        signed = is_signed(value, device.user, f"ed25519:{device.device}", device.ed25519)
        if not name.startswith(f"{ONE_TIME}:") or not key or not signed:
            continue
        try:
            session = OutboundSession(store.account, device.curve25519, key)
        except ValueError:
            continue
        store.keep_olm_session(device.curve25519, session, received=False)
        return True
    return False


def _plain(store: Store, device: KnownDevice, kind: str, content: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "type": kind,
        "content": dict(content),
        "sender": store.user,
        "recipient": device.user,
        "recipient_keys": {"ed25519": device.ed25519},
        "keys": {"ed25519": store.account.identity_keys["ed25519"]},
        "sender_device_keys": device_keys(store),
    }


def _decrypt(store: Store, sender_key: str, kind: object, body: str) -> str:
    try:
        if kind == 0:
            return _decrypt_first(store, sender_key, vodozemac.PreKeyMessage.from_base64(body))
        if kind == 1:
            return _decrypt_next(store, sender_key, vodozemac.AnyOlmMessage.normal(unpadded.decode(body)))
    except ValueError:
        raise Unreadable from None
    raise NotForUs


def _decrypt_first(store: Store, sender_key: str, message: vodozemac.PreKeyMessage) -> str:
    """A message that may begin a session: by the session that it began before, or by a new one."""
    for session in store.olm_sessions(sender_key):
        if session.matches(message):
            return _received(store, sender_key, session, message)
    new = InboundSession(store.account, message, sender_key)
    text = _received(store, sender_key, new, message)
    store.save_account()
    return text


def _decrypt_next(store: Store, sender_key: str, message: vodozemac.AnyOlmMessage) -> str:
    for session in store.olm_sessions(sender_key):
        try:
            return _received(store, sender_key, session, message)
        except ValueError:
            continue
    raise Unreadable


def _received(store: Store, sender_key: str, session: Session, message: Any) -> str:
    text: str = session.decrypt(message)
    store.keep_olm_session(sender_key, session, received=True)
    return text


def _checked(store: Store, event: Mapping[str, Any], sender_key: str, plain: Mapping[str, Any]) -> Arrival:
    """The checks of the specification, all of them. Raises Forged."""
    user, kind = short_text(plain.get("sender")), short_text(plain.get("type"))
    device_key = key_text(mapping(plain.get("keys")).get("ed25519"))
    ours = store.account.identity_keys["ed25519"]
    for_us = plain.get("recipient") == store.user and mapping(plain.get("recipient_keys")).get("ed25519") == ours
    if not for_us or not user or user != event.get("sender") or not device_key or kind in {"", "m.room.encrypted"}:
        raise Forged
    told = None
    if (described := plain.get("sender_device_keys")) is not None:
        told = read_device(user, short_text(mapping(described).get("device_id")), described)
        if told is None or (told.curve25519, told.ed25519) != (sender_key, device_key):
            raise Forged
    return Arrival(kind, mapping(plain.get("content")), user, sender_key, device_key, told)
