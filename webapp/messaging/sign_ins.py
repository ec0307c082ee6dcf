"""Browsers come in and go out (A1). The browser holds 256 random bits; the row only their SHA-256."""

import hashlib
import secrets
from datetime import timedelta
from functools import cache

from sqlalchemy import ColumnElement, bindparam
from sqlmodel import Session, col, delete, select
from sqlmodel.sql.expression import Select

from webapp.changes import SignInEnded
from webapp.database import announce
from webapp.models import SignIn, User
from webapp.models.columns import now

IDLE = timedelta(days=14)
ABSOLUTE = timedelta(days=90)
FRESH = timedelta(minutes=5)
REMEMBER_USE_EVERY = timedelta(minutes=1)
LONGEST_DEVICE = 80
MOST_PER_USER = 50


def _micros(span: timedelta) -> int:
    return int(span.total_seconds() * 1_000_000)


def hash_secret(secret: str) -> str:
    """What the row keeps of a cookie."""
    return hashlib.sha256(secret.encode()).hexdigest()


def open_sign_in(db: Session, user_id: int, device: str) -> tuple[SignIn, str]:
    """A new sign-in, and the secret for its cookie. The oldest ones go when there are too many."""
    secret = secrets.token_urlsafe(32)
    row = SignIn(user_id=user_id, secret_hash=hash_secret(secret), device=device[:LONGEST_DEVICE])
    db.add(row)
    db.flush()
    for old in sign_ins_of(db, user_id)[MOST_PER_USER:]:
        end_sign_in(db, user_id, old.id)
    return row, secret


def find_sign_in(db: Session, secret: str, at: int | None = None) -> tuple[SignIn, User] | None:
    """Who holds this secret; None if nobody does, it is too old, or the user is disabled."""
    found = db.exec(_holder(), params={"hash": hash_secret(secret)}).first()
    if found is None:
        return None
    row, user = found
    return None if user.disabled_at is not None or is_over(row, now() if at is None else at) else (row, user)


@cache
def _holder() -> Select[SignIn, User]:
    """Built once: it is asked with every request."""
    return select(SignIn, User).join(User).where(col(SignIn.secret_hash) == bindparam("hash"))


def is_over(row: SignIn, at: int) -> bool:
    """Whether a sign-in ended by itself: unused for 14 days, or 90 days old."""
    return at > row.last_used_at + _micros(IDLE) or at > row.created_at + _micros(ABSOLUTE)


def is_fresh(row: SignIn, at: int) -> bool:
    """Whether the password was typed in the last five minutes; a clock that was put back makes nothing fresh."""
    return 0 <= at - row.confirmed_at <= _micros(FRESH)


def confirm(db: Session, sign_in_id: int) -> str:
    """The password was typed again: fresh from now on, under another secret, which is returned (A1: rotation).

    Empty if the sign-in was ended meanwhile.
    """
    row, secret = db.get(SignIn, sign_in_id), secrets.token_urlsafe(32)
    if row is None:
        return ""
    row.secret_hash, row.confirmed_at = hash_secret(secret), now()
    return secret


def is_use_worth_noting(row: SignIn, at: int) -> bool:
    """Whether the last use was written down long enough ago."""
    return at > row.last_used_at + _micros(REMEMBER_USE_EVERY)


def note_use(db: Session, sign_in_id: int) -> None:
    """This sign-in is in use right now."""
    row = db.get(SignIn, sign_in_id)
    if row:
        row.last_used_at = now()


def sign_ins_of(db: Session, user_id: int) -> list[SignIn]:
    """The browsers in which a user is signed in, most recently used first; those that are over are left out."""
    rows = db.exec(select(SignIn).where(SignIn.user_id == user_id).order_by(col(SignIn.last_used_at).desc()))
    return [row for row in rows if not is_over(row, now())]


def end_sign_in(db: Session, user_id: int, sign_in_id: int) -> bool:
    """Sign one browser of this user out; False if it is not one of theirs."""
    ended = db.exec(delete(SignIn).where(col(SignIn.id) == sign_in_id, col(SignIn.user_id) == user_id))
    if ended.rowcount:
        announce(db, SignInEnded(user_id, sign_in_id))
    return bool(ended.rowcount)


def end_others(db: Session, user_id: int, keep: int) -> int:
    """Sign every browser of this user out but one; returns how many."""
    others = [row.id for row in sign_ins_of(db, user_id) if row.id != keep]
    for sign_in_id in others:
        end_sign_in(db, user_id, sign_in_id)
    return len(others)


def end_all(db: Session, user_id: int) -> None:
    """Sign every browser of this user out."""
    db.exec(delete(SignIn).where(col(SignIn.user_id) == user_id))
    announce(db, SignInEnded(user_id, None))


def good_sign_ins(db: Session) -> set[int]:
    """Every sign-in that is good right now: not ended, not too old, its user not disabled."""
    query = select(SignIn.id).join(User).where(col(User.disabled_at).is_(None), ~_over(now()))
    return set(db.exec(query))


def forget_old_sign_ins(db: Session) -> None:
    """Rows of sign-ins that ended by themselves."""
    db.exec(delete(SignIn).where(_over(now())))


def _over(at: int) -> ColumnElement[bool]:
    """``is_over`` as a condition on the rows."""
    return (col(SignIn.last_used_at) < at - _micros(IDLE)) | (col(SignIn.created_at) < at - _micros(ABSOLUTE))
