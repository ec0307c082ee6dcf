"""Secrets at rest: an envelope of two keys.

The **master key** is 32 random bytes in a file outside the data folder. It wraps a **data key** for each user; the data
key seals what belongs to that user. Everything sealed looks the same: ``v1 | key id (4) | nonce (12) | AES-256-GCM``,
and the associated data binds it to its place and its user, so that a value copied to another row, column or user does
not open. Keys for other purposes (tokens, throttle, hashes) are derived from the master key (HKDF, RFC 5869).
"""

import base64
import binascii
import hmac
import os
from pathlib import Path
from typing import Protocol

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from webapp.unusable import Unusable

VERSION = b"v1"
KEY_BYTES = 32
ID_BYTES = 4
NONCE_BYTES = 12
HEAD_BYTES = len(VERSION) + ID_BYTES + NONCE_BYTES


class WrongKey(Unusable):
    """The master key is missing, unusable, or not the one that this data was sealed with. The text says what to do."""


class Damaged(Exception):
    """A sealed value does not open: it was changed, copied from another place, or sealed with another key."""


class KeyHolder(Protocol):
    """Whoever has a data key: a user."""

    id: int
    wrapped_key: bytes


class Vault:
    """Seals and unseals with one master key."""

    def __init__(self, master_key: bytes) -> None:
        if len(master_key) != KEY_BYTES:
            raise WrongKey(f"A master key has {KEY_BYTES} bytes, this one has {len(master_key)}.")
        self._master_key = master_key

    @classmethod
    def open(cls, key_file: Path) -> "Vault":
        """The vault of an existing key file: 32 raw bytes, or the same in base64. Raises WrongKey."""
        path = key_file.expanduser()
        try:
            content = path.read_bytes()
        except OSError as error:
            raise WrongKey(
                f"The master key {path} cannot be read ({error.strerror}). "
                "Set HAUSBOTE_KEY_FILE to the file that this data was sealed with."
            ) from None
        return cls(_decoded(content, path))

    @classmethod
    def create(cls, key_file: Path) -> "Vault":
        """Make a new master key (mode 0400 in a folder with mode 0700). Never overwrites; raises WrongKey."""
        path = key_file.expanduser()
        try:
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o400)
            with os.fdopen(descriptor, "wb") as file:
                file.write(base64.b64encode(os.urandom(KEY_BYTES)) + b"\n")
                file.flush()
                os.fsync(file.fileno())
        except OSError as error:
            raise WrongKey(
                f"The master key {path} cannot be made ({error.strerror}). "
                "Set HAUSBOTE_KEY_FILE to a place that can be written once, outside the data folder."
            ) from None
        return cls.open(path)

    def derive(self, purpose: str) -> bytes:
        """A key of 32 bytes for one purpose only."""
        return _derive(self._master_key, purpose)

    def check_value(self) -> str:
        """What tells this master key from any other, and tells nothing about it."""
        return self.derive("check value").hex()

    def is_mine(self, check_value: str) -> bool:
        """Whether ``check_value`` was made by this master key."""
        return hmac.compare_digest(self.check_value(), check_value)

    def new_user_key(self, user_id: int) -> bytes:
        """A fresh data key for a user, wrapped: what ``User.wrapped_key`` keeps."""
        return _seal(self._master_key, os.urandom(KEY_BYTES), _binding("users:wrapped_key", user_id))

    def seal(self, user: KeyHolder, data: bytes, place: str) -> bytes:
        """``data`` sealed for this user and this place (``account:7:credentials``)."""
        return _seal(self._user_key(user), data, _binding(place, user.id))

    def unseal(self, user: KeyHolder, blob: bytes, place: str) -> bytes:
        """What ``seal`` was given; raises Damaged for anything else."""
        return _unseal(self._user_key(user), blob, _binding(place, user.id))

    def derive_for(self, user: KeyHolder, purpose: str) -> bytes:
        """A key of 32 bytes for one purpose of this user only; whoever has their data key can make it again."""
        return _derive(self._user_key(user), purpose)

    def _user_key(self, user: KeyHolder) -> bytes:
        return _unseal(self._master_key, user.wrapped_key, _binding("users:wrapped_key", user.id))


def _decoded(content: bytes, path: Path) -> bytes:
    if len(content) == KEY_BYTES:
        return content
    try:
        key = base64.b64decode(content.strip(), validate=True)
    except binascii.Error:
        key = b""
    if len(key) != KEY_BYTES:
        raise WrongKey(f"{path} is no master key: it must hold 32 bytes, raw or in base64.")
    return key


def _derive(key: bytes, purpose: str) -> bytes:
    return HKDF(SHA256(), KEY_BYTES, salt=None, info=b"hausbote:" + purpose.encode()).derive(key)


def _key_id(key: bytes) -> bytes:
    return _derive(key, "key id")[:ID_BYTES]


def _binding(place: str, user_id: int) -> bytes:
    return f"{place}:{user_id}:v1".encode()


def _seal(key: bytes, data: bytes, binding: bytes) -> bytes:
    nonce = os.urandom(NONCE_BYTES)
    return VERSION + _key_id(key) + nonce + AESGCM(key).encrypt(nonce, data, binding)


def _unseal(key: bytes, blob: bytes, binding: bytes) -> bytes:
    if blob[: HEAD_BYTES - NONCE_BYTES] != VERSION + _key_id(key):
        raise Damaged("sealed with another key, or not sealed at all")
    try:
        return AESGCM(key).decrypt(blob[HEAD_BYTES - NONCE_BYTES : HEAD_BYTES], blob[HEAD_BYTES:], binding)
    except (InvalidTag, ValueError):
        raise Damaged("changed since it was sealed, or moved from another place") from None
