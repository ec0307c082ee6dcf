"""``/settings``: how this person likes the screen, their password, and the devices on which they are signed in."""

from typing import Annotated

from fastapi import APIRouter, Form, HTTPException, Request
from sqlmodel import Session
from starlette.responses import HTMLResponse, RedirectResponse, Response

from webapp.languages import LANGUAGES, Sentence
from webapp.live.other_pages import page_snapshot
from webapp.live.tabs import View
from webapp.messaging.account_cards import cards_of
from webapp.messaging.audit import Actor, entries_about, note
from webapp.messaging.sign_ins import end_others, end_sign_in, sign_ins_of
from webapp.messaging.users import set_password, set_preferences
from webapp.models import AuditEntry, SignIn, User
from webapp.networks.login import WrongInput
from webapp.pages.access import TheActor, TheSignIn, TheUser
from webapp.pages.audit_words import in_words
from webapp.pages.confirming import check_password
from webapp.pages.forms import Wrong, checked_password, sentence_for
from webapp.pages.house import TheHouse
from webapp.pages.ids import Id
from webapp.pages.rendering import page, reader_for
from webapp.pages.scenes import subscribe
from webapp.passwords import hash_password

router = APIRouter()
PAGE = "settings/page.html"
THEMES = ("", "light", "dark")
TEXT_SIZES = ("", "large", "larger")


def _shown(request: Request, house: TheHouse, user: User, sign_in: SignIn, **more: object) -> Response:
    """The whole page; ``more`` says what is wrong or done."""
    devices = house.database.read(sign_ins_of, user.id)
    entries = house.database.read(_entries, user.id)
    cards = house.database.read(cards_of, user.id)
    facts = {"person": user, "devices": devices, "this_device": sign_in.id, "entries": entries, "languages": LANGUAGES}
    facts["accounts"] = cards
    status = 422 if more.get("wrong") else 200
    tab, version = subscribe(request, house, _view(request, user))
    return page(request, PAGE, status, tab=tab, version=version, **({"wrong": None, "done": ""} | facts | more))


def _view(request: Request, user: User) -> View:
    return View(user.id, reader_for(request), request.state.csrf_token, keys=True)


def _entries(db: Session, user_id: int) -> list[tuple[AuditEntry, Sentence, str, str]]:
    return in_words(db, entries_about(db, user_id))


@router.get("/settings")
def show_settings(request: Request, house: TheHouse, user: TheUser, sign_in: TheSignIn, done: str = "") -> Response:
    """The page; or, after the line was cut, what of it moves."""
    if "hx-snapshot" in request.headers:
        view = _view(request, user)
        subscribe(request, house, view)
        return HTMLResponse(house.database.read(page_snapshot, view))
    return _shown(request, house, user, sign_in, done=done)


@router.post("/settings")
def save_settings(
    house: TheHouse,
    user: TheUser,
    language: Annotated[str, Form()] = "",
    theme: Annotated[str, Form()] = "",
    text_size: Annotated[str, Form()] = "",
    enter_sends: Annotated[bool, Form()] = False,
    send_receipts: Annotated[bool, Form()] = False,
) -> Response:
    """Keep how the person likes it; a word that we do not know means "as the device does"."""
    house.database.write(
        set_preferences,
        user.id,
        language=language if language in LANGUAGES else "",
        theme=theme if theme in THEMES else "",
        text_size=text_size if text_size in TEXT_SIZES else "",
        enter_sends=enter_sends,
        send_receipts=send_receipts,
    )
    return RedirectResponse("/settings?done=saved", 303)


@router.post("/settings/password")
def change_password(
    request: Request,
    house: TheHouse,
    user: TheUser,
    sign_in: TheSignIn,
    actor: TheActor,
    current: Annotated[str, Form()] = "",
    password: Annotated[str, Form()] = "",
) -> Response:
    """Another password. Every other device is signed out: whoever knew the old one is out."""
    try:
        check_password(request, current, "current")
        kept = hash_password(checked_password(password, user.name))
    except WrongInput as wrong:
        return _shown(request, house, user, sign_in, wrong=Wrong(wrong.field, sentence_for(request, wrong)))
    house.database.write(_change, user.id, kept, actor, sign_in.id)
    return RedirectResponse("/settings?done=password", 303)


@router.post("/settings/devices/others/sign-out")
def sign_out_others(house: TheHouse, user: TheUser, sign_in: TheSignIn, actor: TheActor) -> Response:
    """Sign every other device out."""
    house.database.write(_end_others, user.id, sign_in.id, actor)
    return RedirectResponse("/settings?done=devices", 303)


@router.post("/settings/devices/{sign_in_id}/sign-out")
def sign_out_device(house: TheHouse, user: TheUser, actor: TheActor, sign_in_id: Id) -> Response:
    """Sign one device out; 404 for one that is gone, or somebody else's."""
    if not house.database.write(_end_one, user.id, sign_in_id, actor):
        raise HTTPException(404)
    return RedirectResponse("/settings?done=devices", 303)


def _change(db: Session, user_id: int, kept: str, actor: Actor, sign_in_id: int) -> None:
    set_password(db, user_id, kept, "password_changed", actor)
    end_others(db, user_id, keep=sign_in_id)


def _end_others(db: Session, user_id: int, sign_in_id: int, actor: Actor) -> None:
    if end_others(db, user_id, keep=sign_in_id):
        note(db, "sign_ins_ended", actor, about=user_id)


def _end_one(db: Session, user_id: int, sign_in_id: int, actor: Actor) -> bool:
    ended = end_sign_in(db, user_id, sign_in_id)
    if ended:
        note(db, "sign_ins_ended", actor, about=user_id)
    return ended
