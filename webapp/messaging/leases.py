"""Who looks after an account (D7)."""

from functools import cache
from typing import NamedTuple

from sqlalchemy import bindparam
from sqlmodel import Session, col, select
from sqlmodel.sql.expression import Select

from webapp.messaging.errors import LeaseLost
from webapp.models import Account, Lease


def take_lease(db: Session, account_id: int) -> int:
    """Become the one who looks after the account; returns the epoch that every write must name.

    The lock on the data folder has shown that no other process is alive; whatever one that was stopped may still
    try to write carries a lower epoch and is refused.
    """
    lease = db.get(Lease, account_id) or Lease(account_id=account_id)
    lease.epoch += 1
    db.add(lease)
    return lease.epoch


class Holding(NamedTuple):
    """An account, as far as what arrives there is concerned."""

    id: int
    user_id: int


def held_account(db: Session, account_id: int, epoch: int) -> Holding:
    """The account, for whoever looks after it. Raises LeaseLost unless this epoch is the newest."""
    found = db.exec(_held_account(), params={"account": account_id, "epoch": epoch}).first()
    if found is None:
        raise LeaseLost(account_id)
    return Holding(*found)


@cache
def _held_account() -> Select[int, int]:
    """Built once: it is asked with everything that arrives, so it brings no more than that."""
    held = col(Lease.account_id) == col(Account.id)
    here = col(Account.id) == bindparam("account")
    return select(Account.id, Account.user_id).join(Lease, held).where(here, col(Lease.epoch) == bindparam("epoch"))


def must_hold(db: Session, account_id: int, epoch: int) -> None:
    """Raises LeaseLost unless this epoch is the newest."""
    lease = db.get(Lease, account_id)
    if lease is None or lease.epoch != epoch:
        raise LeaseLost(account_id)
