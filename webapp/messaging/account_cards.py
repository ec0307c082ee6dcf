"""Accounts as their owner sees them on the page of networks."""

from collections.abc import Iterable
from dataclasses import dataclass

from sqlmodel import Session, col, func, select

from webapp.languages import Sentence
from webapp.messaging.access import account_of, accounts_of
from webapp.messaging.matters import matters_of
from webapp.models import Account, AccountState, OutboxEntry
from webapp.models.outbox import OutboxKind
from webapp.networks.matters import Condition, Matter


@dataclass(frozen=True)
class AccountCard:
    """An account, how it is doing since when, why, and how many messages wait to go out."""

    id: int
    network: str
    address: str
    state: AccountState
    since: int
    reason: Sentence | None
    retry_at: int | None
    waiting: int
    matters: tuple[Matter, ...] = ()

    @property
    def wanting(self) -> tuple[Matter, ...]:
        """What the owner is asked to do; where something does not work before they did it, only that.

        Other ways to the same end can wait: the account's own page has them all.
        """
        must = tuple(one for one in self.matters if one.condition is Condition.ACT)
        return must or tuple(one for one in self.matters if one.condition is Condition.ASKS)


def cards_of(db: Session, user_id: int) -> list[AccountCard]:
    """Every account of a user that is connected or could be."""
    return _cards(db, accounts_of(db, user_id))


def card_of(db: Session, user_id: int, account_id: int) -> AccountCard | None:
    """One of them; None once it was removed. Raises NotYours."""
    account = account_of(db, user_id, account_id)
    return None if account.removed_at is not None else _cards(db, [account])[0]


def kept_histories(db: Session, user_id: int) -> list[Account]:
    """Accounts that were removed, their history kept."""
    query = select(Account).where(Account.user_id == user_id, col(Account.removed_at).is_not(None))
    return list(db.exec(query.order_by(col(Account.id))))


def _cards(db: Session, accounts: Iterable[Account]) -> list[AccountCard]:
    found = list(accounts)
    counted = (
        select(OutboxEntry.account_id, func.count())
        .where(col(OutboxEntry.account_id).in_([one.id for one in found]), OutboxEntry.kind == OutboxKind.SEND_TEXT)
        .group_by(col(OutboxEntry.account_id))
    )
    waiting = dict(db.exec(counted).all())
    matters = matters_of(db, [one.id for one in found])
    return [_card(one, waiting.get(one.id, 0), tuple(matters.get(one.id, ()))) for one in found]


def _card(account: Account, waiting: int, matters: tuple[Matter, ...]) -> AccountCard:
    reason = Sentence.from_json(account.reason) if account.reason else None
    return AccountCard(
        account.id,
        account.network,
        account.address,
        AccountState(account.state),
        account.state_since,
        reason,
        account.retry_at,
        waiting,
        matters,
    )
