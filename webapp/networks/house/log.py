"""The medium of the house: a small SQLite file with residents, rooms, and one log of everything that happened.

``entry.id`` is the order of the whole house and every session's checkpoint. Appending is durable before it returns.
Whoever leaves a room stays out of it until somebody lets them in again (``stays_out``).
A room's id is ``family``, ``group:<random>`` or ``pair:<a>:<b>`` with the two residents' keys in order.
"""

import secrets
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path

_TABLES = """
CREATE TABLE IF NOT EXISTS resident (key TEXT PRIMARY KEY, name TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS room (id TEXT PRIMARY KEY, name TEXT NOT NULL, everyone INTEGER NOT NULL DEFAULT 0,
    open INTEGER NOT NULL DEFAULT 1);
CREATE TABLE IF NOT EXISTS member (room TEXT NOT NULL REFERENCES room, resident TEXT NOT NULL REFERENCES resident,
    since INTEGER NOT NULL DEFAULT 0, PRIMARY KEY (room, resident));
CREATE INDEX IF NOT EXISTS member_of ON member (resident, room);
CREATE TABLE IF NOT EXISTS stays_out (room TEXT NOT NULL REFERENCES room, resident TEXT NOT NULL REFERENCES resident,
    PRIMARY KEY (room, resident));
CREATE TABLE IF NOT EXISTS entry (id INTEGER PRIMARY KEY AUTOINCREMENT, room TEXT NOT NULL REFERENCES room,
    kind TEXT NOT NULL, resident TEXT NOT NULL, text TEXT NOT NULL DEFAULT '', transaction_id TEXT,
    about INTEGER, at INTEGER NOT NULL, UNIQUE (room, resident, transaction_id));
CREATE INDEX IF NOT EXISTS entry_of_room ON entry (room, id);
"""


@dataclass(frozen=True)
class Entry:
    """Something that happened. ``at`` is in microseconds.

    ``kind`` is said, read, topic (the room is called ``text`` now), joined, left or closed (to ``resident``).
    """

    id: int
    room: str
    kind: str
    resident: str
    text: str
    transaction_id: str | None
    about: int | None
    at: int


@dataclass(frozen=True)
class Room:
    """A room as one resident sees it. ``topic`` is the latest."""

    id: str
    name: str
    members: dict[str, str]

    @property
    def is_pair(self) -> bool:
        """Whether it is the conversation of two, not a group."""
        return self.id.startswith("pair:")


def pair_room(one: str, other: str) -> str:
    """The id of the conversation of two residents."""
    return "pair:" + ":".join(sorted((one, other)))


@cache
def house_log(folder: Path) -> "HouseLog":
    """The log below this folder, one object for all sessions of the process, because they wake each other."""
    return HouseLog(folder)


class HouseLog:
    """Residents, rooms and what was said in them. Thread-safe; every method is short."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._lock = threading.RLock()
        self._db = sqlite3.connect(folder / "house.sqlite", check_same_thread=False, isolation_level=None)
        self._db.executescript("PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA foreign_keys=ON;" + _TABLES)
        self._listeners: list[Callable[[], None]] = []

    # -- residents and rooms

    def add_resident(self, key: str, name: str) -> None:
        """Somebody moves in and is let in where everyone is; or is called something else than until now."""
        with self._change() as db:
            known = db.execute("SELECT 1 FROM resident WHERE key = ?", (key,)).fetchone()
            db.execute(
                "INSERT INTO resident VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET name = excluded.name", (key, name)
            )
            for (room,) in [] if known else db.execute("SELECT id FROM room WHERE everyone AND open").fetchall():
                self._let_in(db, room, key)

    def residents(self) -> dict[str, str]:
        """Everyone's key and name."""
        with self._lock:
            return dict(self._db.execute("SELECT key, name FROM resident ORDER BY name"))

    def resident_called(self, name: str) -> str | None:
        """The key of the resident with this name, however it is written."""
        wanted = name.strip().casefold()
        return next((key for key, known in self.residents().items() if known.casefold() == wanted), None)

    def open_group(self, room: str, name: str, *, everyone: bool) -> None:
        """Make a group, or open it again; with ``everyone`` all residents are in it, but for those who left it, and
        those to come."""
        with self._change() as db:
            if db.execute("SELECT 1 FROM room WHERE id = ? AND open", (room,)).fetchone():
                return
            known = db.execute("SELECT 1 FROM room WHERE id = ?", (room,)).fetchone()
            if not known and not name:
                return  # nobody has moved in yet; the first one gives it a name
            if known:
                db.execute("UPDATE room SET open = 1 WHERE id = ?", (room,))
            else:
                db.execute("INSERT INTO room (id, name, everyone) VALUES (?, ?, ?)", (room, name, everyone))
            if everyone:
                wanted = "SELECT key FROM resident WHERE key NOT IN (SELECT resident FROM stays_out WHERE room = ?)"
                for (key,) in db.execute(wanted, (room,)).fetchall():
                    self._let_in(db, room, key)

    def close_group(self, room: str) -> None:
        """Nobody can write there any more; what was said stays with everyone."""
        with self._change() as db:
            if not db.execute("SELECT 1 FROM room WHERE id = ? AND open", (room,)).fetchone():
                return
            for (key,) in db.execute("SELECT resident FROM member WHERE room = ?", (room,)).fetchall():
                self._append(db, room, "closed", key)
            db.execute("UPDATE room SET open = 0 WHERE id = ?", (room,))
            db.execute("DELETE FROM member WHERE room = ?", (room,))

    def create_group(self, name: str, members: list[str]) -> str:
        """Make a group with these residents; returns its id."""
        room = "group:" + secrets.token_hex(8)
        with self._change() as db:
            db.execute("INSERT INTO room (id, name) VALUES (?, ?)", (room, name))
            for key in members:
                self._let_in(db, room, key)
        return room

    def open_pair(self, one: str, other: str) -> str:
        """The conversation of two residents, made if they have never spoken; returns its id."""
        room = pair_room(one, other)
        with self._change() as db:
            db.execute("INSERT OR IGNORE INTO room (id, name) VALUES (?, '')", (room,))
            for key in {one, other}:
                db.execute("INSERT OR IGNORE INTO member (room, resident) VALUES (?, ?)", (room, key))
        return room

    def let_in(self, room: str, resident: str) -> None:
        """A resident joins a group."""
        with self._change() as db:
            self._let_in(db, room, resident)

    def let_out(self, room: str, resident: str) -> None:
        """A resident leaves a group."""
        with self._change() as db:
            gone = db.execute("DELETE FROM member WHERE room = ? AND resident = ?", (room, resident))
            if gone.rowcount:
                db.execute("INSERT OR IGNORE INTO stays_out VALUES (?, ?)", (room, resident))
                self._append(db, room, "left", resident)

    def room(self, room: str) -> Room | None:
        """A room and who is in it now."""
        with self._lock:
            row = self._db.execute("SELECT name FROM room WHERE id = ?", (room,)).fetchone()
            members = self._db.execute(
                "SELECT key, resident.name FROM member JOIN resident ON key = resident WHERE room = ? ORDER BY 2",
                (room,),
            )
            return Room(room, row[0], dict(members)) if row else None

    def rooms_of(self, resident: str) -> list[str]:
        """The rooms that a resident is in."""
        with self._lock:
            rows = self._db.execute("SELECT room FROM member WHERE resident = ? ORDER BY room", (resident,))
            return [room for (room,) in rows]

    def is_member(self, room: str, resident: str) -> bool:
        """Whether this resident is in the room now."""
        with self._lock:
            query = "SELECT 1 FROM member WHERE room = ? AND resident = ?"
            return self._db.execute(query, (room, resident)).fetchone() is not None

    # -- what happens

    def say(self, room: str, resident: str, text: str, transaction_id: str) -> Entry:
        """Append what somebody says. The same transaction id is the same entry, however often it is said."""
        with self._change() as db:
            already = self.said(room, resident, transaction_id)
            return already or self._append(db, room, "said", resident, text, transaction_id)

    def said(self, room: str, resident: str, transaction_id: str) -> Entry | None:
        """The entry that was made under this transaction id."""
        query = "SELECT * FROM entry WHERE room = ? AND resident = ? AND transaction_id = ?"
        with self._lock:
            row = self._db.execute(query, (room, resident, transaction_id)).fetchone()
        return Entry(*row) if row else None

    def note(self, room: str, kind: str, resident: str, text: str = "", about: int | None = None) -> None:
        """Append something else: read (``about`` an entry) or topic."""
        with self._change() as db:
            self._append(db, room, kind, resident, text, about=about)
            if kind == "topic":
                db.execute("UPDATE room SET name = ? WHERE id = ?", (text, room))

    def after(self, entry_id: int, resident: str, limit: int) -> list[Entry]:
        """What happened in this resident's rooms since an entry, oldest first."""
        query = (
            "SELECT entry.* FROM entry JOIN member ON member.room = entry.room AND member.resident = ?1"
            " WHERE entry.id > ?2 AND entry.id >= member.since"
            " UNION SELECT entry.* FROM entry WHERE entry.id > ?2 AND kind IN ('left', 'closed') AND resident = ?1"
            " ORDER BY 1 LIMIT ?3"
        )
        with self._lock:
            return [Entry(*row) for row in self._db.execute(query, (resident, entry_id, limit))]

    def before(self, room: str, entry_id: int | None, resident: str, limit: int) -> list[Entry]:
        """What was said in a room before an entry (None: at all), newest first, as far back as the resident may see."""
        query = (
            "SELECT entry.* FROM entry JOIN member ON member.room = entry.room AND member.resident = ?"
            " WHERE entry.room = ? AND kind = 'said' AND entry.id < ? AND entry.id >= since"
            " ORDER BY entry.id DESC LIMIT ?"
        )
        with self._lock:
            rows = self._db.execute(query, (resident, room, entry_id or 2**62, limit))
            return [Entry(*row) for row in rows]

    def newest(self) -> int:
        """The id of the last entry; 0 in a new house."""
        with self._lock:
            (newest,) = self._db.execute("SELECT coalesce(max(id), 0) FROM entry").fetchone()
            return int(newest)

    def listen(self, listener: Callable[[], None]) -> Callable[[], None]:
        """Call ``listener`` (from any thread) after each change, until the returned function is called."""
        with self._lock:
            self._listeners.append(listener)

        def stop() -> None:
            with self._lock:
                self._listeners.remove(listener)

        return stop

    # -- inside

    @contextmanager
    def _change(self) -> Iterator[sqlite3.Connection]:
        """One transaction, then everyone who listens is woken."""
        with self._lock:
            self._db.execute("BEGIN IMMEDIATE")
            try:
                yield self._db
            except BaseException:
                self._db.execute("ROLLBACK")
                raise
            self._db.execute("COMMIT")
            listeners = list(self._listeners)
        for listener in listeners:
            listener()

    def _let_in(self, db: sqlite3.Connection, room: str, resident: str) -> None:
        db.execute("DELETE FROM stays_out WHERE room = ? AND resident = ?", (room, resident))
        added = db.execute("INSERT OR IGNORE INTO member (room, resident) VALUES (?, ?)", (room, resident))
        if added.rowcount:
            entry = self._append(db, room, "joined", resident)
            db.execute("UPDATE member SET since = ? WHERE room = ? AND resident = ?", (entry.id, room, resident))

    def _append(
        self,
        db: sqlite3.Connection,
        room: str,
        kind: str,
        resident: str,
        text: str = "",
        transaction_id: str | None = None,
        about: int | None = None,
    ) -> Entry:
        at = time.time_ns() // 1000
        values = (room, kind, resident, text, transaction_id, about, at)
        columns = "(room, kind, resident, text, transaction_id, about, at)"
        cursor = db.execute(f"INSERT INTO entry {columns} VALUES (?, ?, ?, ?, ?, ?, ?)", values)  # noqa: S608 (constants)
        return Entry(int(cursor.lastrowid or 0), *values)
