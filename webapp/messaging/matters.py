"""What accounts want their owners to know, and what can be done about it."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from sqlmodel import Session, col, delete, select

from webapp.changes import AccountChanged
from webapp.database import announce
from webapp.languages import Sentence
from webapp.messaging.leases import Holding
from webapp.models import Account, AccountMatter, AccountState
from webapp.networks.matters import Condition, Matter, MattersChanged

MOST = 50


@dataclass(frozen=True)
class UrgentMatter:
    """A matter that stands above the inbox, and whose it is."""

    account_id: int
    network: str
    matter: Matter


def change_matters(db: Session, account: Holding, event: MattersChanged) -> None:
    """The matters of an account are these now; told again, they change nothing."""
    told = event.matters[:MOST]
    if tuple(matters_of(db, [account.id]).get(account.id, [])) == told:
        return
    forget_matters(db, account.id)
    db.add_all(_as_row(account.id, position, matter) for position, matter in enumerate(told))
    announce(db, AccountChanged(account.user_id, account.id))


def forget_matters(db: Session, account_id: int) -> None:
    """An account has no matters any more."""
    db.exec(delete(AccountMatter).where(col(AccountMatter.account_id) == account_id))


def matters_of(db: Session, account_ids: Iterable[int]) -> Mapping[int, list[Matter]]:
    """The matters of each of these accounts, in order."""
    query = select(AccountMatter).where(col(AccountMatter.account_id).in_(list(account_ids)))
    found: dict[int, list[Matter]] = defaultdict(list)
    for row in db.exec(query.order_by(col(AccountMatter.account_id), col(AccountMatter.position))):
        found[row.account_id].append(_matter(row))
    return found


def urgent_of(db: Session, user_id: int) -> list[UrgentMatter]:
    """What cannot wait, of those accounts of a user that are signed in."""
    mine = (col(Account.user_id) == user_id) & (col(Account.state) != AccountState.SIGNED_OUT)
    query = select(AccountMatter, Account.network).join(Account, col(Account.id) == col(AccountMatter.account_id))
    urgent = query.where(mine, col(AccountMatter.urgent)).order_by(col(AccountMatter.id))
    return [UrgentMatter(row.account_id, network, _matter(row)) for row, network in db.exec(urgent)]


def _as_row(account_id: int, position: int, matter: Matter) -> AccountMatter:
    return AccountMatter(
        account_id=account_id,
        position=position,
        key=matter.key,
        title=matter.title.to_json(),
        condition=matter.condition,
        text=matter.text.to_json(),
        task=matter.task,
        button=matter.button.to_json() if matter.button else "",
        urgent=matter.urgent,
    )


def _matter(row: AccountMatter) -> Matter:
    return Matter(
        key=row.key,
        title=Sentence.from_json(row.title),
        condition=Condition(row.condition),
        text=Sentence.from_json(row.text),
        task=row.task,
        button=Sentence.from_json(row.button) if row.button else None,
        urgent=row.urgent,
    )
