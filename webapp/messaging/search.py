"""Finding a conversation by its name."""

from sqlalchemy import or_
from sqlmodel import Session, col

from webapp.messaging.inbox import Filter, Row, address_with, found_rows
from webapp.models import Conversation, Identity

MOST_FOUND = 50


def conversations_called(db: Session, user_id: int, words: str) -> list[Row]:
    """The user's conversations whose name or address has these words in it, the liveliest first."""
    wanted = words.strip()
    if not wanted:
        return []
    columns = (col(Conversation.name), address_with(), col(Identity.name))
    named = or_(*(column.icontains(wanted, autoescape=True) for column in columns))
    return found_rows(db, user_id, Filter(), named, MOST_FOUND)
