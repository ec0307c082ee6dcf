"""``/networks/add/{network}`` and ``/networks/{account_id}/sign-in``: adding an account, and signing in again."""

from fastapi import APIRouter, HTTPException, Request
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from webapp.messaging.access import account_of
from webapp.messaging.options import is_offered
from webapp.models import User
from webapp.networks import network
from webapp.pages.access import TheActor, TheUser
from webapp.pages.dialogues import Place, answer, answered, show
from webapp.pages.house import House, TheHouse
from webapp.pages.ids import Id

router = APIRouter()


@router.get("/networks/add/{key}")
def show_add(request: Request, house: TheHouse, user: TheUser, key: str, login: str = "") -> Response:
    """The step at which the login stands; the first one if there is none."""
    return show(request, house, user, _addable(house, key), login)


@router.post("/networks/add/{key}")
async def answer_add(request: Request, house: TheHouse, user: TheUser, actor: TheActor, key: str) -> Response:
    """The answer to a step of a new account."""
    place = await run_in_threadpool(_addable, house, key)
    return await run_in_threadpool(answer, request, house, user, actor, place, await answered(request))


@router.get("/networks/{account_id}/sign-in")
def show_again(request: Request, house: TheHouse, user: TheUser, account_id: Id, login: str = "") -> Response:
    """The step at which the login of an account that must sign in again stands."""
    return show(request, house, user, _again(house, user, account_id), login)


@router.post("/networks/{account_id}/sign-in")
async def answer_again(request: Request, house: TheHouse, user: TheUser, actor: TheActor, account_id: Id) -> Response:
    """The answer to a step of signing in again."""
    place = await run_in_threadpool(_again, house, user, account_id)
    return await run_in_threadpool(answer, request, house, user, actor, place, await answered(request))


def _addable(house: House, key: str) -> Place:
    kind = network(key)
    if kind is None or kind.built_in or not house.database.read(is_offered, kind):
        raise HTTPException(404)
    return Place(kind)


def _again(house: House, user: User, account_id: int) -> Place:
    account = house.database.read(account_of, user.id, account_id)
    kind = network(account.network)
    if kind is None or kind.built_in or account.removed_at is not None:
        raise HTTPException(404)
    return Place(kind, account.id)
