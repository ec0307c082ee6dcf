"""Secrets that the homeserver keeps for the person without being able to read them (specification, "Secret storage").

They lie in the account data, sealed with one key, which the person has: the recovery key, or a passphrase.
"""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from webapp.networks.matrix.encryption import secret_storage
from webapp.networks.matrix.trouble import Declined
from webapp.networks.matrix.wire import Wire, path

DEFAULT = "m.secret_storage.default_key"
NAMES = (
    *(f"m.cross_signing.{use}" for use in ("master", "self_signing", "user_signing")),
    "m.megolm_backup.v1",
)


@dataclass(frozen=True)
class Lock:
    """The key that opens the secrets: its id, and how the account describes it (foreign)."""

    id: str
    description: Mapping[str, Any]


class SecretStore:
    """Of one account. All methods raise NotReached, Rejected, Declined."""

    def __init__(self, wire: Wire, me: str) -> None:
        self._wire, self._me = wire, me

    async def lock(self) -> Lock | None:
        """What the secrets are locked with; None where nothing is stored."""
        name = (await self._data(DEFAULT)).get("key")
        if not isinstance(name, str) or not 0 < len(name) < 200:
            return None
        description = await self._data(_of_key(name))
        return Lock(name, description) if description else None

    async def read(self, lock: Lock, key: bytes) -> dict[str, str]:
        """The secrets that ``key`` opens, by their names."""
        found: dict[str, str] = {}
        for name in NAMES:
            sealed = (await self._data(name)).get("encrypted")
            stored = sealed.get(lock.id) if isinstance(sealed, Mapping) else None
            try:
                found[name] = await asyncio.to_thread(secret_storage.unseal, key, name, stored)
            except secret_storage.Damaged:
                continue
        return found

    async def write(self, lock_id: str, key: bytes, secrets: Mapping[str, str]) -> None:
        """Store these secrets under one new key, and make it the one to be asked for."""
        await self._put(_of_key(lock_id), secret_storage.describe(key))
        for name, secret in secrets.items():
            await self._put(name, {"encrypted": {lock_id: secret_storage.seal(key, name, secret)}})
        await self._put(DEFAULT, {"key": lock_id})

    async def _data(self, kind: str) -> Mapping[str, Any]:
        """Account data; empty where there is none."""
        try:
            return await self._wire.ask("GET", self._path(kind))
        except Declined as error:
            if error.status != 404:
                raise
            return {}

    async def _put(self, kind: str, content: Mapping[str, Any]) -> None:
        await self._wire.ask("PUT", self._path(kind), content)

    def _path(self, kind: str) -> str:
        return path("user", self._me, "account_data", kind)


def _of_key(name: str) -> str:
    return f"m.secret_storage.key.{name}"
