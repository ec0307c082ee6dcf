"""What the database says is wrong, told apart: damage, or a disk that cannot be written now."""

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

from webapp.networks.matrix.encryption.outcomes import StoreBroken, StoreStuck
from webapp.networks.matrix.encryption.sealing import Damaged

LATER = frozenset(
    {SQLITE_BUSY, SQLITE_CANTOPEN, SQLITE_FULL, SQLITE_IOERR, SQLITE_LOCKED, SQLITE_NOMEM, SQLITE_READONLY}
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
