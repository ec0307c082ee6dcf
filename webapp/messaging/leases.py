"""Who looks after an account (D7)."""

from functools import cache

from sqlalchemy import bindparam
from sqlmodel import Session, col, select
from sqlmodel.sql.expression import SelectOfScalar

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


def held_account(db: Session, account_id: int, epoch: int) -> Account:
    """The account, for whoever looks after it. Raises LeaseLost unless this epoch is the newest."""
    account = db.exec(_held_account(), params={"account": account_id, "epoch": epoch}).first()
    if account is None:
        raise LeaseLost(account_id)
    return account


@cache
def _held_account() -> SelectOfScalar[Account]:
    """Built once: it is asked with everything that arrives."""
    held = col(Lease.account_id) == col(Account.id)
    here = col(Account.id) == bindparam("account")
    return select(Account).join(Lease, held).where(here, col(Lease.epoch) == bindparam("epoch"))


def must_hold(db: Session, account_id: int, epoch: int) -> None:
    """Raises LeaseLost unless this epoch is the newest."""
    lease = db.get(Lease, account_id)
    if lease is None or lease.epoch != epoch:
        raise LeaseLost(account_id)
