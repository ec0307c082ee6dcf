"""The one door to the rows.

A **verb** is a plain function whose first argument is a SQLModel ``Session``. ``Database.write`` runs it in a
transaction, one writer at a time (``webapp.writer``), commits, and only then announces its changes; ``Database.read``
runs a query that changes nothing. Async rooms use ``in_database`` and ``from_database``, which do the same in threads:
one for writing, a few for reading. Measured faster than the async drivers, on SQLite and on PostgreSQL, and much easier
to read.
"""

import asyncio
import sqlite3
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, Concatenate, ParamSpec, TypeVar

from sqlalchemy import Engine, create_engine, event
from sqlalchemy.engine import make_url
from sqlmodel import Session

from webapp.changes import Announcement
from webapp.hub import Hub
from webapp.writer import Writer

P = ParamSpec("P")
T = TypeVar("T")
Verb = Callable[Concatenate[Session, P], T]

READERS = 4
BUSY_MILLISECONDS = 5_000


def announce(db: Session, *changes: Announcement) -> None:
    """Tell these changes to the hub once this transaction is committed; never if it is rolled back."""
    db.info.setdefault("changes", []).extend(changes)


def make_engine(url: str) -> Engine:
    """An engine for ``sqlite:///…``: WAL, foreign keys, every commit on the disk."""
    path = make_url(url).database
    if path:
        Path(path).parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    engine = create_engine(url, connect_args={"check_same_thread": False}, pool_size=READERS + 8, pool_use_lifo=True)

    @event.listens_for(engine, "connect")
    def prepare(connection: sqlite3.Connection, _record: object) -> None:
        # SQLAlchemy speaks BEGIN itself (below), so that a writing transaction takes the lock at its start.
        connection.isolation_level = None
        for pragma in (
            "journal_mode=WAL",
            "synchronous=FULL",  # D1: what was acknowledged survives a power cut
            f"busy_timeout={BUSY_MILLISECONDS}",
            "foreign_keys=ON",
            "temp_store=MEMORY",
            "mmap_size=268435456",
            "cache_size=-16000",
        ):
            connection.execute(f"PRAGMA {pragma}")

    @event.listens_for(engine, "checkin")
    def end(connection: sqlite3.Connection | None, _record: object) -> None:
        # A commit that the disk refused leaves its transaction open, and SQLAlchemy takes it for closed.
        if connection is not None and connection.in_transaction:
            connection.rollback()

    @event.listens_for(engine, "begin")
    def begin(connection: Any) -> None:
        mode = connection.get_execution_options().get("begin", "DEFERRED")
        connection.connection.dbapi_connection.execute(
            f"BEGIN {mode}"
        )  # past SQLAlchemy: it is said with every question

    return engine


class Database:
    """The rows of one installation, and the threads that reach them from async rooms."""

    def __init__(self, url: str, hub: Hub) -> None:
        self.engine = make_engine(url)
        self._writer = Writer(self.engine.execution_options(begin="IMMEDIATE"), hub.announce)
        self._write_thread = ThreadPoolExecutor(1, "database-write")
        self._read_threads = ThreadPoolExecutor(READERS, "database-read")

    def write(self, verb: Verb[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Run ``verb(db, …)`` in a transaction and return its result; announce its changes after the commit."""
        written = self._writer.put(lambda db: verb(db, *args, **kwargs))
        self._writer.carry_out(written)
        return written.result()

    def read(self, query: Verb[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Run ``query(db, …)`` on a consistent view of the rows."""
        with Session(self.engine, expire_on_commit=False) as db:
            return query(db, *args, **kwargs)

    async def in_database(self, verb: Verb[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """``write`` for async rooms."""
        written = self._writer.put(lambda db: verb(db, *args, **kwargs))
        self._write_thread.submit(self._writer.carry_out, written)
        return await asyncio.wrap_future(written)

    async def from_database(self, query: Verb[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """``read`` for async rooms."""
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._read_threads, lambda: self.read(query, *args, **kwargs))

    def close(self) -> None:
        """Finish what was begun and let go of every connection."""
        self._write_thread.shutdown()
        self._read_threads.shutdown()
        self.engine.dispose()
