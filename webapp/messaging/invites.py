"""Ways into the house for one person each (A10). The link names the row; the row fixes the role."""

from datetime import timedelta

from sqlmodel import Session, col, select

from webapp.messaging.audit import Actor, note
from webapp.messaging.spent import refuse_if_spent, spend
from webapp.messaging.users import add_user
from webapp.models import Invite, Role, User
from webapp.models.columns import now
from webapp.tokens import Claims, Purpose, TokenRefused, Tokens
from webapp.vault import Vault

MICROS = 1_000_000


def make_invite(db: Session, role: Role, lifetime: timedelta, actor: Actor) -> Invite:
    """An invite that is good once, for ``lifetime``."""
    expires = now() + int(lifetime.total_seconds()) * MICROS
    invite = Invite(role=role, made_by=actor.user_id, expires_at=expires)
    db.add(invite)
    db.flush()
    note(db, "invite_made", actor, detail=role.value)
    return invite


def open_invites(db: Session) -> list[Invite]:
    """Those that can still be used, the newest first."""
    return [row for row in db.exec(select(Invite).order_by(col(Invite.id).desc()).limit(200)) if is_open(row)]


def is_open(invite: Invite) -> bool:
    """Neither used, nor taken back, nor too old."""
    return invite.used_at is None and invite.revoked_at is None and now() < invite.expires_at


def open_invite(db: Session, invite_id: int) -> Invite | None:
    """The invite with this id, if it can still be used."""
    invite = db.get(Invite, invite_id)
    return invite if invite and is_open(invite) else None


def token_of(tokens: Tokens, invite: Invite) -> str:
    """The token of its link. The row is what can be used once, so the link may be shown again."""
    left = timedelta(seconds=max(1, (invite.expires_at - now()) // MICROS))
    return tokens.issue(Purpose.INVITE, str(invite.id), left)


def invite_for(db: Session, claims: Claims) -> Invite:
    """The open invite that a valid token names. Raises TokenRefused."""
    refuse_if_spent(db, claims)
    invite = open_invite(db, int(claims.subject))
    if invite is None:
        raise TokenRefused("no open invite")
    return invite


def use_invite(db: Session, vault: Vault, claims: Claims, name: str, password_hash: str, place: str) -> User:
    """Come in with the role of the invite, whose link is worthless now. Raises TokenRefused, WrongInput."""
    invite = invite_for(db, claims)
    user = add_user(db, vault, name, password_hash, invite.role, Actor(invite.made_by, place=place))
    spend(db, claims)
    invite.used_at = now()
    note(db, "invite_used", Actor(user.id, place=place), about=user.id)
    return user


def revoke_invite(db: Session, invite_id: int, actor: Actor) -> bool:
    """Take an invite back; False if it cannot be used any more, or never was."""
    invite = open_invite(db, invite_id)
    if invite is None:
        return False
    invite.revoked_at = now()
    note(db, "invite_revoked", actor)
    return True
