"""A user's login on one network, and who keeps it connected."""

from enum import StrEnum

from sqlalchemy import UniqueConstraint
from sqlmodel import Field, SQLModel

from webapp.models.columns import BigKey, choice, foreign, key, moment


class AccountState(StrEnum):
    """How an account is doing, in the five words that the screen knows.

    RETRYING: the line is down, the house tries again by itself. SIGNED_OUT: the person must sign in again.
    STOPPED: paused by the person.
    """

    CONNECTING = "connecting"
    ONLINE = "online"
    RETRYING = "retrying"
    SIGNED_OUT = "signed_out"
    STOPPED = "stopped"


class Account(SQLModel, table=True):
    """A user's login on one network.

    ``credentials`` is JSON sealed by the vault; ``checkpoint`` is the session's own and opaque (sealed too, it may name
    people). ``reason`` is a Sentence as JSON: why the state is what it is. ``retry_at`` is when the house tries again.
    ``removed_at``: no longer connected, only its history was kept.
    """

    __table_args__ = (UniqueConstraint("user_id", "network", "address"),)

    id: int = key()
    user_id: int = foreign("users.id")
    network: str = Field(index=True)
    address: str
    name: str = ""
    credentials: bytes = b""
    checkpoint: bytes | None = None
    state: AccountState = choice(AccountState, AccountState.CONNECTING)
    reason: str = ""
    state_since: int = moment(default_now=True)
    retry_at: int | None = moment(nullable=True)
    created_at: int = moment(default_now=True)
    removed_at: int | None = moment(nullable=True)


class Lease(SQLModel, table=True):
    """Who keeps an account connected (D7). It grows with every holder; what a stale holder writes is refused."""

    account_id: int = Field(primary_key=True, foreign_key="account.id", ondelete="CASCADE", sa_type=BigKey)
    epoch: int = 0
