"""Conversations as the network tells of them."""

from sqlalchemy import delete, literal_column
from sqlmodel import Session, col, select

from webapp import changes
from webapp.database import announce
from webapp.languages import N_, Sentence
from webapp.messaging.access import conversation_called
from webapp.messaging.leases import Holding
from webapp.messaging.people import contact_in
from webapp.messaging.pictures import picture_for
from webapp.messaging.positions import leave_gap
from webapp.messaging.preview import show_newest
from webapp.messaging.unread import count_unread, raise_unread, set_unread
from webapp.models import Account, Conversation, Message
from webapp.models.columns import now
from webapp.networks.events import (
    ConversationChanged,
    ConversationGone,
    ConversationKind,
    ConversationState,
    GapFound,
    InvitationReceived,
)

LONGEST_INVITATION = 1_000
"""Characters of the words that somebody asks with."""


def ensure(
    db: Session, account: Holding, remote_id: str, kind: ConversationKind, name: str | None = None
) -> Conversation:
    """The account's conversation with this id, made if there is none yet."""
    conversation = conversation_called(db, account.id, remote_id)
    if conversation is None:
        contact = contact_in(db, account.id, remote_id) if kind == ConversationKind.DIRECT else None
        conversation = Conversation(
            user_id=account.user_id,
            account_id=account.id,
            remote_id=remote_id,
            kind=kind,
            name=name or (contact.name if contact else ""),
            last_activity=0,
        )
        db.add(conversation)
        db.flush()
        _take_over(db, _predecessor(db, account, remote_id), conversation)
    return conversation


def _predecessor(db: Session, account: Holding, remote_id: str) -> Conversation | None:
    """The conversation that goes on in this one."""
    named = (col(Conversation.successor) == remote_id) & (col(Conversation.successor) != literal_column("''"))
    return db.exec(select(Conversation).where(col(Conversation.account_id) == account.id, named).limit(1)).first()


def _take_over(db: Session, old: Conversation | None, new: Conversation | None) -> None:
    """How the person keeps a conversation goes along to the one in which it goes on."""
    if old is not None and new is not None:
        new.pinned, new.muted = new.pinned or old.pinned, new.muted or old.muted
        old.pinned = False
        db.add_all([old, new])
        announce(db, *(changes.ConversationChanged(one.user_id, one.id) for one in (old, new)))


def change(db: Session, account: Holding, event: ConversationChanged) -> None:
    """A conversation exists, or something about it is new."""
    conversation = ensure(db, account, event.conversation, event.kind)
    conversation.kind = event.kind
    for name in _TAKEN_AS_IT_IS:
        told = getattr(event, name)
        if told is not None:
            setattr(conversation, name, told)
    if event.picture is not None and event.picture != conversation.picture:
        conversation.picture = event.picture
        conversation.picture_id = picture_for(db, account.id, event.picture) if event.picture else None
        announce(db, changes.PictureWanted(account.id))
    if event.successor is not None and event.successor not in (conversation.successor, conversation.remote_id):
        conversation.successor = event.successor
        _take_over(db, conversation, conversation_called(db, account.id, event.successor))
    if event.state is not None:
        change_state(db, conversation, event.state, event.reason)
    if event.listed is not None:
        conversation.listed = event.listed or bool(conversation.preview)
    if conversation.listed and not conversation.last_activity:
        conversation.last_activity = now()
    _announce(db, conversation)


_TAKEN_AS_IT_IS = ("name", "topic", "partner", "members", "bridged", "former")


def change_state(
    db: Session, conversation: Conversation, state: ConversationState, reason: Sentence | None = None
) -> None:
    """Joined, invited, declined or left, and why it was left."""
    answered = conversation.state == ConversationState.INVITED and state != ConversationState.INVITED
    conversation.state = state
    conversation.left_because = reason.to_json() if reason and state == ConversationState.LEFT else ""
    if answered:
        _take_invitation_away(db, conversation)


def _take_invitation_away(db: Session, conversation: Conversation) -> None:
    """What was said before it and since stands in the inbox again, as unread as it is; nothing said, nothing there."""
    set_unread(db, conversation, *count_unread(db, conversation))
    conversation.invitation, conversation.is_space = "", False
    show_newest(db, conversation)
    conversation.listed = conversation.state == ConversationState.JOINED or bool(conversation.preview)


def invite(db: Session, account: Holding, event: InvitationReceived) -> None:
    """Somebody asks the person into a group, or to become a contact: a row in the inbox that wants an answer."""
    conversation = ensure(db, account, event.conversation, event.kind, event.name)
    if conversation.state == ConversationState.INVITED:
        return  # networks ask again and again until there is an answer
    change_state(db, conversation, ConversationState.INVITED)
    conversation.invited_by = event.sender_name or event.sender
    conversation.is_space = event.space
    conversation.invitation = (event.text or "")[:LONGEST_INVITATION]
    conversation.listed = True
    raise_unread(db, conversation, 1, 0)
    conversation.last_activity = now()
    conversation.preview = _asks(event).to_json()
    conversation.preview_is_sentence = True
    conversation.preview_own = False
    conversation.preview_sender = ""
    _announce(db, conversation)


def note_gap(db: Session, account: Holding, event: GapFound) -> None:
    """Messages are missing after those that we have; the next one will stand behind a line that says so."""
    conversation = conversation_called(db, account.id, event.conversation)
    if conversation is not None:
        leave_gap(conversation)
        db.add(conversation)


def answer(
    db: Session, account_id: int, remote_id: str, kind: ConversationKind | None, state: ConversationState
) -> int:
    """What the person asked for was done: the conversation is there (or declined, or left). Returns our id of it.

    ``kind`` None leaves it as it is.
    """
    account = db.get_one(Account, account_id)
    conversation = ensure(db, Holding(account.id, account.user_id), remote_id, kind or ConversationKind.DIRECT)
    change_state(db, conversation, state)
    conversation.listed = state in _THERE or bool(conversation.preview)
    conversation.last_activity = conversation.last_activity or now()
    _announce(db, conversation)
    return conversation.id


def lose(db: Session, account: Holding, event: ConversationGone) -> None:
    """What was taken for a conversation is none."""
    lose_called(db, account.id, event.conversation)


def lose_called(db: Session, account_id: int, remote_id: str) -> None:
    """It disappears, but never with anything that was said: others can make a group look like a space."""
    conversation = conversation_called(db, account_id, remote_id)
    if conversation is None:
        return
    if not db.exec(select(Message.id).where(Message.conversation_id == conversation.id).limit(1)).first():
        forget(db, account_id, remote_id)
        return
    change_state(db, conversation, ConversationState.LEFT)
    _announce(db, conversation)


def forget(db: Session, account_id: int, remote_id: str) -> None:
    """A conversation that the person left is gone, with everything that was said in it."""
    conversation = conversation_called(db, account_id, remote_id)
    if conversation is None:
        return
    user_id, conversation_id = conversation.user_id, conversation.id
    db.exec(delete(Conversation).where(col(Conversation.id) == conversation_id))
    db.expunge(conversation)
    announce(db, changes.ConversationGone(user_id, conversation_id), changes.UnreadChanged(user_id))


_THERE = (ConversationState.JOINED, ConversationState.ASKED)


def _asks(event: InvitationReceived) -> Sentence:
    who = event.sender_name or event.sender
    if event.space:
        return Sentence(N_("%(who)s invites you to this space."), {"who": who})
    if event.kind == ConversationKind.GROUP:
        return Sentence(N_("%(who)s invites you to this group."), {"who": who})
    return Sentence(N_("%(who)s would like to be your contact."), {"who": who})


def _announce(db: Session, conversation: Conversation) -> None:
    db.add(conversation)
    announce(db, changes.ConversationChanged(conversation.user_id, conversation.id))
