"""A user's logins on the networks: added, paused, signed in again, removed."""

import json

from sqlalchemy import delete
from sqlmodel import Session, col, func, select

from webapp.changes import AccountChanged, AccountWanted, ConversationGone
from webapp.database import announce
from webapp.languages import N_, Sentence
from webapp.messaging.access import account_of
from webapp.messaging.errors import NotPossible
from webapp.messaging.leases import must_hold, take_lease
from webapp.messaging.matters import forget_matters
from webapp.models import Account, AccountState, Conversation, OutboxEntry, User
from webapp.models.columns import now
from webapp.networks.contract import Credentials
from webapp.networks.login import SignedIn
from webapp.vault import Vault


def add_account(db: Session, vault: Vault, user_id: int, network_key: str, signed_in: SignedIn) -> Account:
    """Keep a login that worked and have it connected. One that was removed with its history comes back with it.

    Raises NotPossible when the user has this account already.
    """
    query = select(Account).where(
        Account.user_id == user_id, Account.network == network_key, Account.address == signed_in.address
    )
    account = db.exec(query).first()
    if account is not None and account.removed_at is None:
        raise NotPossible(Sentence(N_("You have added %(address)s already."), {"address": signed_in.address}))
    if account is None:
        account = Account(user_id=user_id, network=network_key, address=signed_in.address)
    account.removed_at = None
    db.add(account)
    db.flush()
    _keep_credentials(db, vault, account, signed_in)
    return account


def add_built_in(db: Session, vault: Vault, user_id: int, network_key: str, signed_in: SignedIn) -> None:
    """Give a user the account of a network that everyone has; does nothing for one who has it."""
    if user_id in users_without(db, network_key):
        add_account(db, vault, user_id, network_key, signed_in)


def sign_in_again(db: Session, vault: Vault, user_id: int, account_id: int, signed_in: SignedIn) -> Account:
    """New credentials for an account that the network had signed out; what waited goes out now.

    Raises NotYours; NotPossible when this is another account.
    """
    account = account_of(db, user_id, account_id)
    if account.address != signed_in.address:
        raise NotPossible(
            Sentence(
                N_("You signed in as %(new)s, but this account is %(old)s. Sign in as %(old)s, or add the other one."),
                {"new": signed_in.address, "old": account.address},
            )
        )
    _keep_credentials(db, vault, account, signed_in)
    return account


def credentials_of(db: Session, vault: Vault, account: Account) -> Credentials:
    """What a session needs to sign in."""
    user = db.get_one(User, account.user_id)
    sealed = vault.unseal(user, account.credentials, _place(account, "credentials"))
    return Credentials(account.address, json.loads(sealed), account.name)


def folder_key_of(db: Session, vault: Vault, account_id: int) -> bytes:
    """The key for what a session keeps in the account's folder; empty when there is no such account any more."""
    account = db.get(Account, account_id)
    if account is None:
        return b""
    return vault.derive_for(db.get_one(User, account.user_id), _place(account, "folder"))


def checkpoint_of(db: Session, vault: Vault, account: Account) -> bytes | None:
    """Where the session was when its last batch was stored."""
    if account.checkpoint is None:
        return None
    return vault.unseal(db.get_one(User, account.user_id), account.checkpoint, _place(account, "checkpoint"))


def seal_checkpoint(vault: Vault, user: User, account_id: int, checkpoint: bytes) -> bytes:
    """A checkpoint may name people, so it is sealed like a secret."""
    return vault.seal(user, checkpoint, f"account:{account_id}:checkpoint")


def pause(db: Session, user_id: int, account_id: int) -> None:
    """Disconnect until the person resumes. Raises NotYours."""
    account = account_of(db, user_id, account_id)
    take_lease(db, account.id)  # whoever still connects it may not write any more
    set_state(db, account.id, AccountState.STOPPED)
    announce(db, AccountWanted(account.id))


def resume(db: Session, user_id: int, account_id: int) -> None:
    """Connect a paused account, or try again now. Raises NotYours."""
    account = account_of(db, user_id, account_id)
    if account.removed_at is None and account.state != AccountState.SIGNED_OUT:
        take_lease(db, account.id)
        set_state(db, account.id, AccountState.CONNECTING)
        announce(db, AccountWanted(account.id))


def remove(db: Session, user_id: int, account_id: int, *, keep_history: bool) -> None:
    """Disconnect for good and forget the secrets; the history stays readable, or goes too. Raises NotYours."""
    account = account_of(db, user_id, account_id)
    conversations = list(db.exec(select(Conversation.id).where(Conversation.account_id == account.id)))
    take_lease(db, account.id)
    announce(db, AccountWanted(account.id), AccountChanged(user_id, account.id))
    if not keep_history:
        db.exec(delete(Account).where(col(Account.id) == account.id))
        announce(db, *(ConversationGone(user_id, conversation_id) for conversation_id in conversations))
        return
    db.exec(delete(OutboxEntry).where(col(OutboxEntry.account_id) == account.id))
    forget_matters(db, account.id)
    account.removed_at = now()
    account.credentials = b""
    account.checkpoint = None
    account.state = AccountState.STOPPED
    account.reason = ""
    db.add(account)


def set_state(
    db: Session, account_id: int, state: AccountState, reason: Sentence | None = None, retry_at: int | None = None
) -> None:
    """How an account is doing, and why, in words for its owner. An account that is gone has no state."""
    account = db.get(Account, account_id)
    if account is None or account.removed_at is not None:
        return
    if account.state != state:
        account.state_since = now()
    account.state = state
    account.reason = reason.to_json() if reason else ""
    account.retry_at = retry_at
    db.add(account)
    announce(db, AccountChanged(account.user_id, account.id))


def report_state(
    db: Session,
    account_id: int,
    epoch: int,
    state: AccountState,
    reason: Sentence | None = None,
    retry_at: int | None = None,
) -> None:
    """``set_state`` for whoever looks after the account. Raises LeaseLost."""
    must_hold(db, account_id, epoch)
    set_state(db, account_id, state, reason, retry_at)


def accounts_to_keep(db: Session) -> list[int]:
    """The accounts that shall be connected: not those that are paused or signed out, nor those of disabled users."""
    query = (
        select(Account.id)
        .join(User)
        .where(
            col(User.disabled_at).is_(None),
            col(Account.removed_at).is_(None),
            col(Account.state).not_in([AccountState.STOPPED, AccountState.SIGNED_OUT]),
        )
    )
    return list(db.exec(query.order_by(col(Account.id))))


def users_without(db: Session, network_key: str) -> list[int]:
    """The users who may sign in and never had an account of this network."""
    having = select(Account.user_id).where(Account.network == network_key)
    missing = select(User.id).where(col(User.id).not_in(having), col(User.disabled_at).is_(None))
    return list(db.exec(missing.order_by(col(User.id))))


def count_states(db: Session) -> dict[AccountState, int]:
    """How many accounts are in which state."""
    query = select(Account.state, func.count()).where(col(Account.removed_at).is_(None))
    return {AccountState(state): count for state, count in db.exec(query.group_by(col(Account.state)))}


def _keep_credentials(db: Session, vault: Vault, account: Account, signed_in: SignedIn) -> None:
    user = db.get_one(User, account.user_id)
    data = json.dumps(signed_in.credentials).encode()
    account.credentials = vault.seal(user, data, _place(account, "credentials"))
    account.name = signed_in.name
    take_lease(db, account.id)
    db.add(account)
    set_state(db, account.id, AccountState.CONNECTING)
    announce(db, AccountWanted(account.id))


def _place(account: Account, column: str) -> str:
    return f"account:{account.id}:{column}"
