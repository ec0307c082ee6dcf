"""A file of room keys, locked with a passphrase (Client-Server API, "Key exports").

nio has this too, and is what our tests open and make such files with. It is not used here because it asks Python for
every round of the passphrase, which holds up everybody for seconds, believes any number of rounds that a file names,
and compares the MAC byte by byte.
"""

import base64
import binascii
import hashlib
import hmac
import secrets
from enum import StrEnum

from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.ciphers.modes import CTR

HEADER, FOOTER = "-----BEGIN MEGOLM SESSION DATA-----", "-----END MEGOLM SESSION DATA-----"
VERSION = 1
ROUNDS = 500_000
MOST_ROUNDS = 5_000_000
"""Some seconds of one thread. What names more wants to keep us busy."""
LARGEST = 16_000_000
"""Octets of a file."""
_LINE = 76
_BEFORE, _MAC = 1 + 16 + 16 + 4, 32


class Fault(StrEnum):
    """No such file; made to keep us busy; another passphrase, or damaged: these two cannot be told apart."""

    NO_FILE = "no_file"
    TOO_DEAR = "too_dear"
    PASSPHRASE = "passphrase"  # noqa: S105 (a word, not one)


class NotOpened(Exception):
    """The file does not open. ``fault`` says why."""

    def __init__(self, fault: Fault) -> None:
        super().__init__(fault.value)
        self.fault = fault


def make(plain: bytes, passphrase: str, rounds: int = ROUNDS) -> str:
    """The file that holds ``plain``. Takes half a second, without holding up other threads."""
    salt, iv = secrets.token_bytes(16), _without_top_bit(secrets.token_bytes(16))
    key, mac_key = _keys(passphrase, salt, rounds)
    head = bytes([VERSION]) + salt + iv + rounds.to_bytes(4, "big")
    payload = head + _counted(key, iv, plain)
    text = base64.b64encode(payload + hmac.digest(mac_key, payload, hashlib.sha256)).decode()
    lines = [text[at : at + _LINE] for at in range(0, len(text), _LINE)]
    return "\n".join([HEADER, *lines, FOOTER, ""])


def unlock(text: str, passphrase: str) -> bytes:
    """What a file holds. Raises NotOpened. May take seconds, without holding up other threads."""
    payload = _payload(text)
    rounds = int.from_bytes(payload[33:37], "big")
    if not 0 < rounds <= MOST_ROUNDS:
        raise NotOpened(Fault.TOO_DEAR)
    key, mac_key = _keys(passphrase, payload[1:17], rounds)
    if not hmac.compare_digest(hmac.digest(mac_key, payload[:-_MAC], hashlib.sha256), payload[-_MAC:]):
        raise NotOpened(Fault.PASSPHRASE)
    return _counted(key, payload[17:33], payload[_BEFORE:-_MAC])


def _payload(text: str) -> bytes:
    inner = text.strip()
    if len(inner) > LARGEST or not inner.startswith(HEADER) or not inner.endswith(FOOTER):
        raise NotOpened(Fault.NO_FILE)
    packed = "".join(inner.removeprefix(HEADER).removesuffix(FOOTER).split()).rstrip("=")
    try:
        payload = base64.b64decode(packed + "=" * (-len(packed) % 4), validate=True)
    except (binascii.Error, ValueError):
        raise NotOpened(Fault.NO_FILE) from None
    if len(payload) < _BEFORE + _MAC or payload[0] != VERSION:
        raise NotOpened(Fault.NO_FILE)
    return payload


def _keys(passphrase: str, salt: bytes, rounds: int) -> tuple[bytes, bytes]:
    derived = hashlib.pbkdf2_hmac("sha512", passphrase.encode("utf-8", "replace"), salt, rounds, 64)
    return derived[:32], derived[32:]


def _counted(key: bytes, iv: bytes, data: bytes) -> bytes:
    cipher = Cipher(AES(key), CTR(iv)).encryptor()
    return cipher.update(data) + cipher.finalize()


def _without_top_bit(iv: bytes) -> bytes:
    """Bit 63 is zero, because there are programs that count with 64 bits only."""
    return (int.from_bytes(iv, "big") & ~(1 << 63)).to_bytes(16, "big")
