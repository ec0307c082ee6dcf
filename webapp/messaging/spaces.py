"""Spaces: conversations that belong together on their network, by which the inbox can be narrowed."""

from dataclasses import dataclass
from functools import cache

from sqlalchemy import bindparam
from sqlmodel import Session, col, delete, func, insert, select
from sqlmodel.sql.expression import Select

from webapp.changes import SpacesChanged
from webapp.database import announce
from webapp.messaging.errors import NotYours
from webapp.messaging.leases import Holding
from webapp.models import Account, Conversation, Space, SpaceConversation
from webapp.networks.events import SpaceChanged

MOST_SPACES = 200
MOST_IN_SPACE = 2_000
"""Conversations of one space; a page of it costs as much as there are."""
_AT_ONCE = 400


@dataclass(frozen=True)
class SpaceChip:
    """A space by which the list can be narrowed."""

    id: int
    name: str


def spaces_of(db: Session, user_id: int) -> list[SpaceChip]:
    """The user's spaces by name, also those with nothing in them yet."""
    return [SpaceChip(*one) for one in db.exec(_spaces(), params={"user": user_id})]


@dataclass(frozen=True)
class SpaceCard:
    """A space on its own page: whose it is, and how many of the person's conversations are in it."""

    id: int
    name: str
    remote_id: str
    account_id: int
    network: str
    conversations: int


def space_of(db: Session, user_id: int, space_id: int) -> SpaceCard:
    """The user's space with this id. Raises NotYours."""
    query = select(Space, Account.network).join(Account, col(Account.id) == col(Space.account_id))
    found = db.exec(query.where(Space.id == space_id, Space.user_id == user_id)).first()
    if found is None:
        raise NotYours
    space, network = found
    inside = select(func.count()).select_from(SpaceConversation).where(SpaceConversation.space_id == space.id)
    return SpaceCard(space.id, space.name, space.remote_id, space.account_id, network, db.exec(inside).one())


def forget_space(db: Session, user_id: int, space_id: int) -> None:
    """The person has left a space; its conversations stay. Nothing happens where it is gone already."""
    db.exec(delete(Space).where(col(Space.id) == space_id, col(Space.user_id) == user_id))
    announce(db, SpacesChanged(user_id))


@cache
def _spaces() -> Select[int, str]:
    """Built once: it is asked with every change of the filters."""
    query = select(Space.id, Space.name).where(col(Space.user_id) == bindparam("user"))
    return query.order_by(func.lower(Space.name), col(Space.id)).limit(MOST_SPACES)


def change_space(db: Session, account: Holding, event: SpaceChanged) -> None:
    """A space is there, is called something else, or others are in it; told again, that changes nothing."""
    query = select(Space).where(Space.account_id == account.id, Space.remote_id == event.space)
    space = db.exec(query).first()
    if event.gone:
        if space is not None:
            db.delete(space)
            announce(db, SpacesChanged(account.user_id))
        return
    if space is None:
        space = Space(user_id=account.user_id, account_id=account.id, remote_id=event.space)
    before = (space.name, _in_it(db, space.id) if space.id else set())
    space.name = event.name
    db.add(space)
    db.flush()
    wanted = _called(db, account, event.conversations[:MOST_IN_SPACE])
    if before != (space.name, wanted):
        _put_in(db, space.id, wanted, before[1])
        announce(db, SpacesChanged(account.user_id))


def _in_it(db: Session, space_id: int) -> set[int]:
    query = select(SpaceConversation.conversation_id).where(col(SpaceConversation.space_id) == space_id)
    return set(db.exec(query))


def _called(db: Session, account: Holding, remote_ids: tuple[str, ...]) -> set[int]:
    """Those of these conversations that there are."""
    found: set[int] = set()
    for start in range(0, len(remote_ids), _AT_ONCE):
        some = remote_ids[start : start + _AT_ONCE]
        here = col(Conversation.account_id) == account.id
        found |= set(db.exec(select(Conversation.id).where(here, col(Conversation.remote_id).in_(some))))
    return found


def _put_in(db: Session, space_id: int, wanted: set[int], before: set[int]) -> None:
    gone, fresh = sorted(before - wanted), sorted(wanted - before)
    for start in range(0, len(gone), _AT_ONCE):
        some = col(SpaceConversation.conversation_id).in_(gone[start : start + _AT_ONCE])
        db.exec(delete(SpaceConversation).where(col(SpaceConversation.space_id) == space_id, some))
    if fresh:
        rows = [{"space_id": space_id, "conversation_id": conversation_id} for conversation_id in fresh]
        db.execute(insert(SpaceConversation), rows)
