"""Our other devices that we compared emoji with: our identity signs them, so that everybody else can trust them, too
(Client-Server API, "Cross-signing").

It is noted first and signed as soon as the private key for it is here, also after a restart.
"""

from collections.abc import Mapping
from typing import Any

from webapp.networks.matrix.encryption import secrets
from webapp.networks.matrix.encryption.foreign import mapping
from webapp.networks.matrix.encryption.identities import identity, is_signed_by_owner, trust
from webapp.networks.matrix.encryption.questions import Answer, Questions
from webapp.networks.matrix.encryption.signing import signed
from webapp.networks.matrix.encryption.store import Store
from webapp.networks.sealing import Trust

COMPARED = "own devices that were compared"
"""The fact with the Ed25519 keys of our devices that the person confirmed, by device."""
VOUCH = "signatures of own devices"


class Vouching:
    """Every method belongs into a transaction of the store."""

    def __init__(self, store: Store, questions: Questions) -> None:
        self._store, self._questions = store, questions

    def vouch(self, device: str, key: str) -> None:
        """The person compared this device of theirs, which has this Ed25519 key."""
        self._store.tables.keep_fact(COMPARED, {**_compared(self._store), device: key})

    def upload(self) -> None:
        """Ask for what the server does not have yet."""
        if self._questions.of(VOUCH) or not self._questions.may_ask(VOUCH):
            return
        if body := self._signed():
            self._questions.ask(
                VOUCH, "POST", "/keys/signatures/upload", {self._store.user: body}, body, self._taken(body)
            )

    def _signed(self) -> dict[str, Any]:
        """Our compared devices that nobody vouches for yet, with the signature of our identity."""
        store = self._store
        compared, ours = _compared(store), identity(store.tables, store.user)
        if not compared or ours is None or trust(store, store.user) is not Trust.CONFIRMED:
            return {}
        key = secrets.signing_key(store, secrets.SELF_SIGNING)
        if key is None:
            return {}
        name = f"ed25519:{key.public}"
        return {
            known.device: signed(known.signed, store.user, name, key.signature(known.signed))
            for device, ed25519 in compared.items()
            if (known := store.tables.device(store.user, device)) and not known.gone
            if known.ed25519 == ed25519 and not is_signed_by_owner(known, ours) and self._questions.may_ask(_of(device))
        }

    def _taken(self, body: Mapping[str, Any]) -> Answer:
        def answer(_: Mapping[str, Any]) -> None:
            """Each is tried once an hour at most: if the server took it, the list of devices says so."""
            self._store.tables.outdate([self._store.user])
            self._questions.later(_of(device) for device in body)

        return answer


def is_own_compared(store: Store, device: str, key: str) -> bool:
    """Whether the person compared this device of theirs, with this very key."""
    return _compared(store).get(device) == key


def _of(device: str) -> str:
    return f"{VOUCH} {device}"


def _compared(store: Store) -> dict[str, str]:
    return {device: str(key) for device, key in mapping(store.tables.fact(COMPARED)).items()}
