"""What conversations and people look like."""

from sqlalchemy import LargeBinary, UniqueConstraint
from sqlmodel import Field, SQLModel

from webapp.models.columns import foreign, key


class Picture(SQLModel, table=True):
    """A small picture of ours, made of the one that an account's network calls ``ref``; empty: none could be made."""

    __table_args__ = (UniqueConstraint("account_id", "ref"),)

    id: int = key()
    account_id: int = foreign("account.id")
    ref: str
    content: bytes = Field(default=b"", sa_type=LargeBinary)
