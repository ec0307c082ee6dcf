"""Events that cannot be read yet: they wait for their key, sealed, in the store's file."""

from collections.abc import Mapping
from typing import Any

from webapp.networks.matrix.encryption.sealing import Sealer
from webapp.networks.matrix.encryption.tables import Execute

SCHEMA = (
    "CREATE TABLE IF NOT EXISTS own_waiting (number INTEGER PRIMARY KEY, room TEXT NOT NULL, session TEXT NOT NULL,"
    " event TEXT NOT NULL UNIQUE, value BLOB NOT NULL)",
    "CREATE INDEX IF NOT EXISTS own_waiting_by_session ON own_waiting (session)",
)
KEPT = 5_000


class Waiting:
    """Rows of one account's store. Every method belongs into a transaction of the store."""

    def __init__(self, execute: Execute, sealer: Sealer) -> None:
        self._execute, self._sealer = execute, sealer

    def make(self) -> None:
        for statement in SCHEMA:
            self._execute(statement, ())

    def add(self, room: str, session: str, event: str, value: Mapping[str, Any]) -> None:
        """Keep an event that cannot be read yet. Once is enough."""
        sealed = self._sealer.seal(dict(value), "waiting", room, event)
        self._execute(
            "INSERT OR IGNORE INTO own_waiting (room, session, event, value) VALUES (?, ?, ?, ?)",
            (room, session, f"{room}\n{event}", sealed),
        )

    def of(self, session: str, limit: int) -> list[tuple[str, dict[str, Any]]]:
        """Events of this session that wait, oldest first, each with its room."""
        rows = self._execute(
            "SELECT room, event, value FROM own_waiting WHERE session = ? ORDER BY number LIMIT ?", (session, limit)
        )
        unsealed = self._sealer.unseal
        return [(room, unsealed(value, "waiting", room, name.removeprefix(f"{room}\n"))) for room, name, value in rows]

    def count(self) -> int:
        return int(self._execute("SELECT count(*) FROM own_waiting", ())[0][0])

    def keys(self, limit: int) -> list[tuple[str, str]]:
        """Room and session of keys for which events wait, those of the newest events first."""
        rows = self._execute(
            "SELECT room, session FROM own_waiting GROUP BY room, session ORDER BY max(number) DESC LIMIT ?", (limit,)
        )
        return [(str(room), str(session)) for room, session in rows]

    def ripe(self) -> list[str]:
        """Sessions for which events wait though their key is there."""
        rows = self._execute("SELECT DISTINCT session FROM own_waiting JOIN own_room_key USING (session)", ())
        return [session for (session,) in rows]

    def drop(self, room: str, event: str) -> None:
        """This one waits no more."""
        self._execute("DELETE FROM own_waiting WHERE event = ?", (f"{room}\n{event}",))

    def forget_old(self) -> None:
        """Keep the newest."""
        newest = "(SELECT max(number) FROM own_waiting)"
        self._execute(f"DELETE FROM own_waiting WHERE number <= {newest} - ?", (KEPT,))  # noqa: S608 (the line above)
