"""Somebody out there, as one network knows them."""

from sqlalchemy import Index, UniqueConstraint
from sqlmodel import SQLModel

from webapp.models.columns import choice, foreign, key
from webapp.networks.events import Presence
from webapp.networks.sealing import Trust


class Identity(SQLModel, table=True):
    """An address on a network, with its name there, seen from one account.

    ``contact``: on the person's contact list; ``mutual``: both sides agreed. ``conversation`` is the remote id of the
    direct conversation with them. ``trust``: whether it is certain that they are who they say.
    """

    __table_args__ = (
        UniqueConstraint("account_id", "address"),
        Index("identity_conversation", "account_id", "conversation"),
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
