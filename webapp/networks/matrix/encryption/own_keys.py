"""What belongs to the person and not to one device: their identity, and the private keys that go with it.

A new identity is kept here before the server hears of it: killed in between, it is taken up as soon as the server
names it.
"""

from collections.abc import Callable
from typing import Any

from webapp.networks.matrix.encryption import cross_signing, identities, secrets, unpadded
from webapp.networks.matrix.encryption.backup import Backup
from webapp.networks.matrix.encryption.carrying import Carrying
from webapp.networks.matrix.encryption.devices import present
from webapp.networks.matrix.encryption.identities import Identity, identity, is_signed_by_owner
from webapp.networks.matrix.encryption.signing import SigningKey, signed
from webapp.networks.matrix.encryption.standing import Standing
from webapp.networks.matrix.encryption.store import Store

PREPARED = "prepared identity"
"""The fact with the private keys of an identity that is being made, by name."""


class OwnKeys:
    """Every method is one transaction."""

    def __init__(self, store: Store, came: Callable[[], None] = lambda: None) -> None:
        """``came`` is told that there are new room keys, in a transaction."""
        self._store = store
        self.backup = Backup(store, came)
        self.carrying = Carrying(store, came)

    def standing(self) -> Standing:
        """How it is with our keys now."""
        store = self._store
        with store.transaction():
            device = store.tables.device(store.user, store.device)
            vouched = self._vouched()
            return Standing(
                identities.trust(store, store.user),
                device is not None and identities.is_confirmed(store, device),
                frozenset(name for name in secrets.ALL if secrets.get(store, name)),
                store.waiting.count(),
                self.backup.state(),
                store.tables.count_to_back_up(),
                any(yes for name, yes in vouched.items() if name != store.device),
                self.backup.needs_restore(),
                len(vouched),
                sum(not yes for yes in vouched.values()),
            )

    def look_again(self) -> None:
        """Ask the server anew what it names."""
        with self._store.transaction():
            self._store.tables.outdate([self._store.user])

    def prepare(self) -> dict[str, Any]:
        """The public half of a new identity, to be uploaded; the same one until the server has it."""
        with self._store.transaction():
            kept = self._store.tables.fact(PREPARED)
            if not kept:
                kept = {name: unpadded.encode(SigningKey.new().seed) for name in secrets.CROSS_SIGNING}
                self._store.tables.keep_fact(PREPARED, kept)
        return _public(self._store.user, {name: _key(kept[name]) for name in secrets.CROSS_SIGNING})

    def adopt(self) -> bool:
        """Take up the prepared identity, if it is the one that the server names now."""
        store = self._store
        with store.transaction():
            kept = store.tables.fact(PREPARED)
            if not kept or not self._is_named(_key(kept[secrets.MASTER]).public):
                return False
            keys = {name: _key(kept[name]) for name in secrets.CROSS_SIGNING}
            new = Identity(
                keys[secrets.MASTER].public,
                keys[secrets.SELF_SIGNING].public,
                user_signing=keys[secrets.USER_SIGNING].public,
            )
            identities.keep(store.tables, store.user, new)
            cross_signing.confirm(store, store.user, new.master)
            store.tables.keep_fact(PREPARED, None)
            for name in secrets.CROSS_SIGNING:
                secrets.keep(store, name, kept[name])
            return True

    def claim(self, master_secret: str) -> bool:
        """Whether this is the private master key of the identity that the server names: then that is ours."""
        try:
            public = _key(master_secret).public
        except ValueError:
            return False
        with self._store.transaction():
            return cross_signing.confirm(self._store, self._store.user, public)

    def keep(self, name: str, secret: str) -> bool:
        """Keep a private key, if it fits."""
        with self._store.transaction():
            return secrets.keep(self._store, name, secret)

    def secrets(self) -> dict[str, str]:
        """The private keys that we have, by name."""
        with self._store.transaction():
            found = {name: secrets.get(self._store, name) for name in secrets.ALL}
        return {name: secret for name, secret in found.items() if secret is not None}

    def _vouched(self) -> dict[str, bool]:
        """Our devices, and whether our identity vouches for them."""
        store = self._store
        ours, here = identity(store.tables, store.user), present(store.tables, store.user)
        return {one.device: ours is not None and is_signed_by_owner(one, ours) for one in here}

    def _is_named(self, master: str) -> bool:
        ours = identity(self._store.tables, self._store.user)
        return ours is not None and master == (ours.changed or ours.master)


def _key(secret: str) -> SigningKey:
    return SigningKey(unpadded.decode(secret, 32))


def _public(user: str, keys: dict[str, SigningKey]) -> dict[str, Any]:
    """The body of ``/keys/device_signing/upload``: the master key, and the others signed by it."""
    master = keys[secrets.MASTER]
    body: dict[str, Any] = {}
    for name, key in keys.items():
        use = name.removeprefix("m.cross_signing.")
        value = {"user_id": user, "usage": [use], "keys": {f"ed25519:{key.public}": key.public}}
        if key is not master:
            value = signed(value, user, f"ed25519:{master.public}", master.signature(value))
        body[f"{use}_key"] = value
    return body
