"""The line that a conversation shows in the inbox: its last message, denormalised."""

from sqlmodel import Session, col, select

from webapp.languages import N_, Sentence
from webapp.messaging.new_messages import NewMessage
from webapp.models import Conversation, Message
from webapp.models.columns import now

LONGEST_PREVIEW = 200
SEALED = Sentence(N_("A message that cannot be read yet")).to_json()


def show_in_inbox(conversation: Conversation, message: Message | NewMessage) -> None:
    """Make this message the line in the inbox. A time in the future must not keep a conversation on top for ever."""
    conversation.preview = _line_of(message)
    conversation.preview_is_sentence = message.is_sentence or message.sealed
    conversation.preview_sender = message.sender_name
    conversation.preview_own = message.own
    conversation.last_activity = min(message.sent_at, now())
    conversation.listed = True


def show_newest(db: Session, conversation: Conversation) -> None:
    """Look for the last message anew, after one was deleted."""
    query = select(Message).where(Message.conversation_id == conversation.id)
    newest = db.exec(query.order_by(col(Message.position).desc()).limit(1)).first()
    if newest is not None:
        show_in_inbox(conversation, newest)
    else:
        conversation.preview = ""
        conversation.preview_sender = ""
        conversation.preview_own = False
        conversation.preview_is_sentence = False
    db.add(conversation)


def _line_of(message: Message | NewMessage) -> str:
    if message.sealed:
        return SEALED  # why it is sealed is said beside the message, where there is room
    return message.body if message.is_sentence else _first_words(message.body)


def _first_words(body: str) -> str:
    """The start of a text on one line; white space is folded only as far as it is shown."""
    return " ".join(body[: LONGEST_PREVIEW * 2].split())[:LONGEST_PREVIEW]
