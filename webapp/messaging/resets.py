"""A new way in for somebody who forgot the password (A10): a link, good once, for an hour."""

from datetime import timedelta

from sqlmodel import Session

from webapp.messaging.audit import Actor, note
from webapp.messaging.sign_ins import end_all
from webapp.messaging.spent import refuse_if_spent, spend
from webapp.messaging.users import set_password
from webapp.models import User
from webapp.tokens import Claims, Purpose, TokenRefused, Tokens

LIFETIME = timedelta(hours=1)


def make_reset_token(db: Session, tokens: Tokens, user_id: int, actor: Actor) -> str:
    """The token of a link with which this user, and nobody else, chooses a new password. It is noted for them."""
    user = db.get_one(User, user_id)
    note(db, "reset_link_made", actor, about=user_id)
    return tokens.issue(Purpose.PASSWORD_RESET, str(user.id), LIFETIME, user.token_epoch)


def user_of_reset(db: Session, claims: Claims) -> User:
    """Whose password a valid token resets. Raises TokenRefused once it was used or the password changed since."""
    refuse_if_spent(db, claims)
    user = db.get(User, int(claims.subject))
    if user is None or user.disabled_at is not None or user.token_epoch != claims.epoch:
        raise TokenRefused("epoch")
    return user


def use_reset(db: Session, claims: Claims, password_hash: str, place: str) -> User:
    """Set the new password; every device of the user is signed out."""
    user = user_of_reset(db, claims)
    spend(db, claims)
    end_all(db, user.id)
    return set_password(db, user.id, password_hash, "password_reset", Actor(user.id, place=place))
