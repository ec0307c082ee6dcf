"""``/people``: whom one can write to."""

from collections.abc import Callable
from typing import Annotated, Any

from fastapi import APIRouter, Form, Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from webapp.languages import N_, Sentence
from webapp.live.other_pages import page_snapshot
from webapp.live.tabs import View
from webapp.messaging.access import account_of, accounts_of
from webapp.messaging.people_list import contacts_of
from webapp.models import User
from webapp.networks import actions, network, networks
from webapp.networks.errors import Trouble
from webapp.networks.login import WrongInput
from webapp.pages.access import TheUser
from webapp.pages.answers import SEE_OTHER
from webapp.pages.house import House, TheHouse
from webapp.pages.rendering import page, reader_for
from webapp.pages.scenes import subscribe

router = APIRouter(prefix="/people")

Text = Annotated[str, Form()]
LONGEST_SEARCH = 200


@router.get("")
def people(request: Request, house: TheHouse, user: TheUser, q: str = "") -> HTMLResponse:
    """Contacts of all accounts, the people of the house first; or, after the line was cut, the contacts alone."""
    words = q[:LONGEST_SEARCH]
    if "hx-snapshot" not in request.headers:
        return _list(request, house, user, words)
    view = _view(request, user, words)
    subscribe(request, house, view)
    return HTMLResponse(house.database.read(page_snapshot, view))


def _view(request: Request, user: User, words: str) -> View:
    return View(user.id, reader_for(request), request.state.csrf_token, people=words)


def _list(
    request: Request, house: House, user: User, words: str = "", status_code: int = 200, **said: Any
) -> HTMLResponse:
    tab, version = subscribe(request, house, _view(request, user, words))
    kinds = networks()
    accounts = house.database.read(accounts_of, user.id)
    takes = [one for one in accounts if one.network in kinds and kinds[one.network].capabilities.contacts]
    found = house.database.read(contacts_of, user.id, words)
    scene = {"people": found, "words": words, "adds": [one for one in takes if not kinds[one.network].built_in]}
    nothing = {"alert": None, "account": "", "address": "", "name": ""}
    return page(request, "people/page.html", status_code, tab=tab, version=version, **(scene | nothing | said))


@router.post("/add")
def add(
    request: Request, house: TheHouse, user: TheUser, account: Text = "", address: Text = "", name: Text = ""
) -> Response:
    """Ask somebody to become a contact."""
    try:
        _ask(house, user.id, account, address, lambda where: actions.AddContact(where, name.strip()))
    except (Trouble, WrongInput) as error:
        said: dict[str, Any] = {"alert": error.reason, "account": account, "address": address, "name": name}
        return _list(request, house, user, status_code=422, **said)
    return RedirectResponse("/people", SEE_OTHER)


@router.post("/remove")
def remove(request: Request, house: TheHouse, user: TheUser, account: Text = "", address: Text = "") -> Response:
    """Take somebody off the contact list; what was said stays."""
    try:
        _ask(house, user.id, account, address, actions.RemoveContact)
    except (Trouble, WrongInput) as error:
        return _list(request, house, user, status_code=422, alert=error.reason)
    return RedirectResponse("/people", SEE_OTHER)


def _ask(house: House, user_id: int, account: str, address: str, action: Callable[[str], actions.Action]) -> None:
    """Have the account's network do it. Raises WrongInput, NotYours, Trouble."""
    if not account.isdecimal() or len(account) > 18:
        raise WrongInput(Sentence(N_("Choose an account first.")))
    chosen = house.database.read(account_of, user_id, int(account))
    kind = network(chosen.network)
    if kind is None or not address.strip():
        raise WrongInput(Sentence(N_("Type the address of the person, for example anna@example.org.")))
    house.keeper.ask(user_id, chosen.id, action(kind.check_address(address)))
