"""What can be wrong with an account's key store, in words for its person."""

from collections.abc import Iterator
from contextlib import contextmanager
from sqlite3 import (
    SQLITE_BUSY,
    SQLITE_CANTOPEN,
    SQLITE_FULL,
    SQLITE_IOERR,
    SQLITE_LOCKED,
    SQLITE_NOMEM,
    SQLITE_READONLY,
)
from sqlite3 import Error as SqliteError

from peewee import PeeweeException

from webapp.languages import N_, Sentence
from webapp.networks.matrix.encryption.sealing import Damaged

LATER = frozenset(
    {SQLITE_BUSY, SQLITE_CANTOPEN, SQLITE_FULL, SQLITE_IOERR, SQLITE_LOCKED, SQLITE_NOMEM, SQLITE_READONLY}
)


class StoreBroken(Exception):
    """The keys of this account cannot be used any more: damaged, gone, or of another account. ``reason`` says so."""

    def __init__(self) -> None:
        super().__init__("the key store cannot be used")
        self.reason = Sentence(
            N_(
                "The encryption keys that this account had here are damaged or gone, so it was stopped. "
                "Nothing was sent without encryption. Sign in again: the account then gets a new device with new keys."
            )
        )


class StoreStuck(Exception):
    """The keys cannot be stored at the moment (a full disk, mostly); nothing is broken. ``reason`` says so."""

    def __init__(self) -> None:
        super().__init__("the key store cannot be written now")
        self.reason = Sentence(
            N_(
                "The encryption keys of this account cannot be stored at the moment: the disk of this server is full "
                "or cannot be written. Nothing is lost; it goes on when there is space again."
            )
        )


@contextmanager
def told_apart() -> Iterator[None]:
    """Whatever the database raises, as StoreBroken or StoreStuck."""
    try:
        yield
    except (PeeweeException, SqliteError) as error:
        if _code(error) & 0xFF in LATER:
            raise StoreStuck from error
        raise StoreBroken from error
    except Damaged as error:
        raise StoreBroken from error


def _code(error: BaseException | None) -> int:
    """SQLite's primary result code, found in what peewee wraps; 0 if there is none."""
    while error is not None:
        code = getattr(error, "sqlite_errorcode", None)
        if isinstance(code, int):
            return code
        error = error.__cause__ or error.__context__
    return 0
