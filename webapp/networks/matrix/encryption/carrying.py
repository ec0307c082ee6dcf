"""Room keys that the person takes along in a file, or brings (Client-Server API, "Key export format").

Who wrote a message cannot be proven by a key from a file: it is what the file says.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from nio.crypto import InboundGroupSession

from webapp.networks.matrix.encryption.foreign import key_text, mapping, short_text
from webapp.networks.matrix.encryption.ours import MEGOLM_ALGORITHM
from webapp.networks.matrix.encryption.store import Store

SOURCE = "import"
LONGEST_KEY = 10_000


class Carrying:
    """Every method is one transaction. ``ripe`` is called when there are new keys."""

    def __init__(self, store: Store, ripe: Callable[[], None]) -> None:
        self._store, self._ripe = store, ripe

    def some(self, after: str, limit: int) -> tuple[list[dict[str, Any]], str]:
        """Some keys as they stand in a file, and after which session to go on; empty at the end."""
        with self._store.transaction():
            sessions = self._store.tables.room_key_sessions(after, limit)
            found = [one for session in sessions if (one := self._exported(session))]
        return found, sessions[-1] if sessions else ""

    def take(self, keys: Sequence[object]) -> int:
        """Take in some keys of a file, all foreign. How many of them are here now."""
        with self._store.transaction():
            taken = sum(self._take(mapping(key)) for key in keys)
            if taken:
                self._ripe()
        return taken

    def _exported(self, session: str) -> dict[str, Any] | None:
        facts = self._store.tables.room_key(session)
        found = self._store.room_key(facts.room, session) if facts else None
        if facts is None or found is None:
            return None
        return {
            "algorithm": MEGOLM_ALGORITHM,
            "room_id": facts.room,
            "session_id": session,
            "session_key": found[0].export_session(found[0].first_known_index),
            "sender_key": facts.sender_key,
            "sender_claimed_keys": {"ed25519": facts.device_key},
            "forwarding_curve25519_key_chain": [],
        }

    def _take(self, said: Mapping[str, Any]) -> bool:
        room, text = short_text(said.get("room_id")), said.get("session_key")
        ed25519 = key_text(mapping(said.get("sender_claimed_keys")).get("ed25519"))
        if said.get("algorithm") != MEGOLM_ALGORITHM or not room:
            return False
        if not isinstance(text, str) or len(text) > LONGEST_KEY:
            return False
        try:
            key = InboundGroupSession.import_session(text, ed25519, key_text(said.get("sender_key")), room)
        except ValueError:
            return False
        if key.id != said.get("session_id"):
            return False
        return self._store.keep_room_key(key, "", SOURCE) or self._store.room_key(room, key.id) is not None
