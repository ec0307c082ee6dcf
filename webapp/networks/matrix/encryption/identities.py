"""Whose devices are whose: the cross-signing keys of people (Client-Server API, "Cross-signing").

The first master key that we see of somebody is kept. Another one later is a changed identity: it is noted beside the
first, and trusted no further until the person says so. Who is who is certain of those whose master key our own
identity has signed, and of that one only once it was confirmed to be ours.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import Any

from webapp.networks.matrix.encryption.foreign import key_text, mapping, short_text
from webapp.networks.matrix.encryption.signing import NotCanonical, covered, is_signed
from webapp.networks.matrix.encryption.store import Store
from webapp.networks.matrix.encryption.tables import KnownDevice, Tables
from webapp.networks.sealing import Trust

LARGEST = 8192
"""Octets of a signed object that we keep, to sign it ourselves or to look at its signatures again."""
MOST_SIGNATURES = 50
CONFIRMED = "confirmed"
"""The fact that names our own master key once it is certain that it is ours."""


@dataclass(frozen=True)
class Identity:
    """``master``: the key that we keep to. ``self_signing``, ``user_signing``: the keys that it signed, empty if none
    (``user_signing`` is told of ourselves only). ``changed``: the server now names another master key, this one; empty
    while it does not. ``signed``: the master key as the server keeps it, with our signatures; empty while unknown."""

    master: str
    self_signing: str = ""
    changed: str = ""
    user_signing: str = ""
    signed: Mapping[str, Any] = field(default_factory=dict, compare=False)


def identity(tables: Tables, user: str) -> Identity | None:
    """Somebody's identity as we know it; None where there is none."""
    kept = tables.identity(user)
    return Identity(**kept) if kept else None


def keep(tables: Tables, user: str, one: Identity) -> None:
    tables.keep_identity(user, asdict(one))


def note_identity(
    tables: Tables, user: str, master: object, self_signing: object, user_signing: object = None, us: str = ""
) -> None:
    """What a key query says of somebody's cross-signing keys, of which ``us`` signed some. Foreign: may be anything."""
    named = _key(user, "master", master)
    if not named:
        return
    known = identity(tables, user)
    if known is None or named == known.master:
        known = known or Identity(named)
        new = Identity(
            named,
            _signed_key(user, "self_signing", named, self_signing) or known.self_signing,
            user_signing=_signed_key(user, "user_signing", named, user_signing) or known.user_signing,
            signed=as_kept(mapping(master), us, known.signed),
        )
    else:
        new = replace(known, changed=named)
    if tables.identity(user) != asdict(new):
        keep(tables, user, new)


def acknowledge(store: Store, user: str) -> None:
    """The person knows that somebody's identity changed: the new one is kept to from now on, and nobody vouches for it.

    What it signed is asked for again.
    """
    known = identity(store.tables, user)
    if known is not None and known.changed:
        keep(store.tables, user, Identity(known.changed))
        store.tables.outdate([user])


def trust(store: Store, user: str) -> Trust:
    """How certain it is that somebody is who they say."""
    known = identity(store.tables, user)
    if known is None:
        return Trust.UNKNOWN
    if known.changed:
        return Trust.CHANGED
    if user == store.user:
        return Trust.CONFIRMED if store.tables.fact(CONFIRMED) == known.master else Trust.UNCONFIRMED
    return Trust.CONFIRMED if _is_signed_by_us(store, known) else Trust.UNCONFIRMED


def is_signed_by_owner(known: KnownDevice, owner: Identity) -> bool:
    """Whether the owner's self-signing key vouches for this device."""
    signing = owner.self_signing
    return is_signed(known.signed, known.user, f"ed25519:{signing}", signing)


def is_confirmed(store: Store, known: KnownDevice) -> bool:
    """Whether this device certainly belongs to its owner, and the owner certainly is who they say."""
    owner = identity(store.tables, known.user)
    return owner is not None and is_signed_by_owner(known, owner) and trust(store, known.user) is Trust.CONFIRMED


def _is_signed_by_us(store: Store, theirs: Identity) -> bool:
    ours = identity(store.tables, store.user)
    if ours is None or trust(store, store.user) is not Trust.CONFIRMED:
        return False
    return is_signed(theirs.signed, store.user, f"ed25519:{ours.user_signing}", ours.user_signing)


def as_kept(value: Mapping[str, Any], us: str, before: Mapping[str, Any]) -> dict[str, Any]:
    """A foreign object with the signatures by ``us`` alone; what we signed before stays, whatever the server forgot.

    Of one that is too large, or makes no sense, what was before.
    """
    try:
        if len(covered(value)) > LARGEST:
            return dict(before)
    except NotCanonical:
        return dict(before)
    plain = {name: one for name, one in value.items() if name not in {"signatures", "unsigned"}}
    same = {name: one for name, one in before.items() if name != "signatures"} == plain
    signatures = mapping(mapping(before.get("signatures")).get(us)) if same else {}
    told = mapping(mapping(value.get("signatures")).get(us))
    new = {name: text for name, text in list(told.items())[:MOST_SIGNATURES] if short_text(name) and short_text(text)}
    return {**plain, "signatures": {us: {**signatures, **new}}}


def _signed_key(user: str, usage: str, master: str, value: object) -> str:
    """The key for this use that the master key signed; empty if it did not."""
    key = _key(user, usage, value)
    return key if key and is_signed(value, user, f"ed25519:{master}", master) else ""


def _key(user: str, usage: str, value: object) -> str:
    """The one public key of a cross-signing key object; empty if it is not one of this user for this use."""
    said: Mapping[str, Any] = mapping(value)
    usages, keys = said.get("usage"), mapping(said.get("keys"))
    if said.get("user_id") != user or not isinstance(usages, list) or usage not in usages or len(keys) != 1:
        return ""
    [(name, key)] = keys.items()
    return key_text(key) if name == f"ed25519:{key}" else ""
