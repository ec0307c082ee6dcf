"""``/networks``: how each account is doing, what it needs, and which networks can be added."""

from typing import Annotated, Any

from fastapi import APIRouter, Form, HTTPException, Request
from sqlmodel import Session
from starlette.responses import HTMLResponse, RedirectResponse, Response

from webapp.live.other_pages import page_snapshot
from webapp.live.tabs import View
from webapp.messaging import accounts
from webapp.messaging.access import account_of
from webapp.messaging.account_cards import cards_of, kept_histories
from webapp.messaging.audit import Actor, note
from webapp.messaging.options import is_offered
from webapp.models import Account
from webapp.networks import network, networks
from webapp.pages.access import TheActor, TheUser
from webapp.pages.house import House, TheHouse
from webapp.pages.ids import Id
from webapp.pages.rendering import page, reader_for
from webapp.pages.scenes import subscribe

router = APIRouter()


@router.get("/networks")
def show_networks(request: Request, house: TheHouse, user: TheUser) -> Response:
    """The person's accounts, and the networks that are offered; or, after the line was cut, the accounts alone."""
    view = View(user.id, reader_for(request), request.state.csrf_token, accounts=True)
    tab, version = subscribe(request, house, view)
    if "hx-snapshot" in request.headers:
        return HTMLResponse(house.database.read(page_snapshot, view))
    return page(request, "networks/page.html", tab=tab, version=version, **house.database.read(_facts, user.id))


def _facts(db: Session, user_id: int) -> dict[str, Any]:
    return {
        "accounts": cards_of(db, user_id),
        "kept": kept_histories(db, user_id),
        "offers": [kind for kind in networks().values() if not kind.built_in and is_offered(db, kind)],
    }


@router.post("/networks/{account_id}/pause")
def pause(house: TheHouse, user: TheUser, account_id: Id) -> Response:
    """Disconnect until the person resumes."""
    _own_choice(house, user.id, account_id)
    house.database.write(accounts.pause, user.id, account_id)
    return RedirectResponse("/networks", 303)


@router.post("/networks/{account_id}/resume")
def resume(house: TheHouse, user: TheUser, account_id: Id) -> Response:
    """Connect again, now."""
    house.database.write(accounts.resume, user.id, account_id)
    return RedirectResponse("/networks", 303)


@router.get("/networks/{account_id}/remove")
def ask_how_to_remove(request: Request, house: TheHouse, user: TheUser, account_id: Id) -> Response:
    """Keep the history, or delete it?"""
    return page(request, "networks/remove.html", account=_own_choice(house, user.id, account_id))


@router.post("/networks/{account_id}/remove")
def remove(
    house: TheHouse, user: TheUser, actor: TheActor, account_id: Id, history: Annotated[str, Form()] = ""
) -> Response:
    """Disconnect for good."""
    account = _own_choice(house, user.id, account_id)
    if history not in {"keep", "delete"}:
        raise HTTPException(422)
    if account.removed_at is None:
        house.keeper.sign_out(user.id, account.id)
    house.database.write(_remove, account, history == "keep", actor)
    return RedirectResponse("/networks", 303)


def _remove(db: Session, account: Account, keep_history: bool, actor: Actor) -> None:
    accounts.remove(db, account.user_id, account.id, keep_history=keep_history)
    note(db, "account_removed", actor, about=account.user_id, detail=account.network)


def _own_choice(house: House, user_id: int, account_id: int) -> Account:
    """The user's account, unless it is one that everybody has. Raises NotYours."""
    account = house.database.read(account_of, user_id, account_id)
    kind = network(account.network)
    if kind is not None and kind.built_in:
        raise HTTPException(404)
    return account
