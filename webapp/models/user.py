"""Who lives in the house, how they come in, and what keeps others out."""

from enum import StrEnum

from sqlmodel import Field, SQLModel

from webapp.models.columns import choice, foreign, key, moment


class Role(StrEnum):
    """What a user may do. An administrator looks after the house; neither role sees another's conversations."""

    ADMINISTRATOR = "administrator"
    MEMBER = "member"


class User(SQLModel, table=True):
    """A person with a sign-in on this instance.

    ``name`` is how they sign in and are found; ``name_key`` is its caseless, normalised form and is unique.
    ``wrapped_key`` is the user's data key, wrapped by the master key (vault). ``token_epoch`` grows to make every
    token of the user worthless. ``language`` empty follows the browser.
    """

    __tablename__ = "users"

    id: int = key()
    name: str
    name_key: str = Field(unique=True)
    role: Role = choice(Role)
    password_hash: str
    wrapped_key: bytes
    token_epoch: int = 0
    language: str = ""
    theme: str = ""
    text_size: str = ""
    enter_sends: bool = True
    send_receipts: bool = True
    created_at: int = moment(default_now=True)
    disabled_at: int | None = moment(nullable=True)


class SignIn(SQLModel, table=True):
    """A browser in which a user is signed in (A1). The cookie holds the secret, the row only its SHA-256.

    ``confirmed_at`` is when the password was typed last: at the sign-in, or again since.
    """

    __tablename__ = "sign_in"

    id: int = key()
    user_id: int = foreign("users.id", index=True)
    secret_hash: str = Field(unique=True)
    device: str = ""
    created_at: int = moment(default_now=True)
    last_used_at: int = moment(default_now=True)
    confirmed_at: int = moment(default_now=True)


class Invite(SQLModel, table=True):
    """A way in for one new member: the role is fixed here, the link carries only a token that names this row (A10)."""

    __tablename__ = "invite"

    id: int = key()
    role: Role = choice(Role)
    made_by: int | None = foreign("users.id", nullable=True, on_delete="SET NULL")
    created_at: int = moment(default_now=True)
    expires_at: int = moment()
    used_at: int | None = moment(nullable=True)
    revoked_at: int | None = moment(nullable=True)


class UsedToken(SQLModel, table=True):
    """A single-purpose token that must not be accepted again (A2)."""

    __tablename__ = "used_token"

    jti: str = Field(primary_key=True)
    expires_at: int = moment()


class Throttle(SQLModel, table=True):
    """How often something was tried that attackers try often (A7). ``subject`` is a keyed hash, never a name."""

    __tablename__ = "throttle"

    subject: str = Field(primary_key=True)
    count: int = 0
    window_started_at: int = moment(default_now=True)
    blocked_until: int = moment(default_now=True)
