"""Secrets that the server keeps without being able to read them (Client-Server API, "Secrets", "Storage").

Pure: what is asked of the server, and when, is decided elsewhere. The one algorithm is
``m.secret_storage.v1.aes-hmac-sha2``: of the storage key and the secret's name HKDF-SHA-256 makes an AES-256 key and a
MAC key; the secret is encrypted in counter mode, and the HMAC-SHA-256 is over the ciphertext.
"""

import hmac
import os
from collections.abc import Mapping
from hashlib import sha256
from typing import Any

from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.ciphers.modes import CTR
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from webapp.networks.matrix.encryption import unpadded

ALGORITHM = "m.secret_storage.v1.aes-hmac-sha2"
KEY_BYTES = 32
IV_BYTES = 16
ZEROS = bytes(32)
LONGEST = 100_000
"""Characters of a stored secret that we look at; keys have 43."""


class Damaged(Exception):
    """A stored secret does not open: another key, changed on the server, or never a secret."""


def seal(key: bytes, name: str, secret: str) -> dict[str, str]:
    """``secret`` as it is stored below ``encrypted`` and the key's id: ``iv``, ``ciphertext``, ``mac``."""
    return _seal(key, name, secret.encode(), _fresh_iv())


def unseal(key: bytes, name: str, stored: object) -> str:
    """The secret that was stored under ``name``. Raises Damaged; ``stored`` may be anything."""
    try:
        iv, ciphertext, mac = _parts(stored)
        aes_key, mac_key = _keys(key, name)
        if not hmac.compare_digest(_mac(mac_key, ciphertext), mac):
            raise Damaged("the check sum does not fit")
        return _counter(aes_key, iv, ciphertext).decode()
    except ValueError:
        raise Damaged("not a stored secret") from None


def describe(key: bytes) -> dict[str, str]:
    """What goes into ``m.secret_storage.key.<id>``: the algorithm, and by what others see that a key is this one."""
    check = _seal(key, "", ZEROS, _fresh_iv())
    return {"algorithm": ALGORITHM, "iv": check["iv"], "mac": check["mac"]}


def is_ours(description: object) -> bool:
    """Whether this is the description of a key that we can use."""
    return isinstance(description, Mapping) and description.get("algorithm") == ALGORITHM


def fits(key: bytes, description: Mapping[str, Any]) -> bool:
    """Whether ``key`` is the described one. A description without a check fits every key: the specification says so."""
    if "iv" not in description and "mac" not in description:
        return True
    try:
        iv = unpadded.decode(description.get("iv"), IV_BYTES)
        mac = unpadded.decode(description.get("mac"), sha256().digest_size)
    except ValueError:
        return False
    aes_key, mac_key = _keys(key, "")
    return hmac.compare_digest(_mac(mac_key, _counter(aes_key, iv, ZEROS)), mac)


def _seal(key: bytes, name: str, data: bytes, iv: bytes) -> dict[str, str]:
    aes_key, mac_key = _keys(key, name)
    ciphertext = _counter(aes_key, iv, data)
    parts = {"iv": iv, "ciphertext": ciphertext, "mac": _mac(mac_key, ciphertext)}
    return {part: unpadded.encode(value) for part, value in parts.items()}


def _fresh_iv() -> bytes:
    """16 random bytes with bit 63 clear: some implementations count in the lower half only."""
    iv = bytearray(os.urandom(IV_BYTES))
    iv[8] &= 0x7F
    return bytes(iv)


def _keys(key: bytes, name: str) -> tuple[bytes, bytes]:
    """The AES key and the MAC key for a secret of this name."""
    both = HKDF(SHA256(), 2 * KEY_BYTES, salt=bytes(KEY_BYTES), info=name.encode()).derive(key)
    return both[:KEY_BYTES], both[KEY_BYTES:]


def _counter(key: bytes, iv: bytes, data: bytes) -> bytes:
    """Encrypts and decrypts alike."""
    return Cipher(AES(key), CTR(iv)).encryptor().update(data)


def _mac(key: bytes, ciphertext: bytes) -> bytes:
    return hmac.digest(key, ciphertext, "sha256")


def _parts(stored: object) -> tuple[bytes, bytes, bytes]:
    parts = stored if isinstance(stored, Mapping) else {}
    ciphertext = parts.get("ciphertext")
    if isinstance(ciphertext, str) and len(ciphertext) > LONGEST:
        raise ValueError("too long")
    iv = unpadded.decode(parts.get("iv"), IV_BYTES)
    return iv, unpadded.decode(ciphertext), unpadded.decode(parts.get("mac"), sha256().digest_size)
