"""Pictures of conversations and people: which are wanted, what was made of them, and whose they are."""

from collections.abc import Collection

from sqlalchemy import delete, func, literal_column, update
from sqlmodel import Session, col, select

from webapp.changes import ConversationChanged, LooksChanged
from webapp.database import announce
from webapp.messaging.errors import NotYours
from webapp.messaging.leases import must_hold
from webapp.models import Account, Conversation, Identity, Picture

MOST_WANTED = 20
MOST_KEPT = 2_000
"""Pictures of one account: where there are so many, people whom one sees then look like their initials."""


def wanted_pictures(db: Session, account_id: int, without: Collection[str] = ()) -> list[str]:
    """The next pictures of an account that nobody has looked at yet, those of the liveliest conversations first.

    Those of ``without`` (some hundred at most) are not wanted now, and keep no others out.
    """
    looked_at = select(Picture.id).where(
        Picture.account_id == account_id, col(Picture.ref) == col(Conversation.picture)
    )
    query = select(Conversation.picture).where(
        Conversation.account_id == account_id,
        col(Conversation.picture) != literal_column("''"),
        col(Conversation.picture_id).is_(None),
        col(Conversation.picture).not_in(without),
        ~looked_at.exists(),
    )
    found = dict.fromkeys(db.exec(query.order_by(col(Conversation.last_activity).desc()).limit(MOST_WANTED)))
    return list(found) or _wanted_of_people(db, account_id, without)


def _wanted_of_people(db: Session, account_id: int, without: Collection[str]) -> list[str]:
    """Of those who became known last; they come after all conversations, and may be very many."""
    if db.exec(select(func.count()).where(Picture.account_id == account_id)).one() >= MOST_KEPT:
        return []
    looked_at = select(Picture.id).where(Picture.account_id == account_id, col(Picture.ref) == col(Identity.picture))
    query = select(Identity.picture).where(
        Identity.account_id == account_id,
        col(Identity.picture) != literal_column("''"),
        col(Identity.picture_id).is_(None),
        col(Identity.picture).not_in(without),
        ~looked_at.exists(),
    )
    return list(dict.fromkeys(db.exec(query.order_by(col(Identity.id).desc()).limit(MOST_WANTED))))


def store_picture(db: Session, account_id: int, epoch: int, ref: str, content: bytes) -> bool:
    """What was made of a picture (empty: nothing); those that nobody looks like any more are forgotten.

    Whether people look different by it: that is told by ``tell_of_looks``, once for several pictures.
    """
    must_hold(db, account_id, epoch)
    picture = Picture(account_id=account_id, ref=ref, content=content)
    db.add(picture)
    db.flush()
    theirs = (col(Conversation.account_id) == account_id) & (col(Conversation.picture) == ref)
    if content:
        db.execute(update(Conversation).where(theirs).values(picture_id=picture.id))
        for conversation_id, user_id in db.exec(select(Conversation.id, Conversation.user_id).where(theirs)):
            announce(db, ConversationChanged(user_id, conversation_id))
    somebody = (col(Identity.account_id) == account_id) & (col(Identity.picture) == ref)
    seen = db.execute(update(Identity).where(somebody).values(picture_id=picture.id)).rowcount if content else 0  # type: ignore[attr-defined]  # of an update there is one
    _forget_unused(db, account_id)
    return bool(seen)


def tell_of_looks(db: Session, account_id: int) -> None:
    """People whom this account knows look different."""
    announce(db, LooksChanged(db.get_one(Account, account_id).user_id, account_id))


def _forget_unused(db: Session, account_id: int) -> None:
    still = select(Conversation.picture).where(Conversation.account_id == account_id)
    somebody = (col(Identity.account_id) == account_id) & (col(Identity.picture) == col(Picture.ref))
    anybody = select(Identity.id).where(somebody, col(Identity.picture) != literal_column("''")).exists()
    unused = col(Picture.ref).not_in(still) & ~anybody
    db.execute(delete(Picture).where(col(Picture.account_id) == account_id, unused))


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
