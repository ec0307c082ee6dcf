"""Which rooms are encrypted: never taken back (S20), and none can vanish from the file unnoticed.

Whoever made the house forget such a room would make it speak there in the clear. A row for each is cheap to add and
easy to lose, so beside them stands a sealed sum of all: where the two do not agree when an account starts, its store
is broken.
"""

import hmac
from collections.abc import Mapping
from functools import reduce
from operator import xor
from typing import Any

from webapp.networks.matrix.encryption.outcomes import StoreBroken
from webapp.networks.matrix.encryption.sealing import Sealer
from webapp.networks.matrix.encryption.tables import Execute, Tables

SUM = "sum of rooms"
"""The fact with how many rows there are, and all of them added up."""
ALL_IN_ONE = "rooms"
"""The fact in which stores of older versions keep all rooms together: their settings by room."""
Settings = Mapping[str, int]
"""How often the key of a room must change, as far as anybody said so."""


class EncryptedRooms:
    """Every method belongs into a transaction of the store."""

    def __init__(self, execute: Execute, sealer: Sealer, tables: Tables, key: bytes) -> None:
        """``key`` is for the sum alone."""
        self._execute, self._sealer, self._tables, self._key = execute, sealer, tables, key
        self._known: set[str] | None = None
        self._sum = 0

    def begin(self) -> None:
        """A new account has none."""
        self._tables.keep_fact(SUM, [0, "0"])

    def check(self) -> None:
        """That none is missing; what an older version kept is taken over. Raises StoreBroken."""
        self._all()

    def __contains__(self, room: str) -> bool:
        """Raises StoreBroken."""
        return room in self._all()

    def settings(self, room: str) -> Settings | None:
        """None for a room that is not encrypted. Raises StoreBroken."""
        return self._unsealed(room) if room in self._all() else None

    def by_name(self) -> dict[str, Settings]:
        """All of them. Raises StoreBroken."""
        return {room: self._unsealed(room) for room in self._all()}

    def keep(self, rooms: Mapping[str, Settings]) -> None:
        """These are encrypted from now on. Raises StoreBroken."""
        known = self._all()
        for room, settings in rooms.items():
            if room in known:
                self._sum ^= self._share(room, self._value(room))
            value = self._sealer.seal(dict(settings), "encrypted room", room)
            self._execute("REPLACE INTO own_encrypted_room VALUES (?, ?)", (room, value))
            self._sum ^= self._share(room, value)
        known.update(rooms)
        self._tables.keep_fact(SUM, [len(known), f"{self._sum:x}"])

    def forget_what_was_read(self) -> None:
        """What is in memory may never have been written."""
        self._known = None

    def _all(self) -> set[str]:
        if self._known is None:
            if self._tables.fact(SUM) is None:
                self._take_over()
            self._known, self._sum = self._checked()
        return self._known

    def _checked(self) -> tuple[set[str], int]:
        """What the rows say, if the sum agrees. Raises StoreBroken."""
        rows = self._execute("SELECT room, value FROM own_encrypted_room", ())
        total = reduce(xor, (self._share(room, value) for room, value in rows), 0)
        if self._tables.fact(SUM) != [len(rows), f"{total:x}"]:
            raise StoreBroken
        return {room for room, _ in rows}, total

    def _take_over(self) -> None:
        """The rooms of a store of an older version. Raises StoreBroken where there is no such thing."""
        before: Any = self._tables.fact(ALL_IN_ONE)
        if not isinstance(before, dict):
            raise StoreBroken
        self.begin()
        self._known, self._sum = set(), 0
        self.keep(before)
        self._tables.forget_fact(ALL_IN_ONE)

    def _unsealed(self, room: str) -> Settings:
        found: Settings = self._sealer.unseal(self._value(room), "encrypted room", room)
        return found

    def _value(self, room: str) -> object:
        rows = self._execute("SELECT value FROM own_encrypted_room WHERE room = ?", (room,))
        if not rows:
            raise StoreBroken
        return rows[0][0]

    def _share(self, room: object, value: object) -> int:
        """What a row adds to the sum. Without the key nobody can find other rows that add up to the same."""
        row = str(room).encode("utf-8", "replace") + b"\0" + (value if isinstance(value, bytes) else b"")
        return int.from_bytes(hmac.digest(self._key, row, "sha256"), "big")
