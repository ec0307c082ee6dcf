"""The people whom a user knows, over all accounts."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Select, func, or_, select
from sqlmodel import Session, col

from webapp.messaging.errors import NotYours
from webapp.messaging.inbox import Filter, Row, found_rows
from webapp.models import Account, Conversation, Identity, Membership
from webapp.networks import networks
from webapp.networks.events import Presence
from webapp.networks.sealing import Trust

MOST_PEOPLE = 200
MOST_SHARED = 50


@dataclass(frozen=True)
class Contact:
    """Somebody whom one of the user's accounts knows; ``contact``: who stands on its contact list."""

    id: int
    contact: bool
    name: str
    address: str
    account_id: int
    network: str
    account: str
    mutual: bool
    presence: Presence
    status: str
    trust: Trust
    picture_id: int | None


def housemates(db: Session, user_id: int) -> Sequence[Contact]:
    """The people of this house: the contacts of accounts that nobody had to make."""
    return [contact for contact in contacts_of(db, user_id) if _is_built_in(contact.network)]


def contacts_of(db: Session, user_id: int, words: str = "") -> Sequence[Contact]:
    """The user's contacts whose name or address has these words in it; people of the house first, then by name."""
    query = _known_to(user_id).where(col(Identity.contact))
    if words.strip():
        places = (_SHOWN, col(Identity.address))
        query = query.where(or_(*(place.icontains(words.strip(), autoescape=True) for place in places)))
    built_in = [key for key, kind in networks().items() if kind.built_in]
    query = query.order_by(col(Account.network).in_(built_in).desc(), func.lower(_SHOWN)).limit(MOST_PEOPLE)
    return [Contact(*one) for one in db.execute(query)]


def person_of(db: Session, user_id: int, identity_id: int) -> Contact:
    """Somebody whom the user knows, by the id of the identity. Raises NotYours."""
    found = db.execute(_known_to(user_id).where(col(Identity.id) == identity_id)).first()
    if found is None:
        raise NotYours
    return Contact(*found)


def shared_with(db: Session, user_id: int, person: Contact) -> list[Row]:
    """The user's conversations with this person, and the groups that both are in; the liveliest first."""
    groups = select(col(Membership.conversation_id)).where(col(Membership.identity_id) == person.id)
    direct = select(col(Identity.conversation)).where(col(Identity.id) == person.id).scalar_subquery()
    here, remote_id = col(Conversation.account_id) == person.account_id, col(Conversation.remote_id)
    together = or_(col(Conversation.id).in_(groups), remote_id == person.address, remote_id == direct)
    return found_rows(db, user_id, Filter(), here & together, MOST_SHARED)


_SHOWN: ColumnElement[str] = func.coalesce(func.nullif(Identity.name, ""), Identity.address)


def _known_to(user_id: int) -> Select[*tuple[Any, ...]]:
    """Everybody whom the accounts of a user know, as the fields of a Contact."""
    query = select(
        *(col(Identity.id), col(Identity.contact), _SHOWN, col(Identity.address)),
        *(col(Account.id), col(Account.network), col(Account.address)),
        *(col(Identity.mutual), col(Identity.presence), col(Identity.status)),
        *(col(Identity.trust), col(Identity.picture_id)),
    ).join(Account, col(Account.id) == col(Identity.account_id))
    return query.where(col(Account.user_id) == user_id, col(Account.removed_at).is_(None))


def _is_built_in(key: str) -> bool:
    kind = networks().get(key)
    return kind is not None and kind.built_in
