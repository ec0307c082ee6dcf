"""Who vouches for whom: what was confirmed, and the signatures that tell others (Client-Server API, "Cross-signing").

What is to be signed is noted first and signed as soon as the private key for it is here; it is told to the server until
that has taken it, also after a kill.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from webapp.networks.matrix.encryption import identities, secrets
from webapp.networks.matrix.encryption.foreign import mapping
from webapp.networks.matrix.encryption.identities import CONFIRMED, Identity, identity, is_signed_by_owner
from webapp.networks.matrix.encryption.questions import Questions
from webapp.networks.matrix.encryption.signing import SigningKey, is_signed, signed
from webapp.networks.matrix.encryption.store import Store

SIGNATURES = "signatures"
TO_SIGN = "to sign"
"""The fact with whose master keys were confirmed and are not signed at the server yet: by user."""
OWN_DEVICE = "signature of our device by "


def confirm(store: Store, user: str, master_key: str) -> bool:
    """A verification showed that this is the master key of ``user``; whether it is the one that the server names.

    Our own identity is then confirmed; somebody else's is signed by it. In a transaction.
    """
    known = identity(store.tables, user)
    if known is None or not master_key or master_key not in {known.master, known.changed}:
        return False
    if master_key == known.changed:
        identities.acknowledge(store, user)
    if user == store.user:
        store.tables.keep_fact(CONFIRMED, master_key)
    else:
        store.tables.keep_fact(TO_SIGN, {**_to_sign(store), user: master_key})
        _sign_master(store, user)
    return True


class Signatures:
    """Tells the server what we signed. Every method belongs into a transaction."""

    def __init__(self, store: Store, questions: Questions) -> None:
        self._store, self._questions = store, questions

    def upload(self) -> None:
        """Ask for what the server does not have yet."""
        if self._questions.of(SIGNATURES) or not self._questions.may_ask(SIGNATURES):
            return
        body = self._masters()
        if (device := self._own_device()) is not None:
            body.setdefault(self._store.user, {})[self._store.device] = device
        if body:
            self._questions.ask(SIGNATURES, "POST", "/keys/signatures/upload", body, (), self._taken(body))

    def _masters(self) -> dict[str, dict[str, Any]]:
        """Other people's master keys with our signature, as far as they can be signed now."""
        body: dict[str, dict[str, Any]] = {}
        for user, master in _to_sign(self._store).items():
            if (value := _sign_master(self._store, user)) is not None:
                body[user] = {master: value}
        return body

    def _own_device(self) -> dict[str, Any] | None:
        """Our device with the signature of our self-signing key, where the server does not have it."""
        store, ours = self._store, identity(self._store.tables, self._store.user)
        key = secrets.signing_key(store, secrets.SELF_SIGNING)
        known = store.tables.device(store.user, store.device)
        if ours is None or key is None or known is None or not _is_ours(store, ours):
            return None
        same = known.ed25519 == store.account.identity_keys["ed25519"]
        if not same or is_signed_by_owner(known, ours) or not self._questions.may_ask(OWN_DEVICE + ours.self_signing):
            return None
        return _signed_by(store.user, key, known.signed)

    def _taken(self, body: Mapping[str, Mapping[str, Any]]) -> Any:
        def answer(reply: Mapping[str, Any]) -> None:
            """One that was refused is not tried for ever; whoever is confirmed stays so in this house."""
            left = {u: m for u, m in _to_sign(self._store).items() if m not in body.get(u, {})}
            self._store.tables.keep_fact(TO_SIGN, left)
            self._store.tables.outdate(body)
            if self._store.user in body:
                ours = identity(self._store.tables, self._store.user)
                self._questions.later([OWN_DEVICE + (ours.self_signing if ours else "")])

        return answer


def _to_sign(store: Store) -> dict[str, str]:
    return dict(mapping(store.tables.fact(TO_SIGN)))


def _is_ours(store: Store, ours: Identity) -> bool:
    return not ours.changed and store.tables.fact(CONFIRMED) == ours.master


def _sign_master(store: Store, user: str) -> dict[str, Any] | None:
    """Somebody's confirmed master key, signed by us and kept so; None while that is not possible."""
    ours, theirs = identity(store.tables, store.user), identity(store.tables, user)
    key = secrets.signing_key(store, secrets.USER_SIGNING)
    if ours is None or theirs is None or key is None or not _is_ours(store, ours) or not theirs.signed:
        return None
    if theirs.changed or theirs.master != _to_sign(store).get(user):
        return None
    if not is_signed(theirs.signed, store.user, f"ed25519:{key.public}", key.public):
        theirs = replace(theirs, signed=_signed_by(store.user, key, theirs.signed))
        identities.keep(store.tables, user, theirs)
    return dict(theirs.signed)


def _signed_by(user: str, key: SigningKey, value: Mapping[str, Any]) -> dict[str, Any]:
    """``value`` with a signature by one of our cross-signing keys."""
    return signed(value, user, f"ed25519:{key.public}", key.signature(value))
