"""Sessions with single devices that came out of step: begun anew (Client-Server API, "Recovering from undecryptable
messages").

What could not be read is lost to us, but what comes next is not: the other device answers in the new session. At most
once an hour for each device, so that nobody can make us use up anybody's keys.
"""

from collections.abc import Sequence
from functools import partial

from webapp.networks.matrix.encryption.devices import of_key
from webapp.networks.matrix.encryption.foreign import mapping
from webapp.networks.matrix.encryption.letters import Letters
from webapp.networks.matrix.encryption.needs import Needs
from webapp.networks.matrix.encryption.store import Store
from webapp.networks.matrix.encryption.tables import now

RENEWED = "renewed sessions"
"""The fact with when we last began anew, by the Curve25519 key of the device."""
NOT_BEFORE = 3600.0
DUMMY = "m.dummy"


class Recovery:
    """Every method belongs into a transaction of the store."""

    def __init__(self, store: Store, needs: Needs, letters: Letters) -> None:
        self._store, self._needs, self._letters = store, needs, letters

    def note(self, out_of_step: Sequence[tuple[str, str]]) -> None:
        """Letters of these users and sender keys could not be read."""
        for user, sender_key in out_of_step:
            device = of_key(self._store.tables, user, sender_key)
            if device is not None and not device.gone and self._may(sender_key):
                self._needs.renew(device, partial(self._letters.write, device, DUMMY, {}))

    def _may(self, sender_key: str) -> bool:
        renewed = mapping(self._store.tables.fact(RENEWED))
        recent = {key: at for key, at in renewed.items() if now() - at < NOT_BEFORE}
        if sender_key in recent:
            return False
        self._store.tables.keep_fact(RENEWED, {**recent, sender_key: now()})
        return True
