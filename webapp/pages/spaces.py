"""``/spaces/{id}``: conversations that belong together on their network; how to leave them."""

from typing import Any

from fastapi import APIRouter, Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from webapp.messaging.spaces import forget_space, space_of
from webapp.models import User
from webapp.networks import actions, network
from webapp.networks.errors import Trouble
from webapp.pages.access import TheUser
from webapp.pages.answers import SEE_OTHER
from webapp.pages.house import House, TheHouse
from webapp.pages.ids import Id
from webapp.pages.rendering import page

router = APIRouter(prefix="/spaces/{space_id}")


@router.get("")
def show(request: Request, house: TheHouse, user: TheUser, space_id: Id) -> HTMLResponse:
    """What it is called, how much is in it, and the way out of it."""
    return _draw(request, house, user, space_id)


@router.post("/leave")
def leave(request: Request, house: TheHouse, user: TheUser, space_id: Id) -> Response:
    """Leave it; the conversations that are in it stay."""
    space = house.database.read(space_of, user.id, space_id)
    try:
        house.keeper.ask(user.id, space.account_id, actions.LeaveSpace(space.remote_id))
    except Trouble as trouble:
        return _draw(request, house, user, space_id, 422, trouble=trouble.reason)
    house.database.write(forget_space, user.id, space_id)
    return RedirectResponse("/", SEE_OTHER)


def _draw(
    request: Request, house: House, user: User, space_id: int, status_code: int = 200, **said: Any
) -> HTMLResponse:
    space = house.database.read(space_of, user.id, space_id)
    kind = network(space.network)
    may_leave = kind is not None and bool(kind.capabilities.leave_space)
    scene = {"space": space, "may_leave": may_leave, "trouble": None}
    return page(request, "spaces/page.html", status_code, **scene | said)
