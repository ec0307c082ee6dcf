"""Short authentication strings: the calculation (Client-Server API, "Short Authentication String (SAS) verification").

Pure: no messages are sent here, no states are kept but the key pair. Whoever accepts commits to a key before seeing the
other's; then both show the same seven emoji, unless somebody stands between them; then each confirms its keys by MACs.
Only the current methods are spoken: ``curve25519-hkdf-sha256``, ``sha256``, ``hkdf-hmac-sha256.v2``.
"""

import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from hashlib import sha256
from typing import Any

import vodozemac

from webapp.networks.matrix.encryption import unpadded
from webapp.networks.matrix.encryption.signing import NotCanonical, canonical
from webapp.networks.matrix.verification.emoji import EMOJI, Emoji

METHOD = "m.sas.v1"
AGREEMENT = "curve25519-hkdf-sha256"
HASH = "sha256"
MAC = "hkdf-hmac-sha256.v2"
STRINGS = ("emoji", "decimal")
MOST_KEYS = 100


class Cancel(StrEnum):
    """Why a verification ends early, as the other side is told (``m.key.verification.cancel``)."""

    USER = "m.user"
    TIMEOUT = "m.timeout"
    ACCEPTED = "m.accepted"
    UNKNOWN_TRANSACTION = "m.unknown_transaction"
    UNKNOWN_METHOD = "m.unknown_method"
    UNEXPECTED = "m.unexpected_message"
    COMMITMENT = "m.mismatched_commitment"
    SAS = "m.mismatched_sas"
    KEYS = "m.key_mismatch"
    INVALID = "m.invalid_message"


class Cancelled(Exception):
    """It cannot go on. ``code`` is for the other side."""

    def __init__(self, code: Cancel) -> None:
        super().__init__(code.value)
        self.code = code


@dataclass(frozen=True)
class Party:
    """One side: a person's device."""

    user: str
    device: str


@dataclass(frozen=True)
class Keys:
    """The keys of the other side that are being verified, as they were when it began: they may not change on the way.

    ``device_key`` is the Ed25519 key of ``device``; ``master_key`` the public master key of the person, None without.
    """

    device: str
    device_key: str
    master_key: str | None = None


@dataclass(frozen=True)
class Confirmed:
    """What the other side's MACs confirmed, by the keys themselves and never by their ids."""

    device_key: str | None
    master_key: str | None


def offer() -> dict[str, Any]:
    """What we put into ``m.key.verification.start``, besides ``from_device`` and what names the verification."""
    return {
        "method": METHOD,
        "key_agreement_protocols": [AGREEMENT],
        "hashes": [HASH],
        "message_authentication_codes": [MAC],
        "short_authentication_string": list(STRINGS),
    }


def choose(start: Mapping[str, Any]) -> dict[str, Any]:
    """What we put into ``m.key.verification.accept`` besides the commitment. Raises Cancelled."""
    theirs = start.get("short_authentication_string")
    strings = [string for string in STRINGS if isinstance(theirs, list) and string in theirs]
    wanted = {"key_agreement_protocols": AGREEMENT, "hashes": HASH, "message_authentication_codes": MAC}
    offered = all(isinstance(start.get(kind), list) and ours in start[kind] for kind, ours in wanted.items())
    if start.get("method") != METHOD or not offered or "decimal" not in strings:
        raise Cancelled(Cancel.UNKNOWN_METHOD)
    return {
        "method": METHOD,
        "key_agreement_protocol": AGREEMENT,
        "hash": HASH,
        "message_authentication_code": MAC,
        "short_authentication_string": strings,
    }


def check_choice(accept: Mapping[str, Any]) -> list[str]:
    """The kinds of strings that the other side chose of our offer. Raises Cancelled."""
    strings = accept.get("short_authentication_string")
    chosen = [string for string in STRINGS if isinstance(strings, list) and string in strings]
    expected = {"key_agreement_protocol": AGREEMENT, "hash": HASH, "message_authentication_code": MAC}
    if not chosen or any(accept.get(kind) != ours for kind, ours in expected.items()):
        raise Cancelled(Cancel.UNKNOWN_METHOD)
    return chosen


def commitment(public_key: str, start: Mapping[str, Any]) -> str:
    """The hash by which a side binds itself to its key. ``start`` is the whole content of the start message."""
    try:
        return unpadded.encode(sha256(public_key.encode() + canonical(start)).digest())
    except NotCanonical:
        raise Cancelled(Cancel.INVALID) from None


class Exchange:
    """Our half of one exchange. A key pair is used once: make a new one for every verification."""

    def __init__(self, we: Party, they: Party, transaction: str, we_started: bool) -> None:
        """``transaction`` is the id of the verification; ``we_started`` says whose start message counts."""
        self._we, self._they = we, they
        self._transaction, self._we_started = transaction, we_started
        self._sas = vodozemac.Sas()
        self.public_key = self._sas.public_key.to_base64()
        self._shared: vodozemac.EstablishedSas | None = None
        self._their_key = ""

    def take_key(self, theirs: object) -> None:
        """The other side's public key came. Raises Cancelled for one that is none, is weak, or is our own."""
        try:
            key = vodozemac.Curve25519PublicKey.from_bytes(unpadded.decode(theirs, 32))
            shared = self._sas.diffie_hellman(key)
        except ValueError:
            raise Cancelled(Cancel.INVALID) from None
        if key.to_base64() == self.public_key or self._shared is not None:
            raise Cancelled(Cancel.INVALID)
        self._shared, self._their_key = shared, key.to_base64()

    def check_commitment(self, promised: object, start: Mapping[str, Any]) -> None:
        """Whether the key that came is the promised one. Only for the side that started. Raises Cancelled."""
        made = commitment(self._their_key, start)
        if not isinstance(promised, str) or not hmac.compare_digest(made.encode(), promised.encode("utf-8", "replace")):
            raise Cancelled(Cancel.COMMITMENT)

    def emoji(self) -> tuple[Emoji, ...]:
        """The seven emoji to compare."""
        return tuple(EMOJI[number] for number in self._established.bytes(self._info).emoji_indices)

    def decimals(self) -> tuple[int, int, int]:
        """The three numbers to compare, each between 1000 and 9191."""
        return self._established.bytes(self._info).decimals

    def confirm(self, keys: Keys) -> dict[str, Any]:
        """What we put into ``m.key.verification.mac``: our own keys, as the other side should know them."""
        ids = {f"ed25519:{keys.device}": keys.device_key}
        if keys.master_key is not None:
            ids[f"ed25519:{keys.master_key}"] = keys.master_key
        macs = {key_id: self._established.calculate_mac(key, self._mac_info(key_id)) for key_id, key in ids.items()}
        return {"mac": macs, "keys": self._established.calculate_mac(_list(ids), self._mac_info("KEY_IDS"))}

    def confirmed(self, content: Mapping[str, Any], keys: Keys) -> Confirmed:
        """What the other side's MAC message confirms of the keys that we know. Raises Cancelled.

        A device that calls itself like the master key could pass one off as the other (CVE-2022-39250): refused.
        """
        macs = content.get("mac")
        if not isinstance(macs, Mapping) or not 0 < len(macs) <= MOST_KEYS:
            raise Cancelled(Cancel.INVALID)
        if keys.device == keys.master_key or not self._is_mac(content.get("keys"), _list(macs), "KEY_IDS"):
            raise Cancelled(Cancel.KEYS)
        device = self._one(macs, f"ed25519:{keys.device}", keys.device_key)
        master = self._one(macs, f"ed25519:{keys.master_key}", keys.master_key)
        if device is None and master is None:
            raise Cancelled(Cancel.KEYS)
        return Confirmed(device, master)

    def _one(self, macs: Mapping[str, Any], key_id: str, key: str | None) -> str | None:
        """The key if they vouch for it, None if they do not mention it. Raises Cancelled where they mean another."""
        if key is None or key_id not in macs:
            return None
        if not self._is_mac(macs[key_id], key, key_id):
            raise Cancelled(Cancel.KEYS)
        return key

    def _is_mac(self, mac: object, what: str, key_id: str) -> bool:
        try:
            tag = unpadded.encode(unpadded.decode(mac))
            self._established.verify_mac(what, self._mac_info(key_id, theirs=True), tag)
        except ValueError:
            return False
        return True

    @property
    def _established(self) -> vodozemac.EstablishedSas:
        if self._shared is None:
            raise Cancelled(Cancel.INVALID)
        return self._shared

    @property
    def _info(self) -> str:
        ours = (self._we.user, self._we.device, self.public_key)
        other = (self._they.user, self._they.device, self._their_key)
        first, second = (ours, other) if self._we_started else (other, ours)
        return "|".join(("MATRIX_KEY_VERIFICATION_SAS", *first, *second, self._transaction))

    def _mac_info(self, key_id: str, theirs: bool = False) -> str:
        first, second = (self._they, self._we) if theirs else (self._we, self._they)
        sides = first.user + first.device + second.user + second.device
        return f"MATRIX_KEY_VERIFICATION_MAC{sides}{self._transaction}{key_id}"


def _list(ids: Mapping[str, Any]) -> str:
    return ",".join(sorted(ids))
