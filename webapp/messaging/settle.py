"""What became of an action that waited in the outbox. Every verb here names the lease's epoch and can be repeated."""

from dataclasses import dataclass
from functools import cache

from sqlalchemy import bindparam, delete, update
from sqlmodel import Session, col, func, select
from sqlmodel.sql.expression import Select

from webapp.languages import N_, Sentence
from webapp.messaging.delivery import is_further, set_delivery
from webapp.messaging.leases import must_hold
from webapp.messaging.positions import is_pending, take_next
from webapp.models import Conversation, Message, OutboxEntry, User
from webapp.models.columns import from_micros, now
from webapp.models.outbox import OutboxKind
from webapp.networks.actions import Arrange, Done, MarkRead, SendText
from webapp.networks.events import Delivery, MessageRef


@dataclass(frozen=True)
class Due:
    """The oldest entry of its kind of a conversation."""

    entry_id: int
    conversation_id: int
    kind: OutboxKind


@dataclass(frozen=True)
class Begun:
    """An entry that is being carried out. ``before``: it was begun once already and may have gone out."""

    entry_id: int
    action: SendText | MarkRead | Arrange
    before: bool


def due_entries(db: Session, account_id: int) -> list[Due]:
    """The oldest entry of each kind and conversation of this account, oldest first (D2).

    What was read and what is said do not wait for each other.
    """
    found = db.exec(_oldest(), params={"account": account_id})
    return [Due(entry_id, conversation_id, OutboxKind(kind)) for entry_id, conversation_id, kind in found]


@cache
def _oldest() -> Select[int, int, str]:
    """Built once: it is asked with everything that goes out."""
    oldest = func.min(OutboxEntry.id)
    return (
        select(oldest, OutboxEntry.conversation_id, OutboxEntry.kind)
        .where(col(OutboxEntry.account_id) == bindparam("account"))
        .group_by(col(OutboxEntry.conversation_id), col(OutboxEntry.kind))
        .order_by(oldest)
        .limit(100)
    )


def begin(db: Session, account_id: int, epoch: int, entry_id: int) -> Begun | None:
    """Note that the network is about to be told, before it is told (D4). None if the entry is settled by now."""
    must_hold(db, account_id, epoch)
    entry = db.get(OutboxEntry, entry_id)
    if entry is None:
        return None
    message = db.get_one(Message, entry.message_id) if entry.message_id is not None else None
    conversation = db.get_one(Conversation, entry.conversation_id)
    before = entry.started_at is not None
    entry.started_at = entry.started_at or now()
    entry.attempts += 1
    db.add(entry)
    if entry.kind == OutboxKind.SEND_TEXT and message is not None:
        set_delivery(db, conversation, message, Delivery.SENDING)
    return Begun(entry.id, _action(db, entry, conversation, message), before)


def settle_sent(db: Session, account_id: int, epoch: int, entry_id: int, done: Done) -> None:
    """The network has it."""
    must_hold(db, account_id, epoch)
    entry = db.get(OutboxEntry, entry_id)
    if entry is None:
        return
    if entry.kind == OutboxKind.SEND_TEXT:
        conversation = db.get_one(Conversation, entry.conversation_id)
        confirm(db, conversation, db.get_one(Message, entry.message_id), done.remote_id, done.reference)
    else:
        db.delete(entry)


def settle_failed(db: Session, account_id: int, epoch: int, entry_id: int, reason: Sentence) -> None:
    """The network will not have it. The person decides: try again or delete."""
    _settle_asking(db, account_id, epoch, entry_id, Delivery.FAILED, reason)


def settle_uncertain(db: Session, account_id: int, epoch: int, entry_id: int) -> None:
    """It may have gone out, and nobody can tell. Said as such, because sending it again may double it."""
    reason = Sentence(N_("The line broke on the way. This may have arrived; sending it again may double it."))
    _settle_asking(db, account_id, epoch, entry_id, Delivery.UNCERTAIN, reason)


def postpone(db: Session, account_id: int, epoch: int, entry_id: int) -> None:
    """The network could not be reached: the message waits again."""
    must_hold(db, account_id, epoch)
    entry = db.get(OutboxEntry, entry_id)
    if entry is not None and entry.kind == OutboxKind.SEND_TEXT:
        conversation = db.get_one(Conversation, entry.conversation_id)
        set_delivery(db, conversation, db.get_one(Message, entry.message_id), Delivery.WAITING)


def wait_again(db: Session, account_id: int) -> None:
    """At start: what was being sent when the process ended waits again."""
    sending = select(OutboxEntry.message_id).where(OutboxEntry.account_id == account_id)
    db.exec(
        update(Message)
        .where(col(Message.id).in_(sending), col(Message.delivery) == Delivery.SENDING)
        .values(delivery=Delivery.WAITING)
    )


def confirm(
    db: Session, conversation: Conversation, message: Message, remote_id: str | None, reference: str | None
) -> None:
    """A message of ours is out: it gets the network's name and its place, and leaves the outbox."""
    if remote_id is not None and message.remote_id is None:
        message.remote_id = remote_id
    if reference is not None:
        message.reference = reference
    if is_pending(message.position):
        message.position = take_next(conversation)
        conversation.read_up_to = max(conversation.read_up_to, message.position)
        db.add(conversation)
    delivery = message.delivery or Delivery.SENT
    set_delivery(db, conversation, message, Delivery.SENT if is_further(Delivery.SENT, message.delivery) else delivery)
    db.exec(
        delete(OutboxEntry).where(
            col(OutboxEntry.message_id) == message.id, col(OutboxEntry.kind) == OutboxKind.SEND_TEXT
        )
    )


def _settle_asking(
    db: Session, account_id: int, epoch: int, entry_id: int, delivery: Delivery, reason: Sentence
) -> None:
    must_hold(db, account_id, epoch)
    entry = db.get(OutboxEntry, entry_id)
    if entry is None:
        return
    if entry.kind == OutboxKind.SEND_TEXT:
        conversation = db.get_one(Conversation, entry.conversation_id)
        set_delivery(db, conversation, db.get_one(Message, entry.message_id), delivery, reason)
    db.delete(entry)


def _action(
    db: Session, entry: OutboxEntry, conversation: Conversation, message: Message | None
) -> SendText | MarkRead | Arrange:
    if message is None:
        kept = conversation.pinned, conversation.muted, conversation.low, conversation.marked_unread
        return Arrange(conversation.remote_id, *kept)
    if entry.kind == OutboxKind.SEND_TEXT:
        assert message.transaction_id is not None
        said = message.transaction_id, message.body, from_micros(message.sent_at), message.formatted or None
        return SendText(conversation.remote_id, *said)
    ref = MessageRef(message.remote_id, message.transaction_id, message.reference)
    return MarkRead(conversation.remote_id, ref, db.get_one(User, conversation.user_id).send_receipts)
