"""Who is in a group: looked up, added and altered many at a time, because a first look names thousands."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, TypeVar

from sqlalchemy import delete, insert, update
from sqlmodel import Session, col, select

from webapp import changes
from webapp.database import announce
from webapp.messaging.access import conversation_called
from webapp.messaging.leases import Holding
from webapp.models import Identity, Membership
from webapp.networks.events import Member, MembersChanged

AT_A_TIME = 500
T = TypeVar("T")


def change_members(db: Session, account: Holding, event: MembersChanged) -> None:
    """Who is in a group."""
    conversation = conversation_called(db, account.id, event.conversation)
    if conversation is None:
        return
    members = list({member.address: member for member in event.members}.values())
    kept = [one for some in _in_parts(members) for one in _change_some(db, account.id, conversation.id, some)]
    for some in _in_parts(_gone(db, account.id, conversation.id, event, kept)):
        theirs = col(Membership.conversation_id) == conversation.id, col(Membership.identity_id).in_(some)
        db.execute(delete(Membership).where(*theirs))
    announce(db, changes.ConversationChanged(account.user_id, conversation.id))


def _change_some(db: Session, account_id: int, conversation_id: int, members: Sequence[Member]) -> list[int]:
    """Add or alter these memberships; returns the identities' ids."""
    identities = _identities(db, account_id, members)
    wanted = {identities[member.address]: member for member in members}
    query = select(Membership.identity_id, Membership.name, Membership.role, Membership.present).where(
        Membership.conversation_id == conversation_id, col(Membership.identity_id).in_(wanted)
    )
    known = {row[0]: row[1:] for row in db.exec(query)}
    new = [_values(member) | {"identity_id": one} for one, member in wanted.items() if one not in known]
    if new:
        db.execute(insert(Membership).values(conversation_id=conversation_id), new)
    for one, before in known.items():
        _alter(db, conversation_id, one, before, _values(wanted[one]))
    return list(wanted)


def _identities(db: Session, account_id: int, members: Sequence[Member]) -> dict[str, int]:
    """The identity of each address, made where it is new; a name is taken over where there is none yet."""
    addresses = [member.address for member in members]
    query = select(Identity.address, Identity.id, Identity.name).where(
        Identity.account_id == account_id, col(Identity.address).in_(addresses)
    )
    found = {address: (one, name) for address, one, name in db.exec(query)}
    new = [{"address": m.address, "name": m.name or ""} for m in members if m.address not in found]
    if new:
        db.execute(insert(Identity).values(account_id=account_id), new)
        found |= {address: (one, name) for address, one, name in db.exec(query)}
    for member in members:
        one, name = found[member.address]
        if member.name and not name:
            db.execute(update(Identity).where(col(Identity.id) == one).values(name=member.name))
    return {address: one for address, (one, _) in found.items()}


def _values(member: Member) -> dict[str, Any]:
    return {"name": member.name or "", "role": member.role, "present": member.present}


def _alter(
    db: Session, conversation_id: int, identity_id: int, before: Sequence[object], now: Mapping[str, Any]
) -> None:
    if tuple(before) == tuple(now.values()):
        return
    mine = (col(Membership.conversation_id) == conversation_id, col(Membership.identity_id) == identity_id)
    db.execute(update(Membership).where(*mine).values(**now))


def _gone(db: Session, account_id: int, conversation_id: int, event: MembersChanged, kept: Sequence[int]) -> list[int]:
    """Whoever is not in it any more: all who are not named, where all are, else those who are named as gone."""
    if event.complete:
        here = db.exec(select(Membership.identity_id).where(Membership.conversation_id == conversation_id))
        return sorted(set(here) - set(kept))
    found: list[int] = []
    for some in _in_parts(event.gone):
        query = select(Identity.id).where(Identity.account_id == account_id, col(Identity.address).in_(some))
        found += db.exec(query)
    return found


def _in_parts(all_of_them: Sequence[T]) -> Iterator[Sequence[T]]:
    """Databases take only so many values in one statement."""
    for start in range(0, len(all_of_them), AT_A_TIME):
        yield all_of_them[start : start + AT_A_TIME]
