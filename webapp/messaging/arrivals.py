"""Messages that arrive: own echo, duplicate, or new.

The messages of one batch are gathered for each conversation and stored together, because catching up brings thousands.
What is known already is looked up with one query a conversation, not one a message.
"""

from dataclasses import dataclass, field
from functools import cache

from sqlalchemy import CompoundSelect, bindparam, union
from sqlmodel import Session, col, select

from webapp.changes import HistoryLoaded, MessageChanged, RowChanged, TypingChanged
from webapp.database import announce
from webapp.languages import Sentence
from webapp.messaging.conversations import ensure
from webapp.messaging.leases import Holding
from webapp.messaging.new_messages import NewMessage, kept_format, put_in
from webapp.messaging.opened import put_words_into
from webapp.messaging.people import Sender, sender_called
from webapp.messaging.positions import is_pending, stands_behind_gap, take_before, take_next
from webapp.messaging.preview import show_in_inbox
from webapp.messaging.read import move_read
from webapp.messaging.settle import confirm
from webapp.messaging.typing import set_typing
from webapp.messaging.unread import raise_unread
from webapp.models import Conversation, Message
from webapp.models.columns import to_micros
from webapp.networks.events import Delivery, MessageReceived, Origin

AT_ONCE = 400
"""Ids in one query; SQLite and PostgreSQL both take many more."""


@dataclass
class _Known:
    """The messages of a conversation that events of this batch may be about."""

    by_remote_id: dict[str, Message | NewMessage] = field(default_factory=dict)
    by_transaction: dict[tuple[bool, str], Message | NewMessage] = field(default_factory=dict)

    def add(self, message: Message | NewMessage) -> None:
        if message.remote_id is not None:
            self.by_remote_id[message.remote_id] = message
        if message.transaction_id is not None:
            self.by_transaction[message.own, message.transaction_id] = message

    def find(self, event: MessageReceived) -> Message | NewMessage | None:
        """The message that this event tells of again.

        By the network's id; else by the sender's, for a message whose network id was not known yet, or is not told now.
        """
        if event.remote_id is not None and event.remote_id in self.by_remote_id:
            return self.by_remote_id[event.remote_id]
        if event.transaction_id is None:
            return None
        message = self.by_transaction.get((event.own, event.transaction_id))
        if message is None or (message.remote_id and event.remote_id and not _is_ours(message, event)):
            return None
        return message


def _is_ours(message: Message | NewMessage, event: MessageReceived) -> bool:
    """Our own transaction ids are unique for ever, so an echo under a second network id is still the same message."""
    return message.own and event.own


class Arrivals:
    """The messages of one batch on their way into the rows."""

    def __init__(self, db: Session, account: Holding, origin: Origin, gap: Message | None = None) -> None:
        """``gap`` is the message in front of which older ones go, when that is not the oldest one."""
        self._db = db
        self._account = account
        self._origin = origin
        self._gap = gap
        self.stored = 0
        self.met_again = 0
        self._waiting: dict[str, list[MessageReceived]] = {}
        self._senders: dict[str, Sender] = {}

    def take_in(self, event: MessageReceived) -> None:
        """Gather a message; it is stored by ``finish``."""
        self._waiting.setdefault(event.conversation, []).append(event)

    def finish(self) -> None:
        """Store what was gathered, conversation by conversation, each in the network's order."""
        waiting, self._waiting = self._waiting, {}
        for remote_id, events in waiting.items():
            conversation = ensure(self._db, self._account, remote_id, events[0].kind)
            self._store(conversation, events)

    def _store(self, conversation: Conversation, events: list[MessageReceived]) -> None:
        for event in events:
            if not event.own:
                self._sender(event)  # looked up before anything is changed, or each look-up would write first
        known = self._look_up(conversation, events)
        fresh: list[NewMessage] = []
        for event in events:
            message = known.find(event)
            if message is not None:
                self.met_again += 1
                self._meet_again(conversation, message, event)
            else:
                fresh.append(self._as_new(conversation, event))
                known.add(fresh[-1])
        self.stored += len(fresh)
        if self._origin == Origin.BACKFILL:
            self._store_older(conversation, fresh)
        else:
            self._store_new(conversation, fresh)

    def _look_up(self, conversation: Conversation, events: list[MessageReceived]) -> _Known:
        known = _Known()
        for start in range(0, len(events), AT_ONCE):
            some = events[start : start + AT_ONCE]
            values = {
                "conversation": conversation.id,
                "remote_ids": [event.remote_id for event in some if event.remote_id],
                "transactions": [event.transaction_id for event in some if event.transaction_id],
            }
            ids = self._db.execute(_said_before(), values).scalars().all()
            for message in self._db.exec(select(Message).where(col(Message.id).in_(ids))) if ids else ():
                known.add(message)
        return known

    def _meet_again(self, conversation: Conversation, message: Message | NewMessage, event: MessageReceived) -> None:
        """The echo of what we sent, or a message that we have: learn what the network adds, store nothing twice."""
        if isinstance(message, NewMessage):
            return  # twice in one batch
        if message.sealed and not event.sealed:
            put_words_into(self._db, conversation, message, event)
        if not message.own:
            if message.remote_id is None and event.remote_id is not None:
                message.remote_id = event.remote_id
                self._db.add(message)
            return
        if is_pending(message.position) or message.remote_id is None or message.delivery in _NOT_OUT:
            message.sent_at = to_micros(event.sent_at)
            confirm(self._db, conversation, message, event.remote_id, event.reference)

    def _store_new(self, conversation: Conversation, messages: list[NewMessage]) -> None:
        """Messages that continue a conversation: they take the next places and raise unread."""
        if not messages:
            return
        for message in messages:
            message.position = take_next(conversation)
            message.gap_before = stands_behind_gap(message.position)
        show_in_inbox(conversation, messages[-1])
        last_own = max((m.position for m in messages if m.own), default=None)
        if last_own is None:
            heard = [m for m in messages if not m.quiet and m.position > conversation.read_up_to]
            raise_unread(self._db, conversation, len(heard), sum(m.mention for m in heard))
        self._db.add(conversation)
        put_in(self._db, messages)
        if last_own is not None:
            move_read(self._db, conversation, last_own)
        self._announce_new(conversation, messages)

    def _announce_new(self, conversation: Conversation, messages: list[NewMessage]) -> None:
        user_id = conversation.user_id
        announce(
            self._db, *(MessageChanged(user_id, conversation.id, one.id) for one in messages if one.id is not None)
        )
        announce(self._db, RowChanged(user_id, conversation.id))
        for address in self._senders:
            if set_typing(conversation.id, address, "", typing=False):
                announce(self._db, TypingChanged(user_id, conversation.id))

    def _store_older(self, conversation: Conversation, messages: list[NewMessage]) -> None:
        """Messages from before those that we have; they raise no unread."""
        if not messages:
            return
        count = len(messages)
        lowest = self._gap.position - count if self._gap else take_before(conversation, count)
        for number, message in enumerate(messages):
            message.position = lowest + number
        put_in(self._db, messages)
        if not conversation.preview:
            show_in_inbox(conversation, messages[-1])
        self._db.add(conversation)
        announce(
            self._db,
            HistoryLoaded(conversation.user_id, conversation.id),
            RowChanged(conversation.user_id, conversation.id),
        )

    def _as_new(self, conversation: Conversation, event: MessageReceived) -> NewMessage:
        """The message of an event, without its place."""
        sender = None if event.own else self._sender(event)
        return NewMessage(
            conversation_id=conversation.id,
            remote_id=event.remote_id,
            transaction_id=event.transaction_id,
            reference=event.reference,
            sender_id=sender.id if sender else None,
            sender_name=event.sender_name or sender.shown if sender else "",
            own=event.own,
            body=event.body.to_json() if isinstance(event.body, Sentence) else event.body,
            is_sentence=isinstance(event.body, Sentence),
            quiet=event.quiet,
            mention=event.mention,
            sent_at=to_micros(event.sent_at),
            delivery=Delivery.SENT if event.own else None,
            formatted=kept_format(event.formatted),
            style=event.style,
            sealed=event.sealed,
            untrusted=event.untrusted.to_json() if event.untrusted else "",
        )

    def _sender(self, event: MessageReceived) -> Sender:
        if event.sender not in self._senders:
            self._senders[event.sender] = sender_called(self._db, self._account.id, event.sender, event.sender_name)
        return self._senders[event.sender]


@cache
def _said_before() -> CompoundSelect[int]:
    """The messages of a conversation that have one of these ids; built once, because it is asked with every message."""
    here = col(Message.conversation_id) == bindparam("conversation")
    by_name = col(Message.remote_id).in_(bindparam("remote_ids", expanding=True))
    by_transaction = col(Message.transaction_id).in_(bindparam("transactions", expanding=True))
    return union(*(select(Message.id).where(here, condition) for condition in (by_name, by_transaction)))


_NOT_OUT = (Delivery.WAITING, Delivery.SENDING, Delivery.FAILED, Delivery.UNCERTAIN)
