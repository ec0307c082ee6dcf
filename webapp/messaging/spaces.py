"""Spaces: conversations that belong together on their network, by which the inbox can be narrowed."""

from dataclasses import dataclass
from functools import cache

from sqlalchemy import bindparam
from sqlmodel import Session, col, delete, func, insert, select
from sqlmodel.sql.expression import Select

from webapp.changes import SpacesChanged
from webapp.database import announce
from webapp.messaging.leases import Holding
from webapp.models import Conversation, Space, SpaceConversation
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
    """The user's spaces in which there is a conversation, by name."""
    return [SpaceChip(*one) for one in db.exec(_spaces(), params={"user": user_id})]


@cache
def _spaces() -> Select[int, str]:
    """Built once: it is asked with every change of the filters."""
    filled = select(SpaceConversation.space_id).where(col(SpaceConversation.space_id) == col(Space.id)).exists()
    query = select(Space.id, Space.name).where(col(Space.user_id) == bindparam("user"), filled)
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
