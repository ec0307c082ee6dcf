"""The people whom a user knows, over all accounts."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import func, or_, select
from sqlmodel import Session, col

from webapp.models import Account, Identity
from webapp.networks import networks
from webapp.networks.events import Presence

MOST_PEOPLE = 200


@dataclass(frozen=True)
class Contact:
    """Somebody on the contact list of one of the user's accounts."""

    name: str
    address: str
    account_id: int
    network: str
    account: str
    mutual: bool
    presence: Presence
    status: str


def housemates(db: Session, user_id: int) -> Sequence[Contact]:
    """The people of this house: the contacts of accounts that nobody had to make."""
    return [contact for contact in contacts_of(db, user_id) if _is_built_in(contact.network)]


def contacts_of(db: Session, user_id: int, words: str = "") -> Sequence[Contact]:
    """The user's contacts whose name or address has these words in it; people of the house first, then by name."""
    shown = func.coalesce(func.nullif(Identity.name, ""), Identity.address)
    query = (
        select(
            shown,
            *(col(Identity.address), col(Account.id), col(Account.network), col(Account.address)),
            *(col(Identity.mutual), col(Identity.presence), col(Identity.status)),
        )
        .join(Account, col(Account.id) == col(Identity.account_id))
        .where(col(Account.user_id) == user_id, col(Account.removed_at).is_(None), col(Identity.contact))
    )
    if words.strip():
        places = (shown, col(Identity.address))
        query = query.where(or_(*(place.icontains(words.strip(), autoescape=True) for place in places)))
    built_in = [key for key, kind in networks().items() if kind.built_in]
    query = query.order_by(col(Account.network).in_(built_in).desc(), func.lower(shown)).limit(MOST_PEOPLE)
    return [Contact(*one) for one in db.execute(query)]


def _is_built_in(key: str) -> bool:
    kind = networks().get(key)
    return kind is not None and kind.built_in
