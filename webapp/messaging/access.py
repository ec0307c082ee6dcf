"""Looking things up by an id that came from outside: always with the user whose it must be (S12)."""

from functools import cache

from sqlalchemy import bindparam
from sqlmodel import Session, col, select
from sqlmodel.sql.expression import Select, SelectOfScalar

from webapp.messaging.errors import NotYours
from webapp.models import Account, Conversation, Message
from webapp.networks.events import MessageRef


def account_of(db: Session, user_id: int, account_id: int) -> Account:
    """The user's account with this id. Raises NotYours."""
    account = db.get(Account, account_id)
    if account is None or account.user_id != user_id:
        raise NotYours
    return account


def conversation_of(db: Session, user_id: int, conversation_id: int) -> Conversation:
    """The user's conversation with this id. Raises NotYours."""
    conversation = db.exec(_conversation(), params={"conversation": conversation_id, "user": user_id}).first()
    if conversation is None:
        raise NotYours
    return conversation


@cache
def _conversation() -> SelectOfScalar[Conversation]:
    """Built once: it is asked with nearly everything that a person does."""
    here = col(Conversation.id) == bindparam("conversation")
    return select(Conversation).where(here, col(Conversation.user_id) == bindparam("user"))


def account_behind(db: Session, user_id: int, conversation_id: int) -> int:
    """The id of the account that the user's conversation belongs to. Raises NotYours."""
    account_id = db.exec(_account_behind(), params={"user": user_id, "conversation": conversation_id}).first()
    if account_id is None:
        raise NotYours
    return account_id


@cache
def _account_behind() -> SelectOfScalar[int]:
    """Built once: it is asked with everything that any tab shows."""
    here = col(Conversation.id) == bindparam("conversation")
    return select(Conversation.account_id).where(here, col(Conversation.user_id) == bindparam("user"))


def message_of(db: Session, user_id: int, message_id: int) -> tuple[Message, Conversation]:
    """The message with this id and its conversation, if that is the user's. Raises NotYours."""
    found = db.exec(_message(), params={"message": message_id, "user": user_id}).first()
    if found is None:
        raise NotYours
    return found


@cache
def _message() -> Select[Message, Conversation]:
    """Built once: it is asked with everything that is read."""
    query = select(Message, Conversation).join(Conversation, col(Conversation.id) == col(Message.conversation_id))
    return query.where(col(Message.id) == bindparam("message"), col(Conversation.user_id) == bindparam("user"))


def message_called(db: Session, conversation: Conversation, ref: MessageRef) -> Message | None:
    """The message of a conversation that a reference names, by whichever id fits first."""
    for column, value in (
        (col(Message.remote_id), ref.remote_id),
        (col(Message.transaction_id), ref.transaction_id),
        (col(Message.reference), ref.reference),
    ):
        if value is not None:
            query = select(Message).where(Message.conversation_id == conversation.id, column == value)
            message = db.exec(query.order_by(col(Message.position).desc())).first()
            if message is not None:
                return message
    return None


def accounts_of(db: Session, user_id: int) -> list[Account]:
    """The user's accounts that are not removed, oldest first."""
    query = select(Account).where(Account.user_id == user_id, col(Account.removed_at).is_(None))
    return list(db.exec(query.order_by(col(Account.id))))


def conversation_called(db: Session, account_id: int, remote_id: str) -> Conversation | None:
    """The account's conversation with this id on its network."""
    return db.exec(_conversation_called(), params={"account": account_id, "remote_id": remote_id}).first()


@cache
def _conversation_called() -> SelectOfScalar[Conversation]:
    """Built once: it is asked with everything that arrives."""
    return select(Conversation).where(
        col(Conversation.account_id) == bindparam("account"), col(Conversation.remote_id) == bindparam("remote_id")
    )
