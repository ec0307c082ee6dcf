"""``/invite/{token}``: the next member comes in."""

from typing import Annotated

from fastapi import APIRouter, Form, Request
from starlette.responses import Response

from webapp.messaging.audit import coarse_place
from webapp.messaging.invites import invite_for, use_invite
from webapp.messaging.names import check_name
from webapp.networks.login import WrongInput
from webapp.pages.coming_in import come_in
from webapp.pages.forms import Wrong, checked_password, sentence_for
from webapp.pages.house import TheHouse
from webapp.pages.rendering import page
from webapp.passwords import hash_password
from webapp.tokens import Purpose, TokenRefused

router = APIRouter()
PAGE, WORTHLESS = "invite/page.html", "invite/worthless.html"


@router.get("/invite/{token}")
def show_invite(request: Request, house: TheHouse, token: str) -> Response:
    """The form to join; a friendly word when the link is not good (any more)."""
    try:
        house.database.read(invite_for, house.tokens.check(Purpose.INVITE, token))
    except TokenRefused:
        return page(request, WORTHLESS, 404)
    return page(request, PAGE, name="", wrong=None)


@router.post("/invite/{token}")
def join(
    request: Request,
    house: TheHouse,
    token: str,
    name: Annotated[str, Form()] = "",
    password: Annotated[str, Form()] = "",
) -> Response:
    """Make the user and sign this browser in."""
    try:
        claims = house.tokens.check(Purpose.INVITE, token)
        house.database.read(invite_for, claims)
        kept = hash_password(checked_password(password, check_name(name)))
        place = coarse_place(request.state.address)
        user = house.database.write(use_invite, house.vault, claims, name, kept, place)
    except TokenRefused:
        return page(request, WORTHLESS, 404)
    except WrongInput as wrong:
        return page(request, PAGE, 422, name=name, wrong=Wrong(wrong.field, sentence_for(request, wrong)))
    return come_in(request, user.id, "/")
