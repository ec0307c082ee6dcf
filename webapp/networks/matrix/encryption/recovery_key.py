"""The recovery key: how a person writes down, and types, the key to what the server keeps.

Written as the specification says (appendices, "Cryptographic key representation"): two fixed bytes, the key, a parity
byte, in base58, in groups of four. Some people chose a passphrase instead (Client-Server API, "Deriving keys from
passphrases"); the account's description of the key says how it becomes one.
"""

import hashlib
from collections.abc import Mapping
from enum import StrEnum
from functools import reduce
from operator import xor
from typing import Any

from webapp.networks.matrix.encryption.secret_storage import fits, is_ours

ALPHABET = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
PREFIX = bytes((0x8B, 0x01))
KEY_BYTES = 32
ALL_BYTES = len(PREFIX) + KEY_BYTES + 1
LONGEST = 1000
MOST_ITERATIONS = 5_000_000
"""Ten times what others use today: some seconds of work. A server that asks for more wants to keep us busy."""
INVISIBLE = dict.fromkeys((0x200B, 0x200C, 0x200D, 0x2060, 0xFEFF))


class Fault(StrEnum):
    """What is wrong with what was typed, or with what the account says about its key."""

    NO_KEY = "this cannot be a recovery key"
    TYPING = "a recovery key with a mistake in it"
    OTHER = "the key, or the passphrase, of something else"
    UNUSABLE = "the account describes its key in a way that we cannot use"


class NotTheKey(Exception):
    """What was typed does not unlock the account's secrets. ``fault`` says why."""

    def __init__(self, fault: Fault) -> None:
        super().__init__(fault.value)
        self.fault = fault


def write(key: bytes) -> str:
    """A key of 32 bytes for people: 48 characters in groups of four."""
    data = PREFIX + key
    text = _to_base58(data + bytes((_parity(data),)))
    return " ".join(text[at : at + 4] for at in range(0, len(text), 4))


def read(text: str) -> bytes:
    """The 32 bytes of a written key; spaces, line ends and invisible characters do not count. Raises NotTheKey."""
    data = _from_base58("".join(text[:LONGEST].translate(INVISIBLE).split()))
    if len(data) != ALL_BYTES or data[: len(PREFIX)] != PREFIX:
        raise NotTheKey(Fault.NO_KEY)
    if _parity(data):
        raise NotTheKey(Fault.TYPING)
    return data[len(PREFIX) : -1]


def unlock(typed: str, description: object) -> bytes:
    """The key that was typed, as a recovery key or as a passphrase, checked against what the account says of it.

    ``description`` is the content of ``m.secret_storage.key.<id>``: foreign. Takes seconds where a passphrase is
    possible: call it in a thread. Raises NotTheKey.
    """
    if not isinstance(description, Mapping) or not is_ours(description):
        raise NotTheKey(Fault.UNUSABLE)
    try:
        key = read(typed)
    except NotTheKey:
        if not isinstance(description.get("passphrase"), Mapping):
            raise
        key = from_passphrase(typed, description["passphrase"])
    if not fits(key, description):
        raise NotTheKey(Fault.OTHER)
    return key


def from_passphrase(passphrase: str, how: Mapping[str, Any]) -> bytes:
    """The key of a passphrase by PBKDF2 with SHA-512; ``how`` is the description's ``passphrase``. Raises NotTheKey."""
    salt, iterations, bits = how.get("salt"), how.get("iterations"), how.get("bits", 8 * KEY_BYTES)
    if how.get("algorithm") != "m.pbkdf2" or not isinstance(salt, str) or len(salt) > LONGEST:
        raise NotTheKey(Fault.UNUSABLE)
    length, rest = divmod(_number(bits, 128, 512), 8)
    rounds = _number(iterations, 1, MOST_ITERATIONS)
    if rest:
        raise NotTheKey(Fault.UNUSABLE)
    secret, salted = (text.encode("utf-8", "surrogatepass") for text in (passphrase[:LONGEST], salt))
    return hashlib.pbkdf2_hmac("sha512", secret, salted, rounds, length)


def _number(value: object, least: int, most: int) -> int:
    """A number that the server sent, if it lies between the two. Raises NotTheKey."""
    if not isinstance(value, int) or isinstance(value, bool) or not least <= value <= most:
        raise NotTheKey(Fault.UNUSABLE)
    return value


def _parity(data: bytes) -> int:
    """All bytes together by XOR: nothing is left where the parity byte is right."""
    return reduce(xor, data)


def _to_base58(data: bytes) -> str:
    number, text = int.from_bytes(data, "big"), ""
    while number:
        number, digit = divmod(number, len(ALPHABET))
        text = ALPHABET[digit] + text
    return text


def _from_base58(text: str) -> bytes:
    number = 0
    for letter in text:
        digit = ALPHABET.find(letter)
        if digit < 0:
            raise NotTheKey(Fault.NO_KEY)
        number = number * len(ALPHABET) + digit
    return number.to_bytes((number.bit_length() + 7) // 8, "big")
