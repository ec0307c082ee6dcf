"""Whose devices are whose: the cross-signing keys of people (Client-Server API, "Cross-signing").

The first master key that we see of somebody is kept. Another one later is a changed identity: it is noted beside the
first, and trusted no further until the person says so.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from webapp.networks.matrix.encryption.foreign import key_text, mapping
from webapp.networks.matrix.encryption.signing import is_signed
from webapp.networks.matrix.encryption.tables import KnownDevice, Tables


@dataclass(frozen=True)
class Identity:
    """``master``: the key that we keep to. ``self_signing``: the key that it signed, empty if none. ``changed``: the
    server now names another master key, this one; empty while it does not."""

    master: str
    self_signing: str = ""
    changed: str = ""


def identity(tables: Tables, user: str) -> Identity | None:
    """Somebody's identity as we know it; None where there is none."""
    kept = tables.identity(user)
    return Identity(**kept) if kept else None


def note_identity(tables: Tables, user: str, master: object, self_signing: object) -> None:
    """What a key query says of somebody's cross-signing keys. Foreign: may be anything."""
    named = _key(user, "master", master)
    if not named:
        return
    known = identity(tables, user)
    signing = _self_signing(user, named, self_signing)
    if known is None or named == known.master:
        new = Identity(named, signing or (known.self_signing if known else ""))
    else:
        new = Identity(known.master, known.self_signing, named)
    if new != known:
        tables.keep_identity(user, {"master": new.master, "self_signing": new.self_signing, "changed": new.changed})


def is_signed_by_owner(known: KnownDevice, owner: Identity) -> bool:
    """Whether the owner's self-signing key vouches for this device."""
    signing = owner.self_signing
    return is_signed(known.signed, known.user, f"ed25519:{signing}", signing)


def _self_signing(user: str, master: str, value: object) -> str:
    key = _key(user, "self_signing", value)
    return key if key and is_signed(value, user, f"ed25519:{master}", master) else ""


def _key(user: str, usage: str, value: object) -> str:
    """The one public key of a cross-signing key object; empty if it is not one of this user for this use."""
    said: Mapping[str, Any] = mapping(value)
    usages, keys = said.get("usage"), mapping(said.get("keys"))
    if said.get("user_id") != user or not isinstance(usages, list) or usage not in usages or len(keys) != 1:
        return ""
    [(name, key)] = keys.items()
    return key_text(key) if name == f"ed25519:{key}" else ""
