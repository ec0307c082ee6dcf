"""Single-purpose tokens are good once (A2): what only the rows can tell about them."""

from sqlmodel import Session, col, delete

from webapp.models import UsedToken
from webapp.models.columns import now
from webapp.tokens import Claims, TokenRefused

MICROS = 1_000_000
GRACE = 3_600 * MICROS


def refuse_if_spent(db: Session, claims: Claims) -> None:
    """Raises TokenRefused for a token that was used."""
    if db.get(UsedToken, claims.token_id):
        raise TokenRefused("used")


def spend(db: Session, claims: Claims) -> None:
    """Use a token up; raises TokenRefused if it was used before."""
    refuse_if_spent(db, claims)
    db.exec(delete(UsedToken).where(col(UsedToken.expires_at) < now() - GRACE))
    db.add(UsedToken(jti=claims.token_id, expires_at=claims.expires_at * MICROS))
    db.flush()
