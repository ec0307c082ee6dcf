"""The rooms of one account, kept in SQLite and loaded when they are needed.

Everything in here can be told again by the homeserver: a file that is damaged is thrown away, and ``is_new`` says that
the whole state must be asked for. What was changed is written by ``flush``, before the position that goes with it.
"""

import asyncio
import contextlib
import json
import sqlite3
from collections import OrderedDict
from collections.abc import Iterable
from pathlib import Path
from threading import Lock
from typing import Any

from webapp.networks.matrix.room import Room

AT_HAND = 300
"""Rooms and, times ten, names that are kept in memory."""
_COLUMNS = {
    "room": "id TEXT PRIMARY KEY, facts TEXT NOT NULL",
    "member": "room TEXT, user TEXT, name TEXT NOT NULL, membership TEXT NOT NULL, PRIMARY KEY (room, user)",
    "stand_in": "room TEXT, event TEXT, message TEXT NOT NULL, PRIMARY KEY (room, event)",
    "note": "key TEXT PRIMARY KEY, value TEXT NOT NULL",
}
"""What is known, by table; beside each stands one of the same shape with what is ready to be."""
_MADE = [
    *(f"CREATE TABLE IF NOT EXISTS {name} ({_COLUMNS[name]}) WITHOUT ROWID;" for name in _COLUMNS),
    *(f"CREATE TABLE IF NOT EXISTS ready_{name} ({_COLUMNS[name]}) WITHOUT ROWID;" for name in _COLUMNS),
    "CREATE TABLE IF NOT EXISTS ready_for (position TEXT PRIMARY KEY) WITHOUT ROWID;",
    "CREATE INDEX IF NOT EXISTS member_by_user ON member (user);",
    "CREATE INDEX IF NOT EXISTS member_by_name ON member (room, name COLLATE NOCASE);",
]
_TABLES = "\n".join(_MADE)
_TAKE_OVER = [f"INSERT OR REPLACE INTO {name} SELECT * FROM ready_{name}" for name in _COLUMNS]  # noqa: S608 (ours)
_THROW_AWAY = [f"DELETE FROM ready_{name}" for name in (*_COLUMNS, "for")]  # noqa: S608 (our own names)
Member = tuple[str, str]
"""What somebody is called in a room, and their membership."""
MemberRow = tuple[str, str, str]
"""Their address, too."""


class Rooms:
    """Reads happen on the loop, from memory or by one look-up; writes go to a thread."""

    def __init__(self, folder: Path, position: str = "") -> None:
        """``position`` is the one that is stored with the messages."""
        self._file = folder / "rooms.sqlite"
        self._rooms: OrderedDict[str, Room] = OrderedDict()
        self._members: OrderedDict[tuple[str, str], Member] = OrderedDict()
        self._changed_rooms: set[str] = set()
        self._changed_members: set[tuple[str, str]] = set()
        self._stand_ins: dict[tuple[str, str], str] = {}
        self._notes: dict[str, Any] = {}
        self._changed_notes: set[str] = set()
        self._settling: dict[tuple[str, str], str] = {}
        self._is_ready = False
        self._writing = Lock()
        """One transaction at a time: a page that asks for members writes while the loop around sync does, too."""
        self._reader, self._writer = self._opened(position)
        self.is_new = self.note("filled") is not True

    # Rooms

    def get(self, room_id: str) -> Room:
        """The room, a new one if it is not known. Whoever changes it calls ``put``."""
        room = self._rooms.get(room_id)
        if room is None:
            row = self._reader.execute("SELECT facts FROM room WHERE id = ?", (room_id,)).fetchone()
            room = Room.from_dict(json.loads(row[0])) if row else Room(room_id)
            self._rooms[room_id] = room
        self._rooms.move_to_end(room_id)
        return room

    def put(self, room: Room) -> None:
        self._rooms[room.id] = room
        self._changed_rooms.add(room.id)

    # Members

    def member(self, room_id: str, user: str) -> Member | None:
        """What we know of somebody in a room."""
        key = (room_id, user)
        if key not in self._members:
            query = "SELECT name, membership FROM member WHERE room = ? AND user = ?"
            row = self._reader.execute(query, key).fetchone()
            if row is None:
                return None
            self._members[key] = (row[0], row[1])
        self._members.move_to_end(key)
        return self._members[key]

    def name_of(self, room_id: str, user: str) -> str:
        """What somebody is called in a room; empty where that is not known."""
        member = self.member(room_id, user)
        return member[0] if member else ""

    def rooms_of(self, user: str) -> set[str]:
        """The rooms in which somebody is, as far as we heard of it."""
        found = {room for (room,) in self._reader.execute("SELECT room FROM member WHERE user = ?", (user,))}
        return found | {room for room, member in self._members if member == user}

    def called(self, room_id: str, name: str) -> list[str]:
        """Who of those in a room is called this, in any case of its letters: nobody, one, or two of them."""
        query = (
            "SELECT user FROM member WHERE room = ? AND name = ? COLLATE NOCASE AND membership IN ('join', 'invite')"
            " LIMIT 2"
        )
        return [user for (user,) in self._reader.execute(query, (room_id, name))]

    async def fill(self, room_id: str, everybody: list[MemberRow]) -> None:
        """Nobody else is in a room but these. That is so now, whatever was laid ready before."""
        for key in [key for key in self._members if key[0] == room_id and key not in self._changed_members]:
            del self._members[key]
        rows = [(room_id, *row) for row in everybody]
        await asyncio.to_thread(self._fill, room_id, rows)

    def _fill(self, room_id: str, rows: Iterable[tuple[str, str, str, str]]) -> None:
        with self._writing, self._writer:
            self._writer.execute("UPDATE member SET membership = 'leave' WHERE room = ?", (room_id,))
            self._writer.execute("DELETE FROM ready_member WHERE room = ?", (room_id,))
            self._writer.executemany("INSERT OR REPLACE INTO member VALUES (?, ?, ?, ?)", rows)

    def page(self, room_id: str, after: str, limit: int) -> list[MemberRow]:
        """Those who are in a room, or asked into it, behind this one, by name. May be called in a thread."""
        query = (
            "SELECT user, name, membership FROM member WHERE room = ? AND membership IN ('join', 'invite')"
            " AND (name COLLATE NOCASE, user) > (?, ?) ORDER BY name COLLATE NOCASE, user LIMIT ?"
        )
        line = sqlite3.connect(self._file, timeout=10)
        try:
            known = line.execute("SELECT name FROM member WHERE room = ? AND user = ?", (room_id, after)).fetchone()
            return line.execute(query, (room_id, known[0] if known else "", after, limit)).fetchall()
        finally:
            line.close()

    def put_member(self, room_id: str, user: str, member: Member) -> None:
        self._members[room_id, user] = member
        self._changed_members.add((room_id, user))

    # The message that stands for an event which is none

    def put_stand_in(self, room_id: str, event: str, message: str) -> None:
        """Somebody may say that they have read up to this event, which is no message of ours: then it is that one."""
        self._stand_ins[room_id, event] = message

    def stand_in(self, room_id: str, event: str) -> str:
        """The message to take for this event; itself unless another one stands for it."""
        known = self._stand_ins.get((room_id, event)) or self._settling.get((room_id, event))
        if known is None:
            query = "SELECT message FROM stand_in WHERE room = ? AND event = ?"
            row = self._reader.execute(query, (room_id, event)).fetchone()
            known = row[0] if row else event
        return known

    # Notes: what is about all rooms

    def note(self, key: str) -> Any:
        """Something that was kept under this key, None if nothing was."""
        if key not in self._notes:
            row = self._reader.execute("SELECT value FROM note WHERE key = ?", (key,)).fetchone()
            self._notes[key] = json.loads(row[0]) if row else None
        return self._notes[key]

    def put_note(self, key: str, value: Any) -> None:
        self._notes[key] = value
        self._changed_notes.add(key)

    # The disk

    async def prepare(self, position: str) -> None:
        """Lay what was changed ready, to be what is known as soon as this position is stored; it lasts by then."""
        rooms = [(name, json.dumps(self._rooms[name].to_dict())) for name in self._changed_rooms]
        members = [(*key, *self._members[key]) for key in self._changed_members]
        stand_ins = [(*key, message) for key, message in self._stand_ins.items()]
        notes = [(key, json.dumps(self._notes[key])) for key in self._changed_notes]
        self._changed_rooms, self._changed_members, self._changed_notes = set(), set(), set()
        self._settling, self._stand_ins = self._stand_ins, {}
        self._is_ready = bool(rooms or members or stand_ins or notes)
        if self._is_ready:
            await asyncio.to_thread(self._write, position, rooms, members, stand_ins, notes)

    async def settle(self) -> None:
        """The position is stored: what was laid ready for it is what is known."""
        if self._is_ready:
            await asyncio.to_thread(self._take_over)
        self._is_ready, self._settling = False, {}
        self._forget_some()

    async def close(self) -> None:
        await asyncio.to_thread(self._close)

    def _close(self) -> None:
        with self._writing:
            self._reader.close()
            self._writer.close()

    def _take_over(self) -> None:
        with self._writing:
            _run(self._writer, (*_TAKE_OVER, *_THROW_AWAY))

    def _write(self, position: str, *rows: Iterable[tuple[Any, ...]]) -> None:
        statements = (
            "INSERT OR REPLACE INTO ready_room VALUES (?, ?)",
            "INSERT OR REPLACE INTO ready_member VALUES (?, ?, ?, ?)",
            "INSERT OR REPLACE INTO ready_stand_in VALUES (?, ?, ?)",
            "INSERT OR REPLACE INTO ready_note VALUES (?, ?)",
        )
        with self._writing, self._writer:
            self._writer.execute("INSERT OR REPLACE INTO ready_for VALUES (?)", (position,))
            for statement, some in zip(statements, rows, strict=True):
                self._writer.executemany(statement, some)

    def _forget_some(self) -> None:
        """What is written and was not used for longest need not be in memory."""
        while len(self._rooms) > AT_HAND and not self._changed_rooms:
            self._rooms.popitem(last=False)
        while len(self._members) > AT_HAND * 10 and not self._changed_members:
            self._members.popitem(last=False)

    def _opened(self, position: str) -> tuple[sqlite3.Connection, sqlite3.Connection]:
        self._file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        try:
            return self._connected(position), self._connected(position)
        except sqlite3.DatabaseError:
            for suffix in ("", "-wal", "-shm"):
                with contextlib.suppress(FileNotFoundError):
                    self._file.with_name(self._file.name + suffix).unlink()
            return self._connected(position), self._connected(position)

    def _connected(self, position: str) -> sqlite3.Connection:
        self._file.touch(mode=0o600)
        line = sqlite3.connect(self._file, timeout=10, check_same_thread=False)
        try:
            line.execute("PRAGMA journal_mode = WAL")
            line.execute("PRAGMA synchronous = NORMAL")
            line.executescript(_TABLES)
            ready = [row[0] for row in line.execute("SELECT position FROM ready_for")]
            if ready:  # the last session was not there any more to do this
                _run(line, (*(_TAKE_OVER if ready == [position] else ()), *_THROW_AWAY))
        except sqlite3.DatabaseError:
            line.close()
            raise
        return line


def _run(line: sqlite3.Connection, statements: Iterable[str]) -> None:
    """Run all of them or none."""
    with line:
        for statement in statements:
            line.execute(statement)
