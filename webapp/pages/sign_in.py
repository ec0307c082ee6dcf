"""``/sign-in`` and ``/sign-out``."""

from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, Form, Query, Request
from sqlmodel import Session
from starlette.responses import RedirectResponse, Response

from webapp.messaging.audit import Actor, note
from webapp.messaging.names import name_key
from webapp.messaging.sign_ins import end_sign_in
from webapp.messaging.throttle import Attempt, admit, attempt, clear
from webapp.messaging.users import has_users, rehash, user_named
from webapp.models import User
from webapp.pages.access import TheActor, TheSignIn, actor_of
from webapp.pages.coming_in import come_in, known_marks
from webapp.pages.cookies import drop_cookie, known_browser
from webapp.pages.house import House, TheHouse
from webapp.pages.rendering import page
from webapp.pages.safe_paths import safe_path
from webapp.passwords import hash_password, is_nobodys_password, is_outdated, is_password

router = APIRouter()
PAGE = "sign_in/page.html"
LONGEST_NAME = 200


@dataclass(frozen=True)
class Typed:
    """What was typed, as it is drawn again: without the password."""

    name: str = ""
    where: str = "/"


@router.get("/sign-in")
def show_sign_in(
    request: Request, house: TheHouse, where: Annotated[str, Query(alias="next")] = "/", new_password: bool = False
) -> Response:
    """The form; who is signed in already goes on, and an empty house is set up first."""
    if request.state.user is not None:
        return RedirectResponse(safe_path(where), 303)
    if not house.database.read(has_users):
        return RedirectResponse("/setup", 303)
    return page(request, PAGE, typed=Typed(where=safe_path(where)), wrong="", wait=0, new_password=new_password)


@router.post("/sign-in")
def sign_in(
    request: Request,
    house: TheHouse,
    name: Annotated[str, Form()] = "",
    password: Annotated[str, Form()] = "",
    where: Annotated[str, Form(alias="next")] = "/",
) -> Response:
    """Sign this browser in, or say that it did not work, never why (S26)."""
    typed = Typed(name[:LONGEST_NAME], safe_path(where))
    user = house.database.read(user_named, typed.name)
    tried = _attempt(request, house, typed.name, user)
    wait = house.database.write(admit, tried)
    if wait:
        answer = page(request, PAGE, 429, typed=typed, wrong="wait", wait=wait, new_password=False)
        answer.headers["Retry-After"] = str(wait)
        return answer
    if not _is_right(user, password) or user is None:
        house.database.write(note, "sign_in_failed", actor_of(request), about=user.id if user else None)
        return page(request, PAGE, 403, typed=typed, wrong="password", wait=0, new_password=False)
    house.database.write(_welcome, tried, user, hash_password(password) if is_outdated(user.password_hash) else "")
    return come_in(request, user.id, typed.where)


@router.post("/sign-out")
def sign_out(house: TheHouse, sign_in: TheSignIn, actor: TheActor) -> Response:
    """Sign this browser out."""
    house.database.write(_leave, sign_in.user_id, sign_in.id, actor)
    answer = RedirectResponse("/sign-in", 303)
    drop_cookie(house.settings, answer, "sid")
    return answer


def _attempt(request: Request, house: House, name: str, user: User | None) -> Attempt:
    """This attempt, for the throttle; a browser that this user signed in with before counts for itself (A7)."""
    key = house.vault.derive("known browser")
    marks = [known_browser(key, user.id, mark) for mark in known_marks(request)] if user else []
    known = next(filter(None, marks), "")
    return attempt(house.vault.derive("throttle"), name_key(name), request.state.address, known)


def _is_right(user: User | None, password: str) -> bool:
    if user is None or user.disabled_at is not None:
        return is_nobodys_password(password)
    return is_password(password, user.password_hash)


def _welcome(db: Session, tried: Attempt, user: User, new_hash: str) -> None:
    clear(db, tried)
    if new_hash:
        rehash(db, user.id, new_hash)


def _leave(db: Session, user_id: int, sign_in_id: int, actor: Actor) -> None:
    end_sign_in(db, user_id, sign_in_id)
    note(db, "signed_out", actor, about=user_id)
