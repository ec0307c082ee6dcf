"""The key to the figures of the house, for a program elsewhere that watches over it. There is one at a time."""

import hmac

from sqlmodel import Session

from webapp.messaging.audit import Actor, note
from webapp.messaging.options import option, set_option
from webapp.models import Role, User
from webapp.tokens import Claims, Purpose, Tokens

KEPT = "metrics.token"
"""The option that holds the name of the token that is good; the token itself is kept nowhere."""


def make_metrics_token(db: Session, tokens: Tokens, user: User, actor: Actor) -> str:
    """A new token, good for a year; the one before is worthless from now on."""
    made = tokens.issue(Purpose.METRICS, str(user.id), Purpose.METRICS.longest_life, user.token_epoch)
    set_option(db, KEPT, tokens.check(Purpose.METRICS, made).token_id)
    note(db, "metrics_token_made", actor)
    return made


def revoke_metrics_token(db: Session, actor: Actor) -> None:
    """Make the token worthless."""
    if has_metrics_token(db):
        set_option(db, KEPT, "")
        note(db, "metrics_token_revoked", actor)


def has_metrics_token(db: Session) -> bool:
    """Whether there is one that was not taken back."""
    return option(db, KEPT) != ""


def may_see_figures(db: Session, claims: Claims) -> bool:
    """Whether a valid token is the one that is good, and its maker still looks after the house."""
    if not hmac.compare_digest(option(db, KEPT).encode(), claims.token_id.encode()):
        return False
    maker = db.get(User, int(claims.subject))
    if maker is None or maker.disabled_at is not None or maker.token_epoch != claims.epoch:
        return False
    return maker.role is Role.ADMINISTRATOR
