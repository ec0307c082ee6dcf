"""What the inbox shows: conversations of every account, pinned first, then by last activity, page by page.

A page starts after the key of the last row before it (keyset), so the thousandth costs what the first does; the last
message is denormalised on the conversation, so a page is one query whatever its length.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from sqlalchemy import (
    BindParameter,
    ColumnElement,
    Select,
    and_,
    bindparam,
    exists,
    func,
    literal_column,
    select,
    true,
    tuple_,
)
from sqlmodel import Session, col

from webapp.languages import Sentence
from webapp.messaging.naming import shown_name
from webapp.messaging.typing import typing_in
from webapp.models import Account, AccountState, Conversation, Identity, Space, SpaceConversation
from webapp.networks.events import ConversationKind, ConversationState

PAGE = 40
COUNTED = 100


@dataclass(frozen=True)
class Filter:
    """Which conversations are wanted: all, only those with something unread, of one account, in one space."""

    unread: bool = False
    account_id: int | None = None
    space_id: int | None = None


@dataclass(frozen=True)
class Row:
    """One conversation as the list shows it. ``key`` sorts rows (highest first) and tells a page where to go on."""

    id: int
    key: str
    name: str | Sentence
    address: str
    kind: ConversationKind
    state: ConversationState
    network: str
    bridged: str
    account_id: int
    account: str
    preview: str | Sentence
    sender: str
    own: bool
    time: int
    unread: int
    mentions: int
    pinned: bool
    muted: bool
    low: bool
    picture_id: int | None
    failed: bool
    draft: str
    typing: tuple[str, ...]

    @property
    def is_group(self) -> bool:
        return self.kind == ConversationKind.GROUP


@dataclass(frozen=True)
class AccountChip:
    """An account by which the list can be narrowed."""

    id: int
    network: str
    address: str
    state: AccountState


@dataclass(frozen=True)
class Page:
    """Some rows, and the key after which the next page starts (None: that was all)."""

    rows: Sequence[Row]
    end: str | None


def key_of(conversation: Conversation) -> str:
    """Fixed width, so that keys compare as text as the rows do as numbers."""
    return f"{int(conversation.pinned)}{conversation.last_activity:017d}{conversation.id:010d}"


def _after(key: str) -> tuple[bool, int, int]:
    """The columns that a key was made of. Raises ValueError for one that is none."""
    if len(key) != 28 or not key.isascii() or not key.isdecimal():
        raise ValueError(key)
    return key[0] == "1", int(key[1:18]), int(key[18:])


def address_with() -> ColumnElement[str]:
    """Whom a direct conversation is with, as a column."""
    return func.coalesce(func.nullif(Conversation.partner, ""), Conversation.remote_id)


def _facts() -> Select[*tuple[Any, ...]]:
    """What rows are made of."""
    contact = and_(col(Identity.account_id) == col(Conversation.account_id), col(Identity.address) == address_with())
    return (
        select(Conversation, col(Account.network), col(Account.address), col(Identity.name))
        .join(Account, col(Account.id) == col(Conversation.account_id))
        .outerjoin(Identity, contact)
    )


def _rows_query(user_id: int | BindParameter[int]) -> Select[*tuple[Any, ...]]:
    return _facts().where(col(Conversation.user_id) == user_id, col(Conversation.listed) == true())


def _wanted(query: Select[*tuple[Any, ...]], wanted: Filter) -> Select[*tuple[Any, ...]]:
    if wanted.unread:
        # A literal: the partial index is only used when the predicate is the same text.
        query = query.where(col(Conversation.unread) > literal_column("0"))
    if wanted.account_id is not None:
        query = query.where(col(Conversation.account_id) == wanted.account_id)
    if wanted.space_id is not None:
        query = query.where(_is_in(wanted.space_id))
    return query


def _is_in(space_id: int | BindParameter[int]) -> ColumnElement[bool]:
    """Whether a conversation is in a space."""
    there = col(SpaceConversation.conversation_id) == col(Conversation.id)
    return exists().where(there, col(SpaceConversation.space_id) == space_id)


def page_query(user_id: int, wanted: Filter, after: str | None, size: int) -> Select[*tuple[Any, ...]]:
    """The query behind a page. Raises ValueError if ``after`` is no key."""
    columns = (col(Conversation.pinned), col(Conversation.last_activity), col(Conversation.id))
    if wanted.space_id is not None:
        return _space_page(user_id, wanted.space_id, after, size)
    query = _wanted(_rows_query(user_id), wanted).order_by(*(column.desc() for column in columns)).limit(size)
    return query.where(tuple_(*columns) < tuple_(*_after(after))) if after else query


def _space_page(user_id: int, space_id: int, after: str | None, size: int) -> Select[*tuple[Any, ...]]:
    """A space holds few: these are sorted, and only then what belongs to the first of them is looked up.

    Whose it is is asked of the space, or the way would lead through everything that the user has.
    """
    columns = (col(Conversation.pinned), col(Conversation.last_activity), col(Conversation.id))
    there = col(SpaceConversation.conversation_id) == col(Conversation.id)
    found = select(col(Conversation.id)).select_from(Space).where(col(Space.id) == space_id)
    found = found.join(SpaceConversation, col(SpaceConversation.space_id) == col(Space.id)).join(Conversation, there)
    found = found.where(col(Space.user_id) == user_id, col(Conversation.listed) == true())
    found = found.where(tuple_(*columns) < tuple_(*_after(after))) if after else found
    some = found.order_by(*(column.desc() for column in columns)).limit(size).subquery("some")
    query = _facts().join(some, some.c.id == col(Conversation.id))
    return query.order_by(*(column.desc() for column in columns))


def inbox_page(db: Session, user_id: int, wanted: Filter, after: str | None = None, size: int = PAGE) -> Page:
    """One page of the list. Raises ValueError if ``after`` is no key."""
    found = db.execute(page_query(user_id, wanted, after, size + 1)).all()
    rows = [_row(*one) for one in found[:size]]
    return Page(rows, rows[-1].key if len(found) > size else None)


def rows_of(db: Session, user_id: int, conversation_ids: Iterable[int], wanted: Filter) -> dict[int, Row]:
    """Those of these conversations that belong into the list, by id."""
    values = {"user": user_id, "account": wanted.account_id, "space": wanted.space_id, "ids": list(conversation_ids)}
    query = _some_rows(wanted.unread, wanted.account_id is not None, wanted.space_id is not None)
    return {one[0].id: _row(*one) for one in db.execute(query, values)}


@cache
def _some_rows(unread: bool, of_account: bool, of_space: bool) -> Select[*tuple[Any, ...]]:
    """The query of ``rows_of``, built once: it is asked with every change that any tab shows."""
    query = _rows_query(bindparam("user")).where(col(Conversation.id).in_(bindparam("ids", expanding=True)))
    query = _wanted(query, Filter(unread=unread))
    query = query.where(_is_in(bindparam("space"))) if of_space else query
    return query.where(col(Conversation.account_id) == bindparam("account")) if of_account else query


def found_rows(db: Session, user_id: int, wanted: Filter, condition: ColumnElement[bool], most: int) -> list[Row]:
    """Those conversations of the list for which a condition holds, the liveliest first."""
    query = _wanted(_rows_query(user_id), wanted).where(condition)
    return [_row(*one) for one in db.execute(query.order_by(col(Conversation.last_activity).desc()).limit(most))]


def unread_count(db: Session, user_id: int) -> int:
    """How many conversations have something unread; never more than COUNTED, because nobody reads further."""
    count: int = db.execute(_unread_counted(), {"user": user_id}).scalar_one()
    return count


@cache
def _unread_counted() -> Select[*tuple[Any, ...]]:
    listed = select(col(Conversation.id)).where(
        col(Conversation.user_id) == bindparam("user"), col(Conversation.listed) == true()
    )
    return select(func.count()).select_from(_wanted(listed, Filter(unread=True)).limit(COUNTED).subquery())


def chips_of(db: Session, user_id: int) -> list[AccountChip]:
    """The user's accounts, oldest first; one that was removed counts as long as its history is kept."""
    return [AccountChip(*one) for one in db.execute(_accounts_in_order(), {"user": user_id})]


@cache
def _accounts_in_order() -> Select[*tuple[Any, ...]]:
    columns = (col(Account.id), col(Account.network), col(Account.address), col(Account.state))
    return select(*columns).where(col(Account.user_id) == bindparam("user")).order_by(col(Account.id))


def _row(conversation: Conversation, network: str, address: str, contact: str | None) -> Row:
    text, whom = conversation.preview, conversation.partner or conversation.remote_id
    return Row(
        id=conversation.id,
        key=key_of(conversation),
        name=shown_name(conversation, contact or "", network),
        address=whom,
        kind=conversation.kind,
        state=conversation.state,
        network=network,
        bridged=conversation.bridged,
        account_id=conversation.account_id,
        account=address,
        preview=Sentence.from_json(text) if conversation.preview_is_sentence and text else text,
        sender=conversation.preview_sender,
        own=conversation.preview_own,
        time=conversation.last_activity,
        unread=conversation.unread,
        mentions=conversation.mentions,
        pinned=conversation.pinned,
        muted=conversation.muted,
        low=conversation.low,
        picture_id=conversation.picture_id,
        failed=conversation.failed > 0,
        draft=conversation.draft,
        typing=typing_in(conversation.id),
    )
