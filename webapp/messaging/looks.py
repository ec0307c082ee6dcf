"""What people look like, as their network tells of them: many at a time."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import update
from sqlmodel import Session, col, select

from webapp import changes
from webapp.database import announce
from webapp.messaging.leases import Holding
from webapp.messaging.pictures import picture_for
from webapp.models import Identity
from webapp.networks.events import LooksChanged

AT_A_TIME = 500


def change_looks(db: Session, account: Holding, event: LooksChanged) -> None:
    """Those who look different now; told again, it changes nothing."""
    looks = list(dict(event.looks).items())
    for start in range(0, len(looks), AT_A_TIME):
        _change_some(db, account, dict(looks[start : start + AT_A_TIME]))


def _change_some(db: Session, account: Holding, looks: Mapping[str, str]) -> None:
    here = Identity.account_id == account.id, col(Identity.address).in_(looks)
    query = select(Identity.id, Identity.address, Identity.picture, Identity.picture_id).where(*here)
    found = [(number, looks[address], shown) for number, address, ref, shown in db.exec(query) if looks[address] != ref]
    wanted, moved = False, False
    for number, ref, shown in found:
        now = picture_for(db, account.id, ref) if ref else None
        _look(db, number, picture=ref, picture_id=now)
        wanted, moved = wanted or bool(ref and now is None), moved or now != shown
    if wanted:
        announce(db, changes.PictureWanted(account.id))
    if moved:
        announce(db, changes.LooksChanged(account.user_id, account.id))


def _look(db: Session, identity_id: int, **now: Any) -> None:
    db.execute(update(Identity).where(col(Identity.id) == identity_id).values(**now))
