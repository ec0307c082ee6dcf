"""Who looks after an account (D7)."""

from sqlmodel import Session

from webapp.messaging.errors import LeaseLost
from webapp.models import Lease


def take_lease(db: Session, account_id: int) -> int:
    """Become the one who looks after the account; returns the epoch that every write must name.

    The lock on the data folder has shown that no other process is alive; whatever one that was stopped may still
    try to write carries a lower epoch and is refused.
    """
    lease = db.get(Lease, account_id) or Lease(account_id=account_id)
    lease.epoch += 1
    db.add(lease)
    return lease.epoch


def must_hold(db: Session, account_id: int, epoch: int) -> None:
    """Raises LeaseLost unless this epoch is the newest."""
    lease = db.get(Lease, account_id)
    if lease is None or lease.epoch != epoch:
        raise LeaseLost(account_id)
