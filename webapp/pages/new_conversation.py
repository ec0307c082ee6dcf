"""``/conversations/new``: writing to somebody for the first time, and making a group."""

import re
from typing import Annotated, Any

from fastapi import APIRouter, Form, Request
from sqlmodel import Session
from starlette.responses import HTMLResponse, RedirectResponse, Response

from webapp.languages import N_, Sentence
from webapp.messaging.access import account_of, accounts_of
from webapp.messaging.people_list import Contact, contacts_of
from webapp.models import Account, User
from webapp.networks import actions, network, networks
from webapp.networks.errors import Trouble
from webapp.networks.login import WrongInput
from webapp.pages.access import TheUser
from webapp.pages.answers import SEE_OTHER
from webapp.pages.house import House, TheHouse
from webapp.pages.rendering import page

router = APIRouter(prefix="/conversations/new")

Text = Annotated[str, Form()]
NO_ACCOUNT = Sentence(N_("Choose the account from which you want to write."))
NO_ADDRESS = Sentence(N_("Type the address of whom you want to write to, for example anna@example.org."))
MIXED = Sentence(
    N_("A group lives on one network. Tick only people of the network that you chose above, or choose theirs.")
)
NO_NAME = Sentence(N_("Give the group a name, so that the others know what it is for."))


def _choices(db: Session, user_id: int) -> tuple[list[Account], list[Contact]]:
    """The accounts to write from, and the people known on them."""
    known = networks()
    accounts = [account for account in accounts_of(db, user_id) if account.network in known]
    return accounts, list(contacts_of(db, user_id))


@router.get("")
def ask_whom(request: Request, house: TheHouse, user: TheUser) -> HTMLResponse:
    """The form."""
    typed: dict[str, Any] = {name: request.query_params.get(name, "") for name in ("account", "address")}
    return _form(request, house, user, **typed)


def _form(request: Request, house: House, user: User, status_code: int = 200, **said: Any) -> HTMLResponse:
    accounts, people = house.database.read(_choices, user.id)
    kinds = networks()
    groups = [account for account in accounts if kinds[account.network].capabilities.create_group]
    nothing = {"account": "", "address": "", "alert": None, "group_alert": None, "name": "", "members": ""}
    scene = nothing | {"accounts": accounts, "people": people, "group_accounts": groups}
    return page(request, "conversations/new.html", status_code, **(scene | said))


@router.post("")
def start(request: Request, house: TheHouse, user: TheUser, account: Text = "", address: Text = "") -> Response:
    """Open the conversation with an address, be it a person's or a group's."""
    try:
        chosen = _account(house, user.id, account)
        where = _checked(chosen, address, NO_ADDRESS)
        started = house.keeper.ask(user.id, chosen.id, actions.StartDirect(where))
    except (WrongInput, Trouble) as error:
        return _form(request, house, user, 422, account=account, address=address, alert=error.reason)
    return RedirectResponse(f"/conversations/{started}" if started else "/", SEE_OTHER)  # what was a space is a filter


@router.post("/group")
def start_group(
    request: Request,
    house: TheHouse,
    user: TheUser,
    account: Text = "",
    name: Text = "",
    members: Text = "",
    member: Annotated[list[str] | None, Form()] = None,
) -> Response:
    """Make a group with those who were ticked and those who were typed."""
    try:
        chosen = _account(house, user.id, account)
        called = _named(name)
        wished = [*_of_account(member or [], chosen), *_pieces(members)]
        asked = [_checked(chosen, one, NO_ADDRESS) for one in wished]
        group = actions.CreateGroup("", called, tuple(dict.fromkeys(asked)))
        started = house.keeper.ask(user.id, chosen.id, group)
    except (WrongInput, Trouble) as error:
        said = {"account": account, "name": name, "members": members, "group_alert": error.reason}
        return _form(request, house, user, 422, ticked=member or [], **said)
    return RedirectResponse(f"/conversations/{started}", SEE_OTHER)


def _pieces(members: str) -> list[str]:
    """The members that were typed: names, with spaces in them perhaps, or addresses, with spaces between them."""
    parts = [part.strip() for part in re.split(r"[,;\n]", members)]
    return [piece for part in parts if part for piece in (part.split() if _are_addresses(part) else [part])]


def _are_addresses(text: str) -> bool:
    return all("@" in piece[1:-1] for piece in text.split())


def _named(name: str) -> str:
    if not name.strip():
        raise WrongInput(NO_NAME)
    return name.strip()


def _of_account(ticked: list[str], account: Account) -> list[str]:
    """Ticks name an account and an address. Raises WrongInput for somebody of another account: nobody is left out."""
    parts = [one.partition(":") for one in ticked]
    if any(number != str(account.id) for number, _, _ in parts):
        raise WrongInput(MIXED)
    return [address for _, _, address in parts]


def _account(house: House, user_id: int, number: str) -> Account:
    """The chosen account. Raises WrongInput when none was chosen, NotYours when it is somebody else's."""
    if not number.isdecimal() or len(number) > 18:
        raise WrongInput(NO_ACCOUNT)
    return house.database.read(account_of, user_id, int(number))


def _checked(account: Account, address: str, nothing: Sentence) -> str:
    kind = network(account.network)
    if kind is None:
        raise WrongInput(NO_ACCOUNT)
    if not address.strip():
        raise WrongInput(nothing)
    return kind.check_address(address)
