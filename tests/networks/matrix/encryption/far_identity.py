"""Somebody's cross-signing keys, as another client of theirs made them."""

from typing import Any

from webapp.networks.matrix.encryption import unpadded
from webapp.networks.matrix.encryption.signing import SigningKey, signed


class Cross:
    """An identity; the private keys too, because it may be our own from another device."""

    def __init__(self, user: str = "@bob:house.test", ours: bool = False) -> None:
        """``ours``: whoever asks is the person, and is told of the user-signing key."""
        self.user, self.ours = user, ours
        self.master, self.signing, self.vouching = (SigningKey.new() for _ in range(3))

    def key(self, usage: str, key: SigningKey) -> dict[str, Any]:
        return {"user_id": self.user, "usage": [usage], "keys": {f"ed25519:{key.public}": key.public}}

    def by_master(self, value: dict[str, Any]) -> dict[str, Any]:
        return signed(value, self.user, f"ed25519:{self.master.public}", self.master.signature(value))

    def answer(self) -> dict[str, Any]:
        """What a key query says of it."""
        told = {
            "master_keys": {self.user: self.key("master", self.master)},
            "self_signing_keys": {self.user: self.by_master(self.key("self_signing", self.signing))},
        }
        if self.ours:
            told["user_signing_keys"] = {self.user: self.by_master(self.key("user_signing", self.vouching))}
        return told

    def vouch(self, keys: dict[str, Any]) -> dict[str, Any]:
        """A device's keys with the signature of the identity."""
        return signed(keys, self.user, f"ed25519:{self.signing.public}", self.signing.signature(keys))

    def secret(self, name: str) -> str:
        """A private key, as it is stored and sent."""
        use = name.removeprefix("m.cross_signing.")
        key = {"master": self.master, "self_signing": self.signing, "user_signing": self.vouching}[use]
        return unpadded.encode(key.seed)
