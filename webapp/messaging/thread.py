"""What was said in an open conversation, page by page.

Messages stand in the order of their position. Each is drawn with what depends on the one before it: a day line, a gap
line, whether the sender's name is said again. So whoever redraws a message redraws the one after it too.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import cache
from typing import Any, NamedTuple

from sqlalchemy import BindParameter, Select, bindparam, func, or_, select
from sqlalchemy.orm import aliased
from sqlmodel import Session, col

from webapp.drawing import Reader
from webapp.languages import Sentence
from webapp.messaging.positions import PENDING
from webapp.models import Conversation, Identity, Message
from webapp.networks.events import ConversationKind, Delivery, Style

PAGE = 50
MOST_PENDING = 50
AROUND = 3
"""How many more than those that changed are read from the end: the one before them, and what came meanwhile."""
TOGETHER = int(timedelta(minutes=5) / timedelta(microseconds=1))
BELOW_ZERO = 2**63


@dataclass(frozen=True)
class Line:
    """A message as it is shown.

    ``day`` is when a new day begins with it (else None), ``gap`` says that messages are missing before it, ``cont``
    that the one before it is by the same sender and near in time. ``tone`` is what the sender's colour follows,
    ``picture_id`` what they look like. ``doubt_again`` says that the one before it in such a row is doubted for the
    same reason, in the same words.
    """

    id: int
    key: str
    conversation_id: int
    day: int | None
    gap: bool
    cont: bool
    own: bool
    quiet: bool
    mention: bool
    sender: str
    tone: str
    picture_id: int | None
    body: str | Sentence
    sent_at: int
    delivery: Delivery | None
    reason: Sentence | None
    formatted: str
    style: Style
    sealed: bool
    untrusted: Sentence | None
    doubt_again: bool


@dataclass(frozen=True)
class Stretch:
    """Some messages in order. ``start`` is the key of the first, ``older`` whether we have some before it."""

    lines: Sequence[Line]
    start: str
    older: bool


def key_of(position: int) -> str:
    """A position as text that sorts the same, below zero too (older history grows downwards)."""
    return f"{position + BELOW_ZERO:020d}"


def just_before(key: str) -> str:
    """A key that sorts right before this one, and after every message in front of it."""
    return f"{key_of(position_of(key) - 1)}~"


def position_of(key: str) -> int:
    """The position that a key stands for. Raises ValueError."""
    if len(key) != 20 or not key.isascii() or not key.isdecimal():
        raise ValueError(key)
    return min(int(key) - BELOW_ZERO, 2**63 - 1)


def _messages(conversation_id: int | BindParameter[int]) -> Select[*tuple[Any, ...]]:
    return (
        select(Message, col(Identity.name), col(Identity.address), col(Identity.picture_id), col(Conversation.kind))
        .join(Conversation, col(Conversation.id) == col(Message.conversation_id))
        .outerjoin(Identity, col(Identity.id) == col(Message.sender_id))
        .where(col(Message.conversation_id) == conversation_id)
    )


def newest(db: Session, reader: Reader, conversation_id: int, size: int = PAGE) -> Stretch:
    """The end of a conversation: what one sees on opening it."""
    found = db.execute(_last(), {"conversation": conversation_id, "most": size + 1}).all()[::-1]
    next_place = db.execute(_next_place(), {"conversation": conversation_id}).scalar_one()
    return _cut(reader, found, size, key_of(next_place))


@cache
def _next_place() -> Select[*tuple[Any, ...]]:
    here = col(Conversation.id) == bindparam("conversation")
    return select(col(Conversation.next_position)).where(here)


def before(db: Session, reader: Reader, conversation_id: int, key: str, size: int = PAGE) -> Stretch:
    """The page in front of the message with this key, and that message too: it looks different now. ValueError."""
    query = _messages(conversation_id).where(col(Message.position) <= position_of(key))
    return _stretch(db, reader, query, size + 1, key)


def since(db: Session, reader: Reader, conversation_id: int, key: str, size: int) -> list[Line]:
    """Everything from the message with this key on, the last ``size`` of it. Raises ValueError."""
    here, place = col(Message.conversation_id) == conversation_id, col(Message.position)
    earlier = db.execute(select(func.max(place)).where(here, place < position_of(key))).scalar_one()
    start = position_of(key) if earlier is None else earlier
    stretch = _stretch(db, reader, _messages(conversation_id).where(place >= start), size, key)
    return [line for line in stretch.lines if line.key >= key]


def _stretch(db: Session, reader: Reader, query: Select[*tuple[Any, ...]], size: int, latest_start: str) -> Stretch:
    """The last ``size`` messages of a query; one more is read, as the one before the first."""
    found = db.execute(query.order_by(col(Message.position).desc()).limit(size + 1)).all()[::-1]
    return _cut(reader, found, size, latest_start)


def _cut(reader: Reader, found: Sequence[Any], size: int, latest_start: str) -> Stretch:
    """The last ``size`` of what was found.

    A stretch of messages without a place starts where the next placed one will stand (``latest_start``).
    """
    older = len(found) > size
    lines = _lines(reader, found)[1 if older else 0 :]
    return Stretch(lines, min([latest_start, *(line.key for line in lines[:1])]), older)


def redrawn(db: Session, reader: Reader, conversation_id: int, message_ids: Iterable[int]) -> list[Line]:
    """These messages, the ones after them, and whatever has no place yet: all that looks different now."""
    ids = set(message_ids)
    return _redrawn_at_the_end(db, reader, conversation_id, ids) or _redrawn(db, reader, conversation_id, ids)


def _redrawn_at_the_end(db: Session, reader: Reader, conversation_id: int, message_ids: set[int]) -> list[Line]:
    """The same with one query, for what happens nearly always at the end; nothing, if it did not."""
    values = {"conversation": conversation_id, "most": len(message_ids) + AROUND}
    found = db.execute(_last(), values).all()[::-1]
    changed = [place for place, one in enumerate(found) if one[0].id in message_ids]
    if not changed or not changed[0] or len(changed) < len(message_ids):
        return []
    return _lines(reader, found)[changed[0] :]


@cache
def _last() -> Select[*tuple[Any, ...]]:
    """The end of a conversation, latest first; built once, because it is asked with every message."""
    return _messages(bindparam("conversation")).order_by(col(Message.position).desc()).limit(bindparam("most"))


def _redrawn(db: Session, reader: Reader, conversation_id: int, message_ids: set[int]) -> list[Line]:
    shown, before_them = _places(db, conversation_id, list(message_ids))
    places = shown | before_them
    values = {"conversation": conversation_id, "places": list(places), "most": len(places) + MOST_PENDING}
    found = db.execute(_at_places(), values).all()
    wanted = {key_of(place) for place in shown}
    return [line for line in _lines(reader, found) if line.key in wanted or line.key >= key_of(PENDING)]


@cache
def _at_places() -> Select[*tuple[Any, ...]]:
    """The query of ``_redrawn``, built once."""
    at_them = col(Message.position).in_(bindparam("places", expanding=True))
    query = _messages(bindparam("conversation")).where(or_(at_them, col(Message.position) >= PENDING))
    return query.order_by(col(Message.position)).limit(bindparam("most"))


def _places(db: Session, conversation_id: int, message_ids: list[int]) -> tuple[set[int], set[int]]:
    """The positions of messages and of those after them; and of those before them, for comparison."""
    values = {"conversation": conversation_id, "ids": message_ids}
    found = db.execute(_neighbours(), values).all()
    last_placed = db.execute(_last_placed(), {"conversation": conversation_id}).scalar_one()
    shown = {position for one in found for position in one[1:] if position is not None}
    return shown, {position for position in (*(one[0] for one in found), last_placed) if position is not None}


@cache
def _neighbours() -> Select[*tuple[Any, ...]]:
    """For some messages: the position before each, its own, and the one after it."""
    here, other = col(Message.conversation_id) == bindparam("conversation"), aliased(Message)
    there, place = col(other.conversation_id) == bindparam("conversation"), col(Message.position)
    earlier = select(func.max(other.position)).where(there, col(other.position) < place).scalar_subquery()
    later = select(func.min(other.position)).where(there, col(other.position) > place).scalar_subquery()
    return select(earlier, place, later).where(here, col(Message.id).in_(bindparam("ids", expanding=True)))


@cache
def _last_placed() -> Select[*tuple[Any, ...]]:
    """The position of the last message that the network has placed."""
    here = col(Message.conversation_id) == bindparam("conversation")
    return select(func.max(Message.position)).where(here, col(Message.position) < PENDING)


def first_unread(db: Session, conversation: Conversation) -> str | None:
    """The key of the oldest message that somebody else wrote and the person has not read."""
    if not conversation.unread:
        return None
    query = select(func.min(Message.position)).where(
        col(Message.conversation_id) == conversation.id,
        col(Message.position) > conversation.read_up_to,
        col(Message.position) < PENDING,
        col(Message.own).is_(False),
        col(Message.quiet).is_(False),
    )
    position = db.execute(query).scalar_one()
    return None if position is None else key_of(position)


def _lines(reader: Reader, found: Sequence[Any]) -> list[Line]:
    lines: list[Line] = []
    earlier: Message | None = None
    for message, name, address, picture_id, kind in found:
        # In a group people are called as they called themselves there; elsewhere as the person calls them.
        names = (message.sender_name, name) if kind == ConversationKind.GROUP else (name, message.sender_name)
        sender = next((one for one in (*names, address) if one), "")
        lines.append(_line(reader, message, _Shown(sender, address or sender, picture_id), earlier))
        earlier = message
    return lines


class _Shown(NamedTuple):
    """How a sender is shown, as in a Line."""

    name: str
    tone: str
    picture_id: int | None


def _line(reader: Reader, message: Message, sender: _Shown, earlier: Message | None) -> Line:
    new_day = earlier is None or reader.local(earlier.sent_at).date() != reader.local(message.sent_at).date()
    cont = earlier is not None and not new_day and _belong_together(earlier, message)
    return Line(
        id=message.id,
        key=key_of(message.position),
        conversation_id=message.conversation_id,
        day=message.sent_at if new_day else None,
        gap=message.gap_before,
        cont=cont,
        own=message.own,
        quiet=message.quiet,
        mention=message.mention,
        sender=sender.name,
        tone=sender.tone,
        picture_id=sender.picture_id,
        body=Sentence.from_json(message.body) if message.is_sentence else message.body,
        sent_at=message.sent_at,
        delivery=message.delivery,
        reason=Sentence.from_json(message.reason) if message.reason else None,
        formatted=message.formatted,
        style=message.style,
        sealed=message.sealed,
        untrusted=Sentence.from_json(message.untrusted) if message.untrusted else None,
        doubt_again=cont and message.untrusted != "" and message.untrusted == (earlier.untrusted if earlier else ""),
    )


def _belong_together(earlier: Message, message: Message) -> bool:
    """By the same sender, within five minutes, with nothing in between."""
    same = _speaker(earlier) == _speaker(message)
    near = abs(message.sent_at - earlier.sent_at) < TOGETHER
    return same and near and not (earlier.quiet or message.quiet or message.gap_before)


def _speaker(message: Message) -> tuple[bool, int | None, str]:
    return message.own, message.sender_id, message.sender_name
