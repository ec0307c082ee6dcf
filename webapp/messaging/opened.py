"""Messages that could not be decrypted when they came, and can be now: the row changes where it is."""

from sqlmodel import Session, col, func, select

from webapp.changes import MessageChanged, RowChanged
from webapp.database import announce
from webapp.languages import Sentence
from webapp.messaging.access import conversation_called, message_called
from webapp.messaging.leases import Holding
from webapp.messaging.new_messages import kept_format
from webapp.messaging.preview import show_in_inbox
from webapp.messaging.unread import set_unread
from webapp.models import Conversation, Message
from webapp.networks.events import ConversationState, MessageOpened, MessageReceived


def open_message(db: Session, account: Holding, event: MessageOpened) -> None:
    """The words of a sealed message are there; any other message stays as it is."""
    conversation = conversation_called(db, account.id, event.conversation)
    message = message_called(db, conversation, event.message) if conversation else None
    if conversation is not None and message is not None and message.sealed:
        put_words_into(db, conversation, message, event)


def put_words_into(
    db: Session, conversation: Conversation, message: Message, event: MessageOpened | MessageReceived
) -> None:
    """Make a sealed message one that can be read."""
    message.body = event.body.to_json() if isinstance(event.body, Sentence) else event.body
    message.is_sentence = isinstance(event.body, Sentence)
    message.formatted = kept_format(event.formatted)
    message.style = event.style
    _count(db, conversation, message, event)
    message.mention, message.quiet = event.mention, event.quiet
    message.untrusted = event.untrusted.to_json() if event.untrusted else ""
    message.sealed = False
    db.add(message)
    if conversation.state != ConversationState.INVITED and _is_newest(db, message):
        show_in_inbox(conversation, message)
    db.add(conversation)
    user_id = conversation.user_id
    announce(db, MessageChanged(user_id, conversation.id, message.id), RowChanged(user_id, conversation.id))


def _count(db: Session, conversation: Conversation, message: Message, event: MessageOpened | MessageReceived) -> None:
    """An unread one may name the person, or be nothing that one reads. None becomes unread by this."""
    if conversation.unread and not (message.own or message.quiet) and message.position > conversation.read_up_to:
        unread = conversation.unread - int(event.quiet)
        mentions = conversation.mentions - int(message.mention) + int(event.mention and not event.quiet)
        set_unread(db, conversation, unread, mentions)


def _is_newest(db: Session, message: Message) -> bool:
    query = select(func.max(Message.position)).where(col(Message.conversation_id) == message.conversation_id)
    return bool(db.exec(query).one() == message.position)
