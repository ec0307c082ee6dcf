"""What nio's store lacks, in the same file and the same transaction.

Columns by which rows are found are in the clear; what they say is sealed and bound to its row. What security rests on
entirely (which rooms are encrypted) stands in ``encrypted_rooms``, where nothing can vanish unnoticed.
"""

import hashlib
import json
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from webapp.networks.matrix.encryption.sealing import Sealer

Execute = Callable[[str, Sequence[Any]], list[tuple[Any, ...]]]
"""Runs one statement in the store's connection and returns the rows."""

SCHEMA = (
    "CREATE TABLE IF NOT EXISTS own_fact (name TEXT PRIMARY KEY, value BLOB NOT NULL) WITHOUT ROWID",
    "CREATE TABLE IF NOT EXISTS own_encrypted_room (room TEXT PRIMARY KEY, value BLOB NOT NULL) WITHOUT ROWID",
    "CREATE TABLE IF NOT EXISTS own_room_key (session TEXT PRIMARY KEY, room TEXT NOT NULL, backed_up INTEGER NOT NULL,"
    " value BLOB NOT NULL) WITHOUT ROWID",
    "CREATE INDEX IF NOT EXISTS own_room_key_to_back_up ON own_room_key (session) WHERE backed_up = 0",
    "CREATE TABLE IF NOT EXISTS own_replay (session TEXT NOT NULL, place INTEGER NOT NULL, event BLOB NOT NULL,"
    " PRIMARY KEY (session, place)) WITHOUT ROWID",
    "CREATE TABLE IF NOT EXISTS own_seen (number INTEGER PRIMARY KEY, digest BLOB NOT NULL UNIQUE)",
    "CREATE TABLE IF NOT EXISTS own_device (user TEXT NOT NULL, device TEXT NOT NULL, value BLOB NOT NULL,"
    " PRIMARY KEY (user, device)) WITHOUT ROWID",
    "CREATE TABLE IF NOT EXISTS own_identity (user TEXT PRIMARY KEY, value BLOB NOT NULL) WITHOUT ROWID",
    "CREATE TABLE IF NOT EXISTS own_changed (user TEXT PRIMARY KEY) WITHOUT ROWID",
    "CREATE TABLE IF NOT EXISTS own_untold (user TEXT PRIMARY KEY) WITHOUT ROWID",
    "CREATE TABLE IF NOT EXISTS own_tracked (user TEXT PRIMARY KEY, outdated INTEGER NOT NULL) WITHOUT ROWID",
    "CREATE INDEX IF NOT EXISTS own_tracked_outdated ON own_tracked (user, outdated) WHERE outdated > 0",
    "CREATE TABLE IF NOT EXISTS own_withheld (room TEXT NOT NULL, session TEXT NOT NULL, code TEXT NOT NULL,"
    " PRIMARY KEY (room, session)) WITHOUT ROWID",
    "CREATE INDEX IF NOT EXISTS olmsessions_by_sender ON olmsessions (sender_key)",
)
SEEN_KEPT = 20_000
OUTDATED_PAGE = 500
"""Outdated lists that are looked through in one go."""
WITHHELD_KEPT = 20_000
OLM = "olm"
"""The source of a room key that its owner sent to us directly, so that Olm proves whose it is."""


@dataclass(frozen=True)
class RoomKeyFacts:
    """Where a room key came from. ``user`` and ``device_key`` (Ed25519) are who sent it, proven by Olm; for one that
    was restored or imported they are what the file said, and ``source`` is not ``olm``. ``sender_key`` is Curve25519.
    ``first_index`` is the first message that it opens. ``at`` is when it came, in seconds."""

    room: str
    user: str
    sender_key: str
    device_key: str
    source: str
    first_index: int
    at: float

    @property
    def owner(self) -> tuple[str, str, str]:
        return self.user, self.sender_key, self.device_key


@dataclass(frozen=True)
class KnownDevice:
    """A device of somebody. Its keys never change: another key under the same id is another device, and not trusted.

    ``signed`` holds the whole signed object as it was queried; ``gone`` says that the list does not name it any more.
    ``name`` is what its owner calls it, and proves nothing. ``told``: it described itself, and no list of its owner has
    named it yet.
    """

    user: str
    device: str
    curve25519: str
    ed25519: str
    signed: dict[str, Any]
    gone: bool = False
    name: str = ""
    told: bool = False


class Tables:
    """Rows of one account's store. Every method belongs into a transaction of the store."""

    def __init__(self, execute: Execute, sealer: Sealer) -> None:
        self._execute, self._sealer = execute, sealer
        self.changes = 0
        """Counts up whenever something is kept about somebody's devices or identity."""
        self._changed_at: dict[str, int] = {}

    def make(self) -> None:
        for statement in SCHEMA:
            self._execute(statement, ())

    # Facts: values of which there is one

    def fact(self, name: str) -> Any:
        """The value of this name; None if there is none."""
        rows = self._execute("SELECT value FROM own_fact WHERE name = ?", (name,))
        return self._sealer.unseal(rows[0][0], "fact", name) if rows else None

    def keep_fact(self, name: str, value: Any) -> None:
        self._execute("REPLACE INTO own_fact VALUES (?, ?)", (name, self._sealer.seal(value, "fact", name)))

    def forget_fact(self, name: str) -> None:
        self._execute("DELETE FROM own_fact WHERE name = ?", (name,))

    # Room keys: who sent them

    def room_key(self, session: str) -> RoomKeyFacts | None:
        rows = self._execute("SELECT value FROM own_room_key WHERE session = ?", (session,))
        return RoomKeyFacts(**self._sealer.unseal(rows[0][0], "room_key", session)) if rows else None

    def keep_room_key(self, session: str, facts: RoomKeyFacts, backed_up: bool = False) -> None:
        value = self._sealer.seal(asdict(facts), "room_key", session)
        self._execute("REPLACE INTO own_room_key VALUES (?, ?, ?, ?)", (session, facts.room, backed_up, value))

    def room_key_sessions(self, after: str, limit: int) -> list[str]:
        """Sessions of all room keys in their order, those behind ``after``."""
        query = "SELECT session FROM own_room_key WHERE session > ? ORDER BY session LIMIT ?"
        return [session for (session,) in self._execute(query, (after, limit))]

    def to_back_up(self, limit: int) -> list[str]:
        """Sessions of room keys that the server's backup does not have."""
        rows = self._execute("SELECT session FROM own_room_key WHERE backed_up = 0 LIMIT ?", (limit,))
        return [session for (session,) in rows]

    def note_backed_up(self, sessions: Iterable[str]) -> None:
        for session in sessions:
            self._execute("UPDATE own_room_key SET backed_up = 1 WHERE session = ?", (session,))

    def count_to_back_up(self) -> int:
        return int(self._execute("SELECT count(*) FROM own_room_key WHERE backed_up = 0", ())[0][0])

    def forget_backed_up(self) -> None:
        """There is another backup now: it has nothing of ours yet."""
        self._execute("UPDATE own_room_key SET backed_up = 0 WHERE backed_up = 1", ())

    # Replays: which event used which place of a ratchet

    def is_replay(self, session: str, place: int, event: str, sent_at: object) -> bool:
        """Whether another event was opened at this place before; remembers this one otherwise."""
        digest = hashlib.sha256(f"{event}\n{sent_at}".encode("utf-8", "replace")).digest()[:16]
        self._execute("INSERT OR IGNORE INTO own_replay VALUES (?, ?, ?)", (session, place, digest))
        rows = self._execute("SELECT event FROM own_replay WHERE session = ? AND place = ?", (session, place))
        return [tuple(row) for row in rows] != [(digest,)]

    # To-device events that were processed

    def is_new(self, digest: bytes) -> bool:
        """Whether this to-device event was not seen yet; from now on it was."""
        before = self._execute("SELECT 1 FROM own_seen WHERE digest = ?", (digest,))
        if not before:
            self._execute("INSERT INTO own_seen (digest) VALUES (?)", (digest,))
        return not before

    def forget_old(self) -> None:
        """Keep the newest."""
        newest = "(SELECT max(number) FROM own_seen)"
        self._execute(f"DELETE FROM own_seen WHERE number <= {newest} - ?", (SEEN_KEPT,))  # noqa: S608 (the line above)

    # Devices and identities of people

    def changed_since(self, changes: int) -> Iterator[str]:
        """Of whom something was kept since there were so many ``changes``, as long as we run."""
        for user, at in reversed(self._changed_at.items()):
            if at <= changes:
                return
            yield user

    def _note_change(self, user: str) -> None:
        self.changes += 1
        self._changed_at.pop(user, None)  # so that the newest stands last
        self._changed_at[user] = self.changes

    def device(self, user: str, device: str) -> KnownDevice | None:
        rows = self._execute("SELECT value FROM own_device WHERE user = ? AND device = ?", (user, device))
        return self._device(user, device, rows[0][0]) if rows else None

    def devices(self, user: str) -> list[KnownDevice]:
        """All devices that we ever saw of somebody, also those that are gone."""
        rows = self._execute("SELECT device, value FROM own_device WHERE user = ?", (user,))
        return [self._device(user, device, value) for device, value in rows]

    def count_devices(self, user: str) -> int:
        """How many devices we ever saw of somebody."""
        return int(self._execute("SELECT count(*) FROM own_device WHERE user = ?", (user,))[0][0])

    def keep_device(self, known: KnownDevice) -> None:
        self._note_change(known.user)
        value = self._sealer.seal(asdict(known), "device", known.user, known.device)
        self._execute("REPLACE INTO own_device VALUES (?, ?, ?)", (known.user, known.device, value))

    def _device(self, user: str, device: str, value: object) -> KnownDevice:
        return KnownDevice(**self._sealer.unseal(value, "device", user, device))

    def identity(self, user: str) -> dict[str, Any] | None:
        """What we know of somebody's cross-signing keys; None if nothing."""
        rows = self._execute("SELECT value FROM own_identity WHERE user = ?", (user,))
        return dict(self._sealer.unseal(rows[0][0], "identity", user)) if rows else None

    def keep_identity(self, user: str, identity: Mapping[str, Any]) -> None:
        self._note_change(user)
        value = self._sealer.seal(dict(identity), "identity", user)
        self._execute("REPLACE INTO own_identity VALUES (?, ?)", (user, value))
        self._execute("INSERT OR IGNORE INTO own_untold VALUES (?)", (user,))
        self._execute("DELETE FROM own_changed WHERE user = ?", (user,))
        if identity.get("changed"):
            self._execute("INSERT INTO own_changed VALUES (?)", (user,))

    def changed_people(self) -> list[str]:
        """Whose identity is not the one that we keep to."""
        return [user for (user,) in self._execute("SELECT user FROM own_changed", ())]

    # Of whose identity something is new that the person was not told yet

    def untold(self, limit: int) -> list[str]:
        return [user for (user,) in self._execute("SELECT user FROM own_untold LIMIT ?", (limit,))]

    def tell_of_all(self) -> None:
        """Something is new that is about everybody: our own identity."""
        self._execute("INSERT OR IGNORE INTO own_untold SELECT user FROM own_identity", ())

    def note_told(self, users: Iterable[str]) -> None:
        for user in users:
            self._execute("DELETE FROM own_untold WHERE user = ?", (user,))

    # Whose lists of devices we follow; ``outdated`` grows with every change and is 0 when the list is right

    def track(self, users: Iterable[str]) -> None:
        """Follow these people's lists. Those that we follow already stay as they are."""
        names = json.dumps(list(users))  # one statement, because a room may have 50,000 people
        self._execute("INSERT OR IGNORE INTO own_tracked SELECT value, 1 FROM json_each(?)", (names,))

    def outdate(self, users: Iterable[str]) -> None:
        """These lists changed. Nothing happens for people whom we do not follow."""
        for user in users:
            self._execute("UPDATE own_tracked SET outdated = outdated + 1 WHERE user = ?", (user,))

    def outdated(self, limit: int, wanted: Callable[[str], bool] = lambda _: True) -> dict[str, int]:
        """Whose lists must be asked for, with the number to give back to ``note_queried``; those who are ``wanted``."""
        found: dict[str, int] = {}
        query = "SELECT user, outdated FROM own_tracked WHERE outdated > 0 AND user > ? ORDER BY user LIMIT ?"
        last = ""
        while rows := self._execute(query, (last, OUTDATED_PAGE)):
            for user, number in rows:
                if wanted(user):
                    found[user] = number
                if len(found) == limit:
                    return found
            last = rows[-1][0]
        return found

    def outdated_among(self, users: Iterable[str]) -> dict[str, int]:
        """As ``outdated``, of these few people only."""
        return {user: number for user in users if (number := self.outdated_of(user))}

    def outdated_of(self, user: str) -> int | None:
        """0 if the list is right, None if we do not follow it."""
        rows = self._execute("SELECT outdated FROM own_tracked WHERE user = ?", (user,))
        return int(rows[0][0]) if rows else None

    def note_queried(self, user: str, outdated: int) -> None:
        """The list was asked for and stored. A change that came meanwhile keeps it outdated."""
        self._execute("UPDATE own_tracked SET outdated = 0 WHERE user = ? AND outdated = ?", (user, outdated))

    def untrack(self, users: Iterable[str]) -> None:
        for user in users:
            self._note_change(user)
            self._execute("DELETE FROM own_tracked WHERE user = ?", (user,))

    # Why a key was not given to us

    def withheld(self, room: str, session: str) -> str | None:
        rows = self._execute("SELECT code FROM own_withheld WHERE room = ? AND session = ?", (room, session))
        return str(rows[0][0]) if rows else None

    def keep_withheld(self, room: str, session: str, code: str) -> None:
        """Nothing more is kept where there are too many: they only explain."""
        count = self._execute("SELECT count(*) FROM own_withheld", ())[0][0]
        if count < WITHHELD_KEPT:
            self._execute("REPLACE INTO own_withheld VALUES (?, ?, ?)", (room, session, code))


def now() -> float:
    """Seconds since 1970."""
    return time.time()
