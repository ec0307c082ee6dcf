"""``/setup``: the first administrator. The page is there only while there is no user."""

from typing import Annotated

from fastapi import APIRouter, Form, HTTPException, Request
from starlette.responses import Response

from webapp.messaging.names import check_name
from webapp.messaging.users import AlreadySetUp, has_users, set_up
from webapp.networks.login import WrongInput
from webapp.pages.access import actor_of
from webapp.pages.coming_in import come_in
from webapp.pages.forms import Wrong, checked_password, sentence_for
from webapp.pages.house import TheHouse
from webapp.pages.rendering import page
from webapp.passwords import hash_password

router = APIRouter()
PAGE = "setup/page.html"


def _only_while_empty(house: TheHouse) -> None:
    if house.database.read(has_users):
        raise HTTPException(404)


@router.get("/setup")
def show_setup(request: Request, house: TheHouse) -> Response:
    """The form for the first administrator."""
    _only_while_empty(house)
    return page(request, PAGE, name="", wrong=None)


@router.post("/setup")
def create_administrator(
    request: Request, house: TheHouse, name: Annotated[str, Form()] = "", password: Annotated[str, Form()] = ""
) -> Response:
    """Make the first administrator and sign this browser in."""
    _only_while_empty(house)
    try:
        kept = hash_password(checked_password(password, check_name(name)))
        user = house.database.write(set_up, house.vault, name, kept, actor_of(request))
    except AlreadySetUp:
        raise HTTPException(404) from None
    except WrongInput as wrong:
        return page(request, PAGE, 422, name=name, wrong=Wrong(wrong.field, sentence_for(request, wrong)))
    return come_in(request, user.id, "/")
