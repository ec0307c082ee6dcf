"""Pictures of conversations: which are wanted, what was made of them, and whose they are."""

from sqlalchemy import delete, literal_column, update
from sqlmodel import Session, col, select

from webapp.changes import ConversationChanged
from webapp.database import announce
from webapp.messaging.errors import NotYours
from webapp.messaging.leases import must_hold
from webapp.models import Account, Conversation, Picture

MOST_WANTED = 20


def wanted_pictures(db: Session, account_id: int) -> list[str]:
    """The next pictures of an account that nobody has looked at yet, those of the liveliest conversations first."""
    looked_at = select(Picture.id).where(
        Picture.account_id == account_id, col(Picture.ref) == col(Conversation.picture)
    )
    query = select(Conversation.picture).where(
        Conversation.account_id == account_id,
        col(Conversation.picture) != literal_column("''"),
        col(Conversation.picture_id).is_(None),
        ~looked_at.exists(),
    )
    return list(dict.fromkeys(db.exec(query.order_by(col(Conversation.last_activity).desc()).limit(MOST_WANTED))))


def store_picture(db: Session, account_id: int, epoch: int, ref: str, content: bytes) -> None:
    """What was made of a picture (empty: nothing); those that nobody looks like any more are forgotten."""
    must_hold(db, account_id, epoch)
    picture = Picture(account_id=account_id, ref=ref, content=content)
    db.add(picture)
    db.flush()
    theirs = (col(Conversation.account_id) == account_id) & (col(Conversation.picture) == ref)
    if content:
        db.execute(update(Conversation).where(theirs).values(picture_id=picture.id))
        for conversation_id, user_id in db.exec(select(Conversation.id, Conversation.user_id).where(theirs)):
            announce(db, ConversationChanged(user_id, conversation_id))
    still = select(Conversation.picture).where(Conversation.account_id == account_id)
    db.execute(delete(Picture).where(col(Picture.account_id) == account_id, col(Picture.ref).not_in(still)))


def picture_for(db: Session, account_id: int, ref: str) -> int | None:
    """The picture that was made of this one before."""
    query = select(Picture.id, Picture.content).where(Picture.account_id == account_id, Picture.ref == ref)
    found = db.exec(query).first()
    return found[0] if found and found[1] else None


def picture_of(db: Session, user_id: int, picture_id: int) -> bytes:
    """The content of a picture of the user's. Raises NotYours."""
    query = select(Picture.content).join(Account, col(Account.id) == col(Picture.account_id))
    content = db.exec(query.where(Picture.id == picture_id, Account.user_id == user_id)).first()
    if not content:
        raise NotYours
    return content
