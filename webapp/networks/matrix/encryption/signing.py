"""JSON that is signed (Matrix specification, appendices, "Signing JSON").

The same object must give the same bytes everywhere: sorted keys, no spaces, whole numbers only. ``signatures`` and
``unsigned`` are not covered, so that others can add to them. Ed25519 comes from ``cryptography``: vodozemac signs with
the key of a device only, and cross-signing needs keys of its own.
"""

import json
from collections.abc import Mapping
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from webapp.networks.matrix.encryption import unpadded

LARGEST = 2**53 - 1
DEEPEST = 100
KEY_BYTES = 32
SIGNATURE_BYTES = 64
NOT_SIGNED = frozenset({"signatures", "unsigned"})


class NotCanonical(ValueError):
    """A value that has no canonical form: a fraction, a number beyond ±(2**53 - 1), a key that is no text, …"""


def canonical(value: object) -> bytes:
    """The canonical JSON of ``value``. Raises NotCanonical, also for anything nested deeper than 100 levels."""
    try:
        text = json.dumps(_checked(value, 0), ensure_ascii=False, separators=(",", ":"), sort_keys=True)
        return text.encode("utf-8")
    except UnicodeEncodeError:
        raise NotCanonical("half a character") from None


def _checked(value: object, depth: int) -> object:
    if depth > DEEPEST:
        raise NotCanonical("nested too deeply")
    if isinstance(value, Mapping):
        return {_key(key): _checked(inner, depth + 1) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_checked(inner, depth + 1) for inner in value]
    return _scalar(value)


def _key(key: object) -> str:
    if not isinstance(key, str):
        raise NotCanonical("a key that is no text")
    return key


def _scalar(value: object) -> object:
    if value is None or isinstance(value, bool | str):
        return value
    if isinstance(value, float) and value.is_integer():
        value = int(value)  # JSON knows one kind of number: 1e10 is written 10000000000, as the specification shows
    if isinstance(value, int) and -LARGEST <= value <= LARGEST:
        return value
    raise NotCanonical("neither text nor a whole number that every JSON library can represent")


def covered(value: Mapping[str, Any]) -> bytes:
    """What a signature of this object is about. Raises NotCanonical."""
    return canonical({key: inner for key, inner in value.items() if key not in NOT_SIGNED})


class SigningKey:
    """An Ed25519 key pair: a cross-signing key of the person."""

    def __init__(self, seed: bytes) -> None:
        """``seed`` has 32 bytes. Raises ValueError."""
        self._key = Ed25519PrivateKey.from_private_bytes(seed)
        self.public = unpadded.encode(self._key.public_key().public_bytes_raw())
        """The public half, as it is written everywhere."""

    @classmethod
    def new(cls) -> "SigningKey":
        return cls(Ed25519PrivateKey.generate().private_bytes_raw())

    @property
    def seed(self) -> bytes:
        """The private half: 32 bytes."""
        return self._key.private_bytes_raw()

    def signature(self, value: Mapping[str, Any]) -> str:
        """The signature of an object, in unpadded base64. Raises NotCanonical."""
        return unpadded.encode(self._key.sign(covered(value)))


def signed(value: Mapping[str, Any], who: str, key_id: str, signature: str) -> dict[str, Any]:
    """``value`` with one more signature, by ``who`` with the key ``key_id`` (``ed25519:ABC``). Others stay."""
    signatures = {name: dict(keys) for name, keys in value.get("signatures", {}).items()}
    signatures.setdefault(who, {})[key_id] = signature
    return {**value, "signatures": signatures}


def is_signature(value: Mapping[str, Any], signature: object, public: object) -> bool:
    """Whether ``signature`` is that of the key ``public`` over ``value``. Foreign data: never raises."""
    try:
        key = Ed25519PublicKey.from_public_bytes(unpadded.decode(public, KEY_BYTES))
        key.verify(unpadded.decode(signature, SIGNATURE_BYTES), covered(value))
    except (ValueError, InvalidSignature):
        return False
    return True


def is_signed(value: object, who: str, key_id: str, public: object) -> bool:
    """Whether ``value`` carries a good signature by ``who`` with ``key_id``, whose key we know to be ``public``.

    ``value`` is foreign: it may be anything. Never raises.
    """
    if not isinstance(value, Mapping):
        return False
    signatures = value.get("signatures")
    of_them = signatures.get(who) if isinstance(signatures, Mapping) else None
    return isinstance(of_them, Mapping) and is_signature(value, of_them.get(key_id), public)
