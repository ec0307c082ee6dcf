"""A browser becomes signed in: the same at set-up, sign-in and invite."""

from fastapi import Request
from sqlmodel import Session
from starlette.responses import RedirectResponse

from webapp.messaging.audit import Actor, coarse_place, note
from webapp.messaging.sign_ins import end_sign_in, open_sign_in
from webapp.models import SignIn
from webapp.pages.cookies import KNOWN_SECONDS, cookie_name, known_browser_value, set_cookie, set_sign_in
from webapp.pages.devices import device_name
from webapp.pages.house import house_of
from webapp.pages.rendering import reader_for

MOST_KNOWN = 6


def come_in(request: Request, user_id: int, where: str) -> RedirectResponse:
    """Sign this browser in and lead it to ``where``. A sign-in that it had before ends (A1: rotation).

    Who comes in for the first time gets a place in every network that needs no sign-in.
    """
    house = house_of(request)
    house.keeper.enrol(user_id, reader_for(request).language)
    device = device_name(request.headers.get("user-agent", ""))
    before: SignIn | None = request.state.sign_in
    secret = house.database.write(_open, user_id, device, coarse_place(request.state.address), before)
    response = RedirectResponse(where, 303)
    set_sign_in(house.settings, response, secret)
    key = house.vault.derive("known browser")
    marks = [known_browser_value(key, user_id), *known_marks(request)][:MOST_KNOWN]
    set_cookie(house.settings, response, "known", "~".join(marks), KNOWN_SECONDS)
    return response


def known_marks(request: Request) -> list[str]:
    """What this browser got when people signed in with it before."""
    value = request.cookies.get(cookie_name(house_of(request).settings, "known"), "")
    return [mark for mark in value.split("~")[:MOST_KNOWN] if mark]


def _open(db: Session, user_id: int, device: str, place: str, before: SignIn | None) -> str:
    if before is not None:
        end_sign_in(db, before.user_id, before.id)
    row, secret = open_sign_in(db, user_id, device)
    note(db, "signed_in", Actor(user_id, row.id, place), about=user_id, detail=device)
    return secret
