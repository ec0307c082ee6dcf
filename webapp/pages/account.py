"""``/networks/{account_id}``: one account, what it wants its owner to know, and the tasks that follow from that."""

from dataclasses import replace

from fastapi import APIRouter, HTTPException, Request
from starlette.concurrency import run_in_threadpool
from starlette.responses import HTMLResponse, Response

from webapp.live.other_pages import page_snapshot
from webapp.live.tabs import View
from webapp.messaging.access import account_of
from webapp.messaging.account_cards import card_of
from webapp.models import User
from webapp.networks import network
from webapp.pages.access import TheActor, TheUser
from webapp.pages.dialogues import Place, answer, answered, of_running, show, start
from webapp.pages.house import House, TheHouse
from webapp.pages.ids import Id
from webapp.pages.rendering import page, reader_for
from webapp.pages.scenes import subscribe

router = APIRouter(prefix="/networks/{account_id}")


@router.get("")
def show_account(request: Request, house: TheHouse, user: TheUser, account_id: Id) -> Response:
    """How it is doing and what it needs; or, after the line was cut, what a page of it has to catch up with."""
    card = house.database.read(card_of, user.id, account_id)
    if card is None:
        raise HTTPException(404)
    view = View(user.id, reader_for(request), request.state.csrf_token, account_id=account_id)
    tab, version = subscribe(request, house, view)
    if "hx-snapshot" in request.headers:
        return HTMLResponse(house.database.read(page_snapshot, view))
    return page(request, "networks/account.html", tab=tab, version=version, account=card)


@router.get("/tasks/{task:path}")
def show_task(request: Request, house: TheHouse, user: TheUser, account_id: Id, task: str, login: str = "") -> Response:
    """The step at which a task stands. Looking begins nothing."""
    return show(request, house, user, of_running(house, user, _task(house, user, account_id, task), login), login)


@router.post("/tasks/{task:path}")
async def do_task(
    request: Request, house: TheHouse, user: TheUser, actor: TheActor, account_id: Id, task: str
) -> Response:
    """Begin a task, or answer a step of it."""
    place = await run_in_threadpool(_task, house, user, account_id, task)
    given = await answered(request)
    if not given.login:
        place = replace(place, begun_at=given.begun_at)
        return await run_in_threadpool(start, request, house, user, place, given)
    place = of_running(house, user, place, given.login)
    return await run_in_threadpool(answer, request, house, user, actor, place, given)


def _task(house: House, user: User, account_id: int, task: str) -> Place:
    account = house.database.read(account_of, user.id, account_id)
    kind = network(account.network)
    if kind is None or account.removed_at is not None or not task:
        raise HTTPException(404)
    return Place(kind, account.id, task)
