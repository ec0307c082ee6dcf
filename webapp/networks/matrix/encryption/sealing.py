"""What lies in an account's store beside nio's own pickles: sealed, and bound to its place.

AES-256-GCM under a key of its own; the place (table and key of the row) is associated data, so that a value that was
changed, or copied to another row, does not open.
"""

import json
import os
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

KEY_BYTES = 32
NONCE_BYTES = 12


class Damaged(Exception):
    """A value does not open: changed, moved, or sealed with another key."""


def derive(key: bytes, purpose: str) -> bytes:
    """A key of 32 bytes for one purpose only. Raises ValueError for an empty or short ``key``."""
    if len(key) < KEY_BYTES:
        raise ValueError("a key store needs a key")
    return HKDF(SHA256(), KEY_BYTES, salt=None, info=b"hausbote:keys:" + purpose.encode()).derive(key)


class Sealer:
    """Seals JSON values for one store."""

    def __init__(self, key: bytes) -> None:
        self._aead = AESGCM(key)

    def seal(self, value: Any, *place: str) -> bytes:
        """``value`` for the row that ``place`` names."""
        nonce = os.urandom(NONCE_BYTES)
        return nonce + self._aead.encrypt(nonce, json.dumps(value).encode(), _binding(place))

    def unseal(self, blob: object, *place: str) -> Any:
        """What was sealed for this row. Raises Damaged, only that."""
        if not isinstance(blob, bytes):
            raise Damaged("not sealed")
        try:
            return json.loads(self._aead.decrypt(blob[:NONCE_BYTES], blob[NONCE_BYTES:], _binding(place)))
        except (InvalidTag, ValueError):
            raise Damaged("changed, moved, or of another key") from None


def _binding(place: tuple[str, ...]) -> bytes:
    return json.dumps(place).encode()
