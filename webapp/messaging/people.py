"""Those out there: contacts, members, presence, who is typing."""

from dataclasses import dataclass
from functools import cache

from sqlalchemy import bindparam
from sqlmodel import Session, col, select
from sqlmodel.sql.expression import Select, SelectOfScalar

from webapp import changes
from webapp.database import announce
from webapp.messaging.access import conversation_called
from webapp.messaging.leases import Holding
from webapp.messaging.typing import set_typing
from webapp.models import Identity
from webapp.networks.events import ContactChanged, ContactGone, PresenceChanged, TypingChanged


def identity_called(db: Session, account_id: int, address: str) -> Identity | None:
    """What we know of an address on an account's network."""
    return db.exec(_identity_called(), params={"account": account_id, "address": address}).first()


@cache
def _identity_called() -> SelectOfScalar[Identity]:
    """Built once: it is asked with everything that somebody says."""
    return select(Identity).where(
        col(Identity.account_id) == bindparam("account"), col(Identity.address) == bindparam("address")
    )


def contact_in(db: Session, account_id: int, remote_id: str) -> Identity | None:
    """The contact with whom this direct conversation is."""
    query = select(Identity).where(Identity.account_id == account_id, Identity.conversation == remote_id)
    return db.exec(query).first() or identity_called(db, account_id, remote_id)


def ensure_identity(db: Session, account_id: int, address: str, name: str | None = None) -> Identity:
    """The identity with this address, made if it is new; a name that is told is taken over unless there is one."""
    identity = identity_called(db, account_id, address)
    if identity is None:
        identity = Identity(account_id=account_id, address=address, name=name or "")
        db.add(identity)
        db.flush()
    elif name and not identity.name:
        identity.name = name
        db.add(identity)
    return identity


@dataclass(frozen=True)
class Sender:
    """Who said something, and what they are called."""

    id: int
    shown: str


def sender_called(db: Session, account_id: int, address: str, name: str | None) -> Sender:
    """The sender with this address, made if they are new; a name that is told is taken over unless there is one."""
    found = db.exec(_sender_called(), params={"account": account_id, "address": address}).first()
    if found is None or (name and not found[1]):
        identity = ensure_identity(db, account_id, address, name)
        return Sender(identity.id, name_of(identity))
    return Sender(found[0], found[1] or address)


@cache
def _sender_called() -> Select[int, str]:
    """Built once, and no more than is needed: it is asked with everything that somebody says."""
    return select(Identity.id, Identity.name).where(
        col(Identity.account_id) == bindparam("account"), col(Identity.address) == bindparam("address")
    )


def name_of(identity: Identity) -> str:
    """A contact without a name is shown by its address."""
    return identity.name or identity.address


def change_contact(db: Session, account: Holding, event: ContactChanged) -> None:
    """Somebody is on the contact list, or is called something else now."""
    identity = ensure_identity(db, account.id, event.address)
    identity.contact = True
    identity.mutual = event.mutual
    if event.name is not None:
        identity.name = event.name
    identity.conversation = event.conversation or event.address
    db.add(identity)
    _rename_conversation(db, account, identity)
    announce(db, changes.ContactsChanged(account.user_id, account.id))


def _rename_conversation(db: Session, account: Holding, identity: Identity) -> None:
    """The direct conversation with a contact is called as the contact is."""
    conversation = conversation_called(db, account.id, identity.conversation)
    if conversation is not None and conversation.name != identity.name:
        conversation.name = identity.name
        db.add(conversation)
        renamed = changes.HistoryLoaded(account.user_id, conversation.id)  # the name stands at every message
        announce(db, changes.ConversationChanged(account.user_id, conversation.id), renamed)


def forget_contact(db: Session, account: Holding, event: ContactGone) -> None:
    """Somebody is no longer on the contact list; what was said stays."""
    identity = identity_called(db, account.id, event.address)
    if identity is not None:
        identity.contact = False
        identity.mutual = False
        db.add(identity)
        announce(db, changes.ContactsChanged(account.user_id, account.id))


def change_presence(db: Session, account: Holding, event: PresenceChanged) -> None:
    """A contact came or went."""
    identity = ensure_identity(db, account.id, event.address)
    if (identity.presence, identity.status) == (event.presence, event.status):
        return
    identity.presence = event.presence
    identity.status = event.status[:200]
    db.add(identity)
    announce(db, changes.ContactsChanged(account.user_id, account.id))


def change_typing(db: Session, account: Holding, event: TypingChanged) -> None:
    """Somebody started or stopped typing: nothing is stored, screens are told."""
    conversation = conversation_called(db, account.id, event.conversation)
    if conversation is None:
        return
    identity = identity_called(db, account.id, event.address)
    name = event.name or (name_of(identity) if identity else event.address)
    if set_typing(conversation.id, event.address, name, event.typing):
        announce(db, changes.TypingChanged(account.user_id, conversation.id))
