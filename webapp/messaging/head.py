"""What stands above and beside the messages of an open conversation."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from sqlalchemy import Select, bindparam, func, select
from sqlmodel import Session, col

from webapp.languages import Sentence
from webapp.messaging.access import conversation_called, conversation_of
from webapp.messaging.inbox import address_with
from webapp.messaging.naming import shown_name
from webapp.messaging.seals import seal_of, warning_of
from webapp.messaging.typing import typing_in
from webapp.models import Account, AccountState, Conversation, Identity, Membership
from webapp.networks.events import ConversationKind, ConversationState, Member, Presence
from webapp.networks.sealing import Seal, SealWarning, Trust

MOST_MEMBERS = 100
_NOT_IN = (ConversationState.DECLINED, ConversationState.LEFT, ConversationState.ASKED)


@dataclass(frozen=True)
class Someone:
    """A member of a group."""

    name: str
    address: str
    role: str
    presence: Presence
    trust: Trust
    picture_id: int | None


@dataclass(frozen=True)
class Head:
    """What stands above and beside the messages."""

    id: int
    name: str | Sentence
    kind: ConversationKind
    state: ConversationState
    topic: str
    address: str
    network: str
    account_id: int
    account_address: str
    account_state: AccountState
    account_reason: Sentence | None
    account_removed: bool
    presence: Presence
    status: str
    trust: Trust
    seal: Seal | None
    warning: SealWarning | None
    is_space: bool
    invited_by: str
    invitation: str
    left_because: Sentence | None
    bridged: str
    successor: str
    successor_id: int | None
    pinned: bool
    muted: bool
    low: bool
    picture_id: int | None
    marked_unread: bool
    unread: int
    draft: str
    more_history: bool
    members: int
    typing: tuple[str, ...]

    @property
    def is_group(self) -> bool:
        return self.kind == ConversationKind.GROUP

    @property
    def is_invitation(self) -> bool:
        return self.state == ConversationState.INVITED

    @property
    def is_closed(self) -> bool:
        """Nothing can be said there: a group that the person is not in, or what goes on somewhere else."""
        return bool(self.successor) or (self.is_group and self.state in _NOT_IN)

    @property
    def is_asked(self) -> bool:
        """The person asked to be let in, and waits for the answer."""
        return self.state == ConversationState.ASKED


def head_of(db: Session, user_id: int, conversation_id: int) -> Head:
    """A conversation's head. Raises NotYours."""
    return head_at(db, conversation_of(db, user_id, conversation_id))


def head_at(db: Session, conversation: Conversation) -> Head:
    """The head of this conversation."""
    account, contact = db.execute(_behind(), {"conversation": conversation.id}).one()
    address = conversation.partner or conversation.remote_id
    goes_on = conversation_called(db, account.id, conversation.successor) if conversation.successor else None
    return Head(
        id=conversation.id,
        name=shown_name(conversation, contact.name if contact else "", account.network),
        kind=conversation.kind,
        state=conversation.state,
        topic=conversation.topic,
        address=address,
        network=account.network,
        account_id=account.id,
        account_address=account.address,
        account_state=account.state,
        account_reason=Sentence.from_json(account.reason) if account.reason else None,
        account_removed=account.removed_at is not None,
        presence=contact.presence if contact else Presence.UNKNOWN,
        status=contact.status if contact else "",
        trust=contact.trust if contact else Trust.UNKNOWN,
        seal=seal_of(conversation),
        warning=warning_of(conversation),
        is_space=conversation.is_space,
        invited_by=conversation.invited_by,
        invitation=conversation.invitation,
        left_because=Sentence.from_json(conversation.left_because) if conversation.left_because else None,
        bridged=conversation.bridged,
        successor=conversation.successor,
        successor_id=goes_on.id if goes_on else None,
        pinned=conversation.pinned,
        muted=conversation.muted,
        low=conversation.low,
        picture_id=conversation.picture_id,
        marked_unread=conversation.marked_unread,
        unread=conversation.unread,
        draft=conversation.draft,
        more_history=conversation.more_history and not _is_at_the_door(conversation),
        members=_count_members(db, conversation),
        typing=typing_in(conversation.id),
    )


def _is_at_the_door(conversation: Conversation) -> bool:
    """Nobody reads what was said in a group before they are in it; who was there before has something of it."""
    outside = (ConversationState.INVITED, ConversationState.ASKED)
    never = conversation.kind == ConversationKind.GROUP and conversation.next_position == 1
    return never and conversation.state in outside


@cache
def _behind() -> Select[*tuple[Any, ...]]:
    """The account of a conversation and, for a direct one, the contact; built once."""
    there = (col(Identity.account_id) == col(Account.id)) & (col(Identity.address) == address_with())
    query = select(Account, Identity).select_from(Conversation)
    query = query.join(Account, col(Account.id) == col(Conversation.account_id)).outerjoin(Identity, there)
    return query.where(col(Conversation.id) == bindparam("conversation"))


def _count_members(db: Session, conversation: Conversation) -> int:
    if conversation.kind == ConversationKind.DIRECT:
        return 0
    if conversation.members:
        return conversation.members
    query = select(func.count()).select_from(Membership).where(col(Membership.conversation_id) == conversation.id)
    count: int = db.execute(query).scalar_one()
    return count


_OF_SOMEBODY = (col(Identity.presence), col(Identity.trust), col(Identity.picture_id))


def members_of(db: Session, conversation_id: int, start: int = 0) -> list[Someone]:
    """Members of a group by name, from number ``start`` on; not more than MOST_MEMBERS.

    The head says how many there are.
    """
    shown = func.coalesce(func.nullif(Membership.name, ""), func.nullif(Identity.name, ""), Identity.address)
    query = (
        select(shown, col(Identity.address), col(Membership.role), *_OF_SOMEBODY)
        .join(Identity, col(Identity.id) == col(Membership.identity_id))
        .where(col(Membership.conversation_id) == conversation_id)
        .order_by(func.lower(shown), col(Membership.id))
        .offset(start)
        .limit(MOST_MEMBERS)
    )
    return [Someone(*one) for one in db.execute(query)]


def known_members(db: Session, account_id: int, members: Sequence[Member]) -> list[Someone]:
    """These members as their network has them, with what is known of them here."""
    here = col(Identity.account_id) == account_id, col(Identity.address).in_([one.address for one in members])
    query = select(col(Identity.address), *_OF_SOMEBODY).where(*here)
    known = {address: tuple(rest) for address, *rest in db.execute(query)}
    unknown = (Presence.UNKNOWN, Trust.UNKNOWN, None)
    return [Someone(m.name or m.address, m.address, m.role, *known.get(m.address, unknown)) for m in members]
