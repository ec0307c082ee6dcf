"""``/networks/add/{network}`` and ``/networks/{account_id}/sign-in``: the steps of a login, drawn from its data."""

from dataclasses import dataclass, field

from fastapi import APIRouter, HTTPException, Request
from starlette.concurrency import run_in_threadpool
from starlette.responses import RedirectResponse, Response

from webapp.languages import N_, Sentence
from webapp.messaging.access import account_of
from webapp.messaging.audit import Actor, note
from webapp.messaging.errors import NotPossible
from webapp.messaging.options import is_offered
from webapp.models import User
from webapp.networks import network
from webapp.networks.contract import Network
from webapp.networks.errors import Trouble
from webapp.networks.login import FieldKind, Form, Show, Step, WrongInput
from webapp.pages.access import TheActor, TheUser
from webapp.pages.house import House, TheHouse
from webapp.pages.ids import Id
from webapp.pages.invitations import code_of
from webapp.pages.rendering import page
from webapp.sessions.keeper import LoggedIn, LoginGone

router = APIRouter()
LONGEST_ANSWER = 2000
TOOK_TOO_LONG = Sentence(N_("This took too long, so the house started over. Check what you typed and try again."))


@dataclass(frozen=True)
class Place:
    """Where a login belongs: a network, and the account that signs in again (None: a new one)."""

    network: Network
    account_id: int | None = None


@dataclass(frozen=True)
class Answered:
    """What a form of a step brought: the login it belongs to, and what was typed or pressed."""

    login: str = ""
    answers: dict[str, str] = field(default_factory=dict)


@router.get("/networks/add/{key}")
def show_add(request: Request, house: TheHouse, user: TheUser, key: str, login: str = "") -> Response:
    """The step at which the login stands; the first one if there is none."""
    return _show(request, house, user, _addable(house, key), login)


@router.post("/networks/add/{key}")
async def answer_add(request: Request, house: TheHouse, user: TheUser, actor: TheActor, key: str) -> Response:
    """The answer to a step of a new account."""
    place = await run_in_threadpool(_addable, house, key)
    return await run_in_threadpool(_answer, request, house, user, actor, place, await _answered(request))


@router.get("/networks/{account_id}/sign-in")
def show_again(request: Request, house: TheHouse, user: TheUser, account_id: Id, login: str = "") -> Response:
    """The step at which the login of an account that must sign in again stands."""
    return _show(request, house, user, _again(house, user, account_id), login)


@router.post("/networks/{account_id}/sign-in")
async def answer_again(request: Request, house: TheHouse, user: TheUser, actor: TheActor, account_id: Id) -> Response:
    """The answer to a step of signing in again."""
    place = await run_in_threadpool(_again, house, user, account_id)
    return await run_in_threadpool(_answer, request, house, user, actor, place, await _answered(request))


@router.post("/networks/sign-in/{login}")
def look_again(house: TheHouse, user: TheUser, actor: TheActor, login: str) -> Response:
    """Asked by the page while the person looks at something: 204 while nothing is new, else where to go on.

    404 for a login that is gone, or somebody else's.
    """
    try:
        before = house.keeper.current_step(user.id, login)
        after = house.keeper.submit_login(user.id, login, {})
    except LoginGone:
        return Response(status_code=404, headers={"HX-Refresh": "true"})
    except (WrongInput, Trouble, NotPossible):
        return Response(status_code=204, headers={"HX-Refresh": "true"})
    if isinstance(after, LoggedIn):
        _note_account(house, actor, after)
        return Response(status_code=204, headers={"HX-Redirect": "/networks"})
    return Response(status_code=204, headers={} if after == before else {"HX-Refresh": "true"})


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


async def _answered(request: Request) -> Answered:
    typed = {name: value[:LONGEST_ANSWER] for name, value in (await request.form()).items() if isinstance(value, str)}
    return Answered(typed.pop("login", ""), typed)


def _show(request: Request, house: House, user: User, place: Place, login: str) -> Response:
    if login:
        try:
            return _draw(request, place, login, house.keeper.current_step(user.id, login))
        except LoginGone:
            return _start(request, house, user, place, Answered(), TOOK_TOO_LONG)
    return _start(request, house, user, place, Answered(), None)


def _start(
    request: Request, house: House, user: User, place: Place, given: Answered, wrong: Sentence | None
) -> Response:
    """Begin a login and draw its first step, with what was typed into an older one."""
    try:
        login, step = house.keeper.start_login(user.id, place.network.key, place.account_id)
    except Trouble as trouble:
        return _draw(request, place, "", None, Answered(), trouble.reason)
    return _draw(request, place, login, step, given, wrong)


def _answer(request: Request, house: House, user: User, actor: Actor, place: Place, given: Answered) -> Response:
    """Hand the answer on; draw what is wrong with it, or lead to the next step."""
    try:
        step = house.keeper.current_step(user.id, given.login)
    except LoginGone:
        return _start(request, house, user, place, given, TOOK_TOO_LONG)
    wrong, where = None, ""
    try:
        after = house.keeper.submit_login(user.id, given.login, _expected(step, given.answers))
    except LoginGone:
        return _start(request, house, user, place, given, TOOK_TOO_LONG)
    except WrongInput as error:
        wrong, where = error.reason, error.field
    except (Trouble, NotPossible) as error:
        wrong = error.reason
    if wrong is not None:
        return _draw(request, place, given.login, step, given, wrong, where)
    if isinstance(after, LoggedIn):
        _note_account(house, actor, after)
        return RedirectResponse("/networks", 303)
    return RedirectResponse(f"{request.url.path}?login={given.login}", 303)


def _note_account(house: House, actor: Actor, done: LoggedIn) -> None:
    house.database.write(note, "account_added", actor, about=actor.user_id, detail=str(done.account_id))


def _expected(step: Step, answers: dict[str, str]) -> dict[str, str]:
    """Only what the step asked for: its fields, or the button that was pressed."""
    names = {one.name for one in step.fields} if isinstance(step, Form) else {"button"}
    return {name: value for name, value in answers.items() if name in names}


def _draw(
    request: Request,
    place: Place,
    login: str,
    step: Step | None,
    given: Answered | None = None,
    wrong: Sentence | None = None,
    where: str = "",
) -> Response:
    """The page of a step, what was typed still in it (but no password)."""
    fields = step.fields if isinstance(step, Form) else ()
    answers = given.answers if given else {}
    typed = {one.name: answers[one.name] for one in fields if one.name in answers and one.kind != FieldKind.PASSWORD}
    return page(
        request,
        "networks/sign_in.html",
        422 if wrong else 200,
        network=place.network,
        again=place.account_id is not None,
        login=login,
        step=step,
        is_form=isinstance(step, Form),
        code=code_of(step.qr) if isinstance(step, Show) and step.qr else None,
        typed=typed,
        filled=[name for name, value in typed.items() if value],
        wrong=wrong,
        where=where,
    )
