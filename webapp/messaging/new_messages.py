"""Messages that are about to become rows: plain, because the bookkeeping of the model costs more than the rows."""

from dataclasses import dataclass, field
from functools import cache
from typing import Any

from sqlalchemy import insert
from sqlalchemy.sql.dml import ReturningInsert
from sqlmodel import Session, SQLModel

from webapp.formatted import LONGEST
from webapp.models.columns import now
from webapp.networks.events import Delivery, Style


@dataclass
class NewMessage:
    """A row of ``Message`` with all its columns. ``id`` is None until it was put in."""

    conversation_id: int
    remote_id: str | None
    transaction_id: str | None
    reference: str | None
    sender_id: int | None
    sender_name: str
    own: bool
    body: str
    is_sentence: bool
    quiet: bool
    mention: bool
    sent_at: int
    delivery: Delivery | None
    formatted: str = ""
    style: Style = Style.TEXT
    sealed: bool = False
    untrusted: str = ""
    position: int = 0
    gap_before: bool = False
    reason: str = ""
    stored_at: int = field(default_factory=now)
    id: int | None = None


def kept_format(formatted: str | None) -> str:
    """Foreign HTML as it is kept: none at all rather than one that is too long to be looked through."""
    return formatted if formatted and len(formatted) <= LONGEST else ""


def put_in(db: Session, messages: list[NewMessage]) -> None:
    """Make rows of them, in one statement, and give them their ids."""
    rows = [{name: value for name, value in vars(message).items() if name != "id"} for message in messages]
    for message, (message_id,) in zip(messages, db.connection().execute(_inserted(), rows), strict=True):
        message.id = message_id


@cache
def _inserted() -> ReturningInsert[*tuple[Any, ...]]:
    """Built once: it is done with everything that arrives."""
    table = SQLModel.metadata.tables["message"]
    return insert(table).returning(table.c.id, sort_by_parameter_order=True)
