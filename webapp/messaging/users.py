"""People come into the house, and are kept out again."""

from sqlmodel import Session, col, func, select

from webapp.changes import AccountWanted, SettingsChanged
from webapp.database import announce
from webapp.languages import N_, Sentence
from webapp.messaging.access import accounts_of
from webapp.messaging.audit import Actor, note
from webapp.messaging.names import FIELD, check_name, name_key
from webapp.messaging.sign_ins import end_all
from webapp.models import Role, User
from webapp.models.columns import now
from webapp.networks.login import WrongInput
from webapp.vault import Vault


class LastAdministrator(Exception):
    """Somebody must be able to look after the house."""


class AlreadySetUp(Exception):
    """There is a first user already."""


def has_users(db: Session) -> bool:
    """Whether the house was set up."""
    return db.exec(select(User.id).limit(1)).first() is not None


def all_users(db: Session) -> list[User]:
    """Everybody, by name."""
    return list(db.exec(select(User).order_by(User.name_key)))


def user_named(db: Session, name: str) -> User | None:
    """The user with this name, however it is written."""
    return db.exec(select(User).where(User.name_key == name_key(name))).first()


def add_user(db: Session, vault: Vault, name: str, password_hash: str, role: Role, actor: Actor) -> User:
    """A new user with a data key of their own. Raises WrongInput for a name that is taken or none."""
    shown = check_name(name)
    if user_named(db, shown):
        raise WrongInput(Sentence(N_("Somebody here is called that already. Choose another user name.")), FIELD)
    user = User(name=shown, name_key=name_key(shown), role=role, password_hash=password_hash, wrapped_key=b"")
    db.add(user)
    db.flush()
    user.wrapped_key = vault.new_user_key(user.id)
    note(db, "user_added", actor, about=user.id, detail=role.value)
    return user


def set_up(db: Session, vault: Vault, name: str, password_hash: str, actor: Actor) -> User:
    """The first administrator. Raises AlreadySetUp, however many ask at the same moment."""
    if has_users(db):
        raise AlreadySetUp
    user = add_user(db, vault, name, password_hash, Role.ADMINISTRATOR, actor)
    note(db, "house_set_up", Actor(user.id, place=actor.place), about=user.id)
    return user


def set_password(db: Session, user_id: int, password_hash: str, what: str, actor: Actor) -> User:
    """Another password: every link that resets it is worthless from now on. ``what`` is how it came about."""
    user = db.get_one(User, user_id)
    user.password_hash = password_hash
    user.token_epoch += 1
    note(db, what, actor, about=user_id)
    return user


def rehash(db: Session, user_id: int, password_hash: str) -> None:
    """The same password with today's settings of the hash."""
    db.get_one(User, user_id).password_hash = password_hash


def disable(db: Session, user_id: int, actor: Actor) -> User:
    """Close the door: every device is signed out and every account disconnected at once. Raises LastAdministrator."""
    user = db.get_one(User, user_id)
    if user.role is Role.ADMINISTRATOR and _other_administrators(db, user_id) == 0:
        raise LastAdministrator
    if user.disabled_at is None:
        user.disabled_at = now()
        user.token_epoch += 1
        end_all(db, user_id)
        _tell_keeper(db, user_id)
        note(db, "user_disabled", actor, about=user_id)
    return user


def enable(db: Session, user_id: int, actor: Actor) -> User:
    """Open the door again."""
    user = db.get_one(User, user_id)
    if user.disabled_at is not None:
        user.disabled_at = None
        _tell_keeper(db, user_id)
        note(db, "user_enabled", actor, about=user_id)
    return user


def set_preferences(
    db: Session, user_id: int, language: str, theme: str, text_size: str, enter_sends: bool, send_receipts: bool
) -> None:
    """How this person likes the screen; other open tabs of theirs follow."""
    user = db.get_one(User, user_id)
    user.language, user.theme, user.text_size = language, theme, text_size
    user.enter_sends, user.send_receipts = enter_sends, send_receipts
    announce(db, SettingsChanged(user_id))


def _tell_keeper(db: Session, user_id: int) -> None:
    announce(db, *(AccountWanted(account.id) for account in accounts_of(db, user_id)))


def _other_administrators(db: Session, user_id: int) -> int:
    others = select(func.count()).where(
        User.role == Role.ADMINISTRATOR, col(User.disabled_at).is_(None), User.id != user_id
    )
    return db.exec(others).one()
