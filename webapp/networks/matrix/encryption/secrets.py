"""The person's own private keys, as far as this device has them (Client-Server API, "Secrets").

They lie sealed in the store. One is only taken if it is the private half of what the server names, and only given out
while it still is: an identity, or a backup, that was replaced elsewhere makes them worthless by itself.
"""

import vodozemac

from webapp.networks.matrix.encryption import unpadded
from webapp.networks.matrix.encryption.foreign import mapping
from webapp.networks.matrix.encryption.identities import Identity, identity
from webapp.networks.matrix.encryption.signing import SigningKey
from webapp.networks.matrix.encryption.store import Store

MASTER, SELF_SIGNING, USER_SIGNING = (f"m.cross_signing.{use}" for use in ("master", "self_signing", "user_signing"))
BACKUP = "m.megolm_backup.v1"
CROSS_SIGNING = (MASTER, SELF_SIGNING, USER_SIGNING)
ALL = (*CROSS_SIGNING, BACKUP)
BACKUP_FACT = "backup"
"""The fact with what the server says of its backup of room keys: ``version``, ``public_key``, ``auth`` (signed)."""


def keep(store: Store, name: str, secret: str) -> bool:
    """Keep a private key, in base64; whether it was kept. It is not if it does not fit what the server names.

    In a transaction.
    """
    if not _fits(store, name, secret):
        return False
    store.tables.keep_fact(_fact(name), unpadded.encode(unpadded.decode(secret)))
    return True


def get(store: Store, name: str) -> str | None:
    """The private key of this name, in unpadded base64; None while there is none that fits. In a transaction."""
    kept = store.tables.fact(_fact(name)) if name in ALL else None
    return kept if isinstance(kept, str) and _fits(store, name, kept) else None


def signing_key(store: Store, name: str) -> SigningKey | None:
    """The same, of a cross-signing key, to sign with."""
    kept = get(store, name)
    return SigningKey(unpadded.decode(kept)) if kept else None


def _fits(store: Store, name: str, secret: str) -> bool:
    public = _public(store, name)
    try:
        seed = unpadded.decode(secret, 32)
        if name == BACKUP:
            return bool(public) and vodozemac.Curve25519SecretKey.from_bytes(seed).public_key().to_base64() == public
        return bool(public) and SigningKey(seed).public == public
    except ValueError:
        return False


def _public(store: Store, name: str) -> str:
    """What the server names, in the identity that we keep to; empty if nothing."""
    if name == BACKUP:
        return str(mapping(store.tables.fact(BACKUP_FACT)).get("public_key") or "")
    ours = identity(store.tables, store.user) or Identity("")
    return {MASTER: ours.master, SELF_SIGNING: ours.self_signing, USER_SIGNING: ours.user_signing}.get(name, "")


def _fact(name: str) -> str:
    return f"secret {name}"
