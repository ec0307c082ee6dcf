"""Somebody out there, as one network knows them."""

from sqlalchemy import BigInteger, Index, UniqueConstraint, text
from sqlmodel import Field, SQLModel

from webapp.models.columns import choice, foreign, key
from webapp.networks.events import Presence
from webapp.networks.sealing import Trust


class Identity(SQLModel, table=True):
    """An address on a network, with its name there, seen from one account.

    ``contact``: on the person's contact list; ``mutual``: both sides agreed. ``conversation`` is the remote id of the
    direct conversation with them. ``trust``: whether it is certain that they are who they say. ``picture`` and
    ``picture_id`` are as those of a conversation.
    """

    __table_args__ = (
        UniqueConstraint("account_id", "address"),
        Index("identity_conversation", "account_id", "conversation"),
        Index(
            "identity_picture",
            *("account_id", "picture"),
            sqlite_where=text("picture <> ''"),
            postgresql_where=text("picture <> ''"),
        ),
        Index(
            "identity_picture_wanted",
            *("account_id", "id"),
            sqlite_where=text("picture <> '' AND picture_id IS NULL"),
            postgresql_where=text("picture <> '' AND picture_id IS NULL"),
        ),
    )

    id: int = key()
    account_id: int = foreign("account.id")
    address: str
    name: str = ""
    contact: bool = False
    mutual: bool = False
    conversation: str = ""
    presence: Presence = choice(Presence, Presence.UNKNOWN)
    status: str = ""
    trust: Trust = choice(Trust, Trust.UNKNOWN)
    picture: str = ""
    picture_id: int | None = Field(default=None, sa_type=BigInteger, nullable=True)
