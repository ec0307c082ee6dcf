"""Older messages that a person asked for by scrolling back, or into a gap."""

from dataclasses import dataclass
from itertools import pairwise

from sqlmodel import Session, col, select

from webapp.changes import HistoryLoaded, RowChanged
from webapp.database import announce
from webapp.messaging.access import conversation_of
from webapp.messaging.arrivals import Arrivals
from webapp.messaging.leases import held_account
from webapp.messaging.positions import PENDING
from webapp.messaging.receive import take_in_all
from webapp.models import Conversation, Message
from webapp.models.columns import from_micros
from webapp.networks.contract import Anchor, History, More


@dataclass(frozen=True)
class Place:
    """Where history is wanted: in front of everything (``gap_id`` None) or in front of the message behind a gap."""

    account_id: int
    conversation: str
    anchor: Anchor
    gap_id: int | None
    more: bool


def place_before(db: Session, user_id: int, conversation_id: int, gap_id: int | None = None) -> Place:
    """What to ask the network for. Raises NotYours."""
    conversation = conversation_of(db, user_id, conversation_id)
    query = select(Message).where(Message.conversation_id == conversation.id, col(Message.position) < PENDING)
    if gap_id is not None:
        query = query.where(Message.id == gap_id, col(Message.gap_before))
    message = db.exec(query.order_by(col(Message.position)).limit(1)).first()
    anchor = Anchor(message.remote_id, from_micros(message.sent_at)) if message else Anchor()
    more = conversation.more_history if gap_id is None else message is not None
    return Place(conversation.account_id, conversation.remote_id, anchor, gap_id, more)


def store_history(
    db: Session, account_id: int, epoch: int, conversation_id: int, gap_id: int | None, history: History
) -> bool:
    """Store a page of older messages. Returns whether there was anything new in it. Raises LeaseLost."""
    account = held_account(db, account_id, epoch)
    conversation = db.get_one(Conversation, conversation_id)
    gap = db.get(Message, gap_id) if gap_id is not None else None
    arrivals = Arrivals(db, account, history.batch.origin, gap)
    take_in_all(db, account, history.batch.events, arrivals)
    if gap is not None:
        _narrow(db, conversation, gap, closed=arrivals.met_again > 0 or history.more == More.NO)
    else:
        # A page without anything new would be asked for again for ever.
        conversation.more_history = history.more != More.NO and arrivals.stored > 0
    db.add(conversation)
    announce(db, HistoryLoaded(account.user_id, conversation_id), RowChanged(account.user_id, conversation_id))
    return arrivals.stored > 0


def _narrow(db: Session, conversation: Conversation, gap: Message, *, closed: bool) -> None:
    """The gap is now in front of the oldest message that was put into it, or it is closed."""
    gap.gap_before = False
    db.add(gap)
    db.flush()
    if closed:
        return
    behind = select(Message).where(
        Message.conversation_id == conversation.id,
        col(Message.position) > _end_before(db, conversation, gap),
        col(Message.position) <= gap.position,
    )
    oldest = db.exec(behind.order_by(col(Message.position)).limit(1)).one()
    oldest.gap_before = True
    db.add(oldest)


def _end_before(db: Session, conversation: Conversation, gap: Message) -> int:
    """The position of the last message in front of the gap: the first step of more than one, looking back."""
    query = (
        select(Message.position)
        .where(Message.conversation_id == conversation.id, col(Message.position) <= gap.position)
        .order_by(col(Message.position).desc())
        .limit(1_000)
    )
    positions = list(db.exec(query))
    for later, earlier in pairwise(positions):
        if later - earlier > 1:
            return earlier
    return positions[-1] - 1
