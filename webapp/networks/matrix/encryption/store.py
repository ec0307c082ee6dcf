"""An account's keys at rest: nio's store, opened so that it can be relied on, and our own tables in the same file.

``keys.sqlite`` in the account's folder, readable by us alone. ``synchronous=FULL`` makes every commit last, because the
server forgets what it has handed over. Sessions are loaded one at a time, when they are needed. A file that is damaged,
cut short, gone or of another key is never begun anew in silence: a device whose keys change looks like an attack.
"""

import base64
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

from nio.crypto import InboundGroupSession, OlmAccount, Session
from nio.store import Accounts, MegolmInboundSessions, OlmSessions, SqliteStore
from peewee import SqliteDatabase

from webapp.networks.matrix.encryption.encrypted_rooms import EncryptedRooms
from webapp.networks.matrix.encryption.faults import told_apart
from webapp.networks.matrix.encryption.outcomes import StoreBroken, StoreStuck
from webapp.networks.matrix.encryption.sealing import Sealer, derive
from webapp.networks.matrix.encryption.tables import OLM, RoomKeyFacts, Tables, now
from webapp.networks.matrix.encryption.waiting import Waiting

FILE = "keys.sqlite"
MARK = "keys.made"
"""Says that there must be a key file: without it a deleted one could not be told from a new account."""
OLM_SESSIONS_KEPT = 8
PRAGMAS = {
    "journal_mode": "wal",
    "synchronous": "full",
    "busy_timeout": 5000,
    "foreign_keys": 1,
    "secure_delete": 1,
}


class _Database(SqliteDatabase):  # type: ignore[misc]  # peewee gives no types
    """nio binds all its models for each call; looking for more of them each time would take a millisecond."""

    def bind_ctx(self, models: Sequence[Any], bind_refs: bool = False, bind_backrefs: bool = False) -> Any:
        return super().bind_ctx(models, bind_refs=False, bind_backrefs=False)


class _Nio(SqliteStore):  # type: ignore[misc]  # nio gives no types
    """nio's store with our settings of the database."""

    def _create_database(self) -> SqliteDatabase:
        return _Database(self.database_path, pragmas=PRAGMAS)


class Store:
    """The open store of one account. Used on the desk's thread only."""

    def __init__(self, folder: Path, key: bytes, user: str, device: str) -> None:
        """Use ``open``. ``key`` is the account's, 32 bytes."""
        self._pickle_key = base64.b64encode(derive(key, "pickle")).decode()
        self._nio = _Nio(user, device, str(folder), self._pickle_key, FILE)
        sealer = Sealer(derive(key, "tables"))
        self.tables, self.waiting = Tables(self._execute, sealer), Waiting(self._execute, sealer)
        self.encrypted_rooms = EncryptedRooms(self._execute, sealer, self.tables, derive(key, "sum of rooms"))
        self.user, self.device = user, device
        self.described: dict[str, Any] | None = None
        """Our own device as it is shown to others, once it was signed; it never changes."""
        self.heard: set[str] = set()
        """Curve25519 keys of devices that wrote to us, as long as we run."""
        self._account: OlmAccount | None = None

    @classmethod
    def open(cls, folder: Path, key: bytes, user: str, device: str) -> "Store":
        """The store of this device, made if the account never had one. Raises StoreBroken, StoreStuck.

        An empty ``key`` is a mistake of ours: ValueError, and nothing is written.
        """
        derive(key, "pickle")
        try:
            _make_file(folder)
            with told_apart():
                store = cls(folder, key, user, device)
                store._begin_or_close(folder / MARK)
        except OSError as error:
            raise StoreStuck from error
        return store

    def _begin_or_close(self, mark: Path) -> None:
        try:
            self._begin(mark)
        except BaseException:
            self._nio.database.close()
            raise

    def _begin(self, mark: Path) -> None:
        if self._execute("PRAGMA quick_check(1)", ()) != [("ok",)]:
            raise StoreBroken
        with self.transaction():
            self.tables.make()
            self.waiting.make()
            self._check(mark)
            self._account = self._load_account() or self._new_account()
            self.encrypted_rooms.check()
        _write_mark(mark, self.device)

    def _check(self, mark: Path) -> None:
        """That what must be there is there. Raises StoreBroken."""
        with self._nio.database.bind_ctx([Accounts]):
            accounts = [(row.user_id, row.device_id) for row in Accounts.select()]
        has_facts = self.tables.fact("self") is not None
        if accounts not in ([], [(self.user, self.device)]) or bool(accounts) != has_facts:
            raise StoreBroken
        if not accounts and mark.exists():
            raise StoreBroken

    def _new_account(self) -> OlmAccount:
        account = OlmAccount()
        self._nio.save_account(account)
        self.tables.keep_fact("self", [self.user, self.device])
        self.encrypted_rooms.begin()
        return account

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """All or nothing, of the account in memory as well. Raises StoreBroken, StoreStuck."""
        try:
            with told_apart(), self._nio.database.atomic():
                yield
        except BaseException:
            self._account = None
            self.encrypted_rooms.forget_what_was_read()
            raise

    def become(self, device: str) -> None:
        """Make these the keys of a new device, and close: room keys stay, what every message uses up is made anew."""
        with self.transaction():
            self._execute("DELETE FROM olmsessions", ())
            new = OlmAccount().pickle(self._pickle_key)
            self._execute("UPDATE accounts SET device_id = ?, account = ?, shared = 0", (device, new))
            self.tables.keep_fact("self", [self.user, device])
        self.close()

    def close(self) -> None:
        with told_apart():
            self._nio.database.close()

    # The account: our own keys

    @property
    def account(self) -> OlmAccount:
        """Our device's own keys. After a transaction that failed they are read again."""
        if self._account is None:
            self._account = self._load_account()
        if self._account is None:
            raise StoreBroken
        return self._account

    def _load_account(self) -> OlmAccount | None:
        with _pickles():
            return self._nio.load_account()

    def save_account(self) -> None:
        self._nio.save_account(self.account)

    # Olm sessions: from one device to one device

    def olm_sessions(self, sender_key: str) -> list[Session]:
        """The sessions with a device, by its Curve25519 key; the one that was received from last stands first."""
        with self._nio.database.bind_ctx([OlmSessions]), _pickles():
            rows = (
                OlmSessions.select()
                .where(OlmSessions.sender_key == sender_key)
                .order_by(OlmSessions.last_usage_date.desc())
                .limit(OLM_SESSIONS_KEPT)
            )
            return [self._olm_session(row) for row in rows]

    def has_olm_session(self, sender_key: str) -> bool:
        return bool(self._execute("SELECT 1 FROM olmsessions WHERE sender_key = ? LIMIT 1", (sender_key,)))

    def _olm_session(self, row: Any) -> Session:
        session = Session.from_pickle(row.session, row.creation_time, self._pickle_key, row.last_usage_date)
        if session.id != row.session_id:
            raise StoreBroken
        return session

    def keep_olm_session(self, sender_key: str, session: Session, received: bool) -> None:
        """``received``: a message came by it just now, so it is the one to answer with. Old ones are forgotten."""
        if received:
            session.use_time = datetime.now()  # as nio does: in local time
            self.heard.add(sender_key)
        self._nio.save_session(sender_key, session)
        self._execute(
            "DELETE FROM olmsessions WHERE sender_key = ? AND session_id NOT IN (SELECT session_id FROM olmsessions"
            " WHERE sender_key = ? ORDER BY last_usage_date DESC LIMIT ?)",
            (sender_key, sender_key, OLM_SESSIONS_KEPT),
        )

    # Room keys: Megolm sessions of others

    def room_key(self, room: str, session_id: str) -> tuple[InboundGroupSession, RoomKeyFacts] | None:
        """The key of this room with this id, and who sent it. Keys of other rooms are not found."""
        facts = self.tables.room_key(session_id)
        if facts is None or facts.room != room:
            return None
        with self._nio.database.bind_ctx([MegolmInboundSessions]):
            row = MegolmInboundSessions.get_or_none(MegolmInboundSessions.session_id == session_id)
        if row is None:
            raise StoreBroken
        with _pickles():
            key = InboundGroupSession.from_pickle(
                row.session, facts.device_key, facts.sender_key, room, self._pickle_key
            )
        if key.id != session_id:
            raise StoreBroken
        return key, facts

    def keep_room_key(self, key: InboundGroupSession, user: str, source: str) -> bool:
        """Keep a key that ``user`` sent; whether it was kept.

        The first owner stays the owner: a second key of the same id is taken only from the same device, and only if it
        is the same ratchet at an earlier place. One that was restored has no proven owner: it gets the one whom Olm
        proves. nio would overwrite whatever it has, whoever sent the new one.
        """
        new = RoomKeyFacts(key.room_id, user, key.sender_key, key.ed25519, source, key.first_known_index, now())
        known = self.tables.room_key(key.id)
        if known is not None:
            return self._improve(key, new, known)
        self._save_room_key(key, new)
        return True

    def _improve(self, key: InboundGroupSession, new: RoomKeyFacts, known: RoomKeyFacts) -> bool:
        """Take what is better of a key that we have: its beginning, and an owner who is proven where none was."""
        found = self.room_key(new.room, key.id)
        if found is None or not is_same_ratchet(key, found[0]):
            return False
        earlier = key.first_known_index < known.first_index
        proven = new.source == OLM and known.source != OLM
        restored = new.source != OLM  # it says of itself whose it is, and the owner that we know stays
        if not proven and not (earlier and (restored or new.owner == known.owner)):
            return False
        facts = replace(new if proven else known, first_index=min(new.first_index, known.first_index))
        self._save_room_key(key if earlier else found[0], facts)
        return True

    def _save_room_key(self, key: InboundGroupSession, facts: RoomKeyFacts) -> None:
        self._nio.save_inbound_group_session(key)
        self.tables.keep_room_key(key.id, facts)

    def _execute(self, statement: str, values: Sequence[Any]) -> list[tuple[Any, ...]]:
        return [tuple(row) for row in self._nio.database.execute_sql(statement, tuple(values)).fetchall()]


def is_same_ratchet(one: InboundGroupSession, other: InboundGroupSession) -> bool:
    """Whether both are the very same key, from where the later one begins."""
    later = max(one.first_known_index, other.first_known_index)
    return bool(one.export_session(later) == other.export_session(later))


def set_aside(folder: Path) -> None:
    """Put a broken key file away, so that a new device can be made. Nobody's keys are deleted."""
    number = 1
    while (folder / f"keys.broken-{number}.sqlite").exists():
        number += 1
    for ending in ("", "-wal", "-shm"):
        old = folder / f"{FILE}{ending}"
        if old.exists():
            old.rename(folder / f"keys.broken-{number}.sqlite{ending}")
    (folder / MARK).unlink(missing_ok=True)


@contextmanager
def _pickles() -> Iterator[None]:
    """A key that does not unpickle was changed, or is of another store."""
    try:
        yield
    except (ValueError, TypeError) as error:
        raise StoreBroken from error


def _make_file(folder: Path) -> None:
    """The empty file, for our eyes only, before SQLite would make it for everybody's."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    os.close(os.open(folder / FILE, os.O_CREAT | os.O_RDWR, 0o600))


def _write_mark(mark: Path, device: str) -> None:
    if mark.exists():
        return
    descriptor = os.open(mark, os.O_CREAT | os.O_WRONLY, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(device)
        file.flush()
        os.fsync(file.fileno())
