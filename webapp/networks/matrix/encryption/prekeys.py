"""Keys with which others begin a session with us while we are away (Client-Server API, "One-time and fallback keys").

Each is handed out by the server once; when all are gone it hands out the fallback key, which we replace as soon as it
was used. Keys are stored before they are uploaded, and count as published once the server has them.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from webapp.networks.matrix.encryption.ours import device_keys, signed_by_device
from webapp.networks.matrix.encryption.store import Store

ALGORITHM = "signed_curve25519"


class Prekeys:
    """What of our keys the server should have."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._left: int | None = None if store.account.shared else 0
        self._fallback_used = not store.account.shared

    def note_counts(self, counts: Mapping[str, object], unused_fallback: Sequence[object] | None) -> None:
        """What a sync says is left on the server. No number means none: servers may leave out a zero.

        ``unused_fallback`` is None where the server does not know fallback keys.
        """
        left = counts.get(ALGORITHM, 0)
        self._left = left if isinstance(left, int) and not isinstance(left, bool) and left > 0 else 0
        if unused_fallback is not None:
            self._fallback_used = ALGORITHM not in unused_fallback

    def upload(self) -> dict[str, Any] | None:
        """The body of ``/keys/upload``; None if the server has what it needs. Belongs into a transaction."""
        self._make()
        body: dict[str, Any] = {}
        if not self._store.account.shared:
            body["device_keys"] = device_keys(self._store)
        if one_time := self._unpublished():
            body["one_time_keys"] = self._signed(one_time, {})
        if fallback := self._unpublished_fallback():
            body["fallback_keys"] = self._signed(fallback, {"fallback": True})
        return body or None

    def note_uploaded(self, reply: Mapping[str, Any]) -> None:
        """The server has what ``upload`` gave. Belongs into a transaction."""
        account = self._store.account
        account.shared = True
        account.mark_keys_as_published()
        self._fallback_used = False
        self._store.save_account()
        counts = reply.get("one_time_key_counts")
        self.note_counts(counts if isinstance(counts, Mapping) else {ALGORITHM: self._wanted}, None)

    def note_missing(self) -> None:
        """The server does not know this device. Belongs into a transaction."""
        self._store.account.shared = False
        self._store.save_account()

    @property
    def _wanted(self) -> int:
        return int(self._store.account.max_one_time_keys)

    def _make(self) -> None:
        """Make keys where some are missing and none wait to be uploaded."""
        account, made = self._store.account, False
        missing = 0 if self._left is None or self._unpublished() else self._wanted - self._left
        if missing > self._wanted // 10:
            account.generate_one_time_keys(missing)
            made = True
        if self._fallback_used and not self._unpublished_fallback():
            account._account.generate_fallback_key()
            made = True
        if made:
            self._store.save_account()

    def _unpublished(self) -> dict[str, str]:
        return dict(self._store.account.one_time_keys["curve25519"])

    def _unpublished_fallback(self) -> dict[str, str]:
        """nio does not know fallback keys; vodozemac below it does."""
        return {key_id: key.to_base64() for key_id, key in self._store.account._account.fallback_key.items()}

    def _signed(self, keys: Mapping[str, str], more: Mapping[str, Any]) -> dict[str, Any]:
        return {
            f"{ALGORITHM}:{key_id}": signed_by_device(self._store, {"key": key, **more}) for key_id, key in keys.items()
        }
