"""``/reset/{token}``: somebody who forgot the password chooses a new one."""

from typing import Annotated

from fastapi import APIRouter, Form, Request
from starlette.responses import RedirectResponse, Response

from webapp.messaging.audit import coarse_place
from webapp.messaging.resets import use_reset, user_of_reset
from webapp.networks.login import WrongInput
from webapp.pages.forms import Wrong, checked_password, sentence_for
from webapp.pages.house import TheHouse
from webapp.pages.rendering import page
from webapp.passwords import hash_password
from webapp.tokens import Purpose, TokenRefused

router = APIRouter()
PAGE, WORTHLESS = "reset/page.html", "reset/worthless.html"


@router.get("/reset/{token}")
def show_reset(request: Request, house: TheHouse, token: str) -> Response:
    """The form for a new password."""
    try:
        user = house.database.read(user_of_reset, house.tokens.check(Purpose.PASSWORD_RESET, token))
    except TokenRefused:
        return page(request, WORTHLESS, 404)
    return page(request, PAGE, person=user, wrong=None)


@router.post("/reset/{token}")
def set_new_password(request: Request, house: TheHouse, token: str, password: Annotated[str, Form()] = "") -> Response:
    """Set it; the person then signs in with it, on this and every device."""
    try:
        claims = house.tokens.check(Purpose.PASSWORD_RESET, token)
        user = house.database.read(user_of_reset, claims)
        kept = hash_password(checked_password(password, user.name))
        house.database.write(use_reset, claims, kept, coarse_place(request.state.address))
    except TokenRefused:
        return page(request, WORTHLESS, 404)
    except WrongInput as wrong:
        return page(request, PAGE, 422, person=user, wrong=Wrong(wrong.field, sentence_for(request, wrong)))
    return RedirectResponse("/sign-in?new_password=1", 303)
