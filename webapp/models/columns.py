"""Column helpers that several nouns share."""

import time
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import BigInteger, Enum, Integer
from sqlmodel import Field

# SQLite makes a self-numbering key of INTEGER only; elsewhere 64 bits are wanted.
BigKey = BigInteger().with_variant(Integer, "sqlite")


def now() -> int:
    """Microseconds since 1970 UTC."""
    return time.time_ns() // 1000


def to_micros(moment: datetime) -> int:
    """An aware datetime as we keep it."""
    return round(moment.timestamp() * 1_000_000)


def from_micros(value: int) -> datetime:
    """What we keep as an aware datetime in UTC."""
    return datetime.fromtimestamp(value / 1_000_000, UTC)


def key() -> Any:
    """A primary key that the database numbers."""
    return Field(default=None, primary_key=True, sa_type=BigKey)


def foreign(target: str, *, index: bool = False, nullable: bool = False, on_delete: str = "CASCADE") -> Any:
    """A reference to ``table.column``; what it belongs to takes it along when it goes."""
    options: dict[str, Any] = {"default": None} if nullable else {}
    return Field(foreign_key=target, ondelete=on_delete, index=index, nullable=nullable, sa_type=BigKey, **options)  # type: ignore[call-overload]


def moment(*, default_now: bool = False, nullable: bool = False) -> Any:
    """A time in microseconds."""
    if default_now:
        return Field(default_factory=now, sa_type=BigInteger)
    if nullable:
        return Field(default=None, sa_type=BigInteger, nullable=True)
    return Field(sa_type=BigInteger)


def choice(kind: type[StrEnum], default: StrEnum | None = None, *, nullable: bool = False) -> Any:
    """One word of a small set, kept as its value in a plain text column: a new word needs no migration."""
    values = [word.value for word in kind]
    words = Enum(kind, native_enum=False, create_constraint=False, length=20, values_callable=lambda _: values)
    if default is None and not nullable:
        return Field(sa_type=words)
    return Field(default=default, sa_type=words, nullable=nullable)
