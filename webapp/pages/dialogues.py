"""The steps of a dialogue with a network, drawn from its data: signing in, and whatever else an account needs."""

import re
from dataclasses import dataclass, field, replace
from urllib.parse import quote

from fastapi import APIRouter, HTTPException, Request
from starlette.datastructures import UploadFile
from starlette.responses import RedirectResponse, Response

from webapp.languages import N_, Sentence
from webapp.messaging.audit import Actor, note
from webapp.messaging.errors import NotPossible
from webapp.models import User
from webapp.networks import network
from webapp.networks.contract import Network
from webapp.networks.errors import Trouble
from webapp.networks.login import Field, FieldKind, Finished, Form, Show, Step, Visit, WrongInput
from webapp.pages.access import TheActor, TheUser
from webapp.pages.house import House, TheHouse
from webapp.pages.invitations import code_of
from webapp.pages.middleware.same_site import FIELD
from webapp.pages.rendering import page
from webapp.pages.safe_paths import safe_path
from webapp.sessions.keeper import LoggedIn, LoginGone, RunningLogin

router = APIRouter(prefix="/networks/sign-in/{login}")
LONGEST_ANSWER = 2_000
MOST_BROUGHT_BACK = 10
TOOK_TOO_LONG = Sentence(N_("This took too long, so the house started over. Check what you typed and try again."))
TOO_LARGE = Sentence(N_("This file is too large. Choose the one that was asked for."))
NO_TEXT = Sentence(N_("This file cannot be read here. Choose the one that was asked for."))


@dataclass(frozen=True)
class Place:
    """Where a dialogue belongs: a network, the account that it is about (None: a new one), its task (none: sign-in).

    ``begun_at`` is the page on which a task was begun, empty where that is the page of the account.
    """

    network: Network
    account_id: int | None = None
    task: str = ""
    begun_at: str = ""

    @property
    def address(self) -> str:
        """Where its steps are shown."""
        if self.task:
            return f"/networks/{self.account_id}/tasks/{quote(self.task, safe='')}"
        return f"/networks/{self.account_id}/sign-in" if self.account_id else f"/networks/add/{self.network.key}"

    @property
    def behind(self) -> str:
        """Where one goes when it is over, or was given up."""
        return self.begun_at or (f"/networks/{self.account_id}" if self.task else "/networks")


@dataclass(frozen=True)
class Answered:
    """What a form of a step brought: the dialogue it belongs to, what was typed or pressed, and files."""

    login: str = ""
    answers: dict[str, str] = field(default_factory=dict)
    files: dict[str, bytes] = field(default_factory=dict)

    @property
    def begun_at(self) -> str:
        """Of a form that begins a task: the page of ours on which it stands, empty where it names none."""
        named = self.answers.get("leads_back", "")
        return safe_path(named) if named and not self.login else ""


async def answered(request: Request) -> Answered:
    """What this request brings."""
    form = await request.form()
    typed = {name: value for name, value in form.items() if isinstance(value, str) and name != FIELD}
    files = {name: await value.read() for name, value in form.items() if isinstance(value, UploadFile)}
    return Answered(typed.pop("login", ""), typed, files)


def show(request: Request, house: House, user: User, place: Place, login: str) -> Response:
    """The step at which the dialogue stands; for a sign-in the first one if there is none."""
    if login:
        try:
            return _draw(request, place, login, house.keeper.current_step(user.id, login))
        except LoginGone:
            return _over(request, house, user, place, Answered())
    return RedirectResponse(place.behind, 303) if place.task else start(request, house, user, place, Answered())


def of_running(house: House, user: User, place: Place, login: str) -> Place:
    """The same place, and where this dialogue was begun."""
    try:
        return replace(place, begun_at=house.keeper.dialogue(user.id, login).begun_at)
    except LoginGone:
        return place


def start(
    request: Request, house: House, user: User, place: Place, given: Answered, wrong: Sentence | None = None
) -> Response:
    """Begin a dialogue and draw its first step, with what was typed into an older one."""
    try:
        login, step = _begin(house, user, place)
    except Trouble as trouble:
        return _draw(request, place, "", None, Answered(), trouble.reason)
    if place.task:
        return RedirectResponse(f"{place.address}?login={login}", 303)
    return _draw(request, place, login, step, given, wrong)


def _begin(house: House, user: User, place: Place) -> tuple[str, Step]:
    if place.task and place.account_id is not None:
        return house.keeper.start_task(user.id, place.account_id, place.task, place.begun_at)
    return house.keeper.start_login(user.id, place.network.key, place.account_id)


def _over(request: Request, house: House, user: User, place: Place, given: Answered) -> Response:
    """It is gone. A sign-in starts anew; a task does not begin by itself."""
    if place.task:
        return _draw(request, place, "", None, given, TOOK_TOO_LONG)
    return start(request, house, user, place, given, TOOK_TOO_LONG)


def answer(request: Request, house: House, user: User, actor: Actor, place: Place, given: Answered) -> Response:
    """Hand the answer on; draw what is wrong with it, or lead to the next step."""
    try:
        step = house.keeper.current_step(user.id, given.login)
    except LoginGone:
        return _over(request, house, user, place, given)
    wrong, where, again = None, "", None
    try:
        after = house.keeper.submit_login(user.id, given.login, _expected(step, given))
    except LoginGone:
        return _over(request, house, user, place, given)
    except WrongInput as error:
        wrong, where = error.reason, error.field
    except (Trouble, NotPossible) as error:
        wrong = error.reason
        again = list(_expected(step, given).items()) if isinstance(step, Visit) else None  # it need not be fetched anew
    if wrong is not None:
        return _draw(request, place, given.login, step, given, wrong, where, again)
    if isinstance(after, LoggedIn):
        _note_account(house, actor, after)
        return RedirectResponse("/networks", 303)
    return RedirectResponse(f"{place.address}?login={given.login}", 303)


@router.post("")
def look_again(house: TheHouse, user: TheUser, actor: TheActor, login: str) -> Response:
    """Asked by the page while the person looks at something: 204 while nothing is new, else where to go on.

    404 for a dialogue that is gone, or somebody else's.
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


@router.get("/back")
def come_back(request: Request, house: TheHouse, user: TheUser, login: str) -> Response:
    """From somebody else's page, with what it sent along: one button hands that on. 404 as above."""
    running, place = _running(house, user, login)
    if not isinstance(running.step, Visit):
        return RedirectResponse(f"{place.address}?login={login}", 303)
    brought = request.query_params.multi_items()[:MOST_BROUGHT_BACK]
    came_back = [(name[:100], value[:LONGEST_ANSWER]) for name, value in brought if name not in (FIELD, "login")]
    return _draw(request, place, login, running.step, came_back=came_back)


@router.get("/download")
def download(house: TheHouse, user: TheUser, login: str) -> Response:
    """The file of the step that is shown. 404 as above."""
    running, place = _running(house, user, login)
    file = running.step.download if isinstance(running.step, Show) else None
    if file is None:
        return RedirectResponse(f"{place.address}?login={login}", 303)
    name = re.sub(r"[^A-Za-z0-9._-]", "_", file.name)[:100]
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return Response(file.content, media_type="application/octet-stream", headers=headers)


def _running(house: House, user: User, login: str) -> tuple[RunningLogin, Place]:
    try:
        running = house.keeper.dialogue(user.id, login)
    except LoginGone:
        raise HTTPException(404) from None
    kind = network(running.network_key)
    if kind is None:
        raise HTTPException(404)
    return running, Place(kind, running.account_id, running.task, running.begun_at)


def _note_account(house: House, actor: Actor, done: LoggedIn) -> None:
    house.database.write(note, "account_added", actor, about=actor.user_id, detail=str(done.account_id))


def _expected(step: Step, given: Answered) -> dict[str, str]:
    """Only what the step asked for: its fields, what was brought back, or the button that was pressed."""
    if isinstance(step, Form):
        asked = [one for one in step.fields if one.kind == FieldKind.FILE or one.name in given.answers]
        return {one.name: _value(one, given) for one in asked}
    if isinstance(step, Visit):
        brought = list(given.answers.items())[:MOST_BROUGHT_BACK]
        return {name: value[:LONGEST_ANSWER] for name, value in brought}
    return {name: value[:LONGEST_ANSWER] for name, value in given.answers.items() if name == "button"}


def _value(one: Field, given: Answered) -> str:
    """What was typed into a field, or stands in the file. Raises WrongInput."""
    if one.kind != FieldKind.FILE:
        return given.answers[one.name][: one.longest]
    content = given.files.get(one.name, b"")
    if len(content) > one.longest:
        raise WrongInput(TOO_LARGE, one.name)
    try:
        return content.decode()
    except UnicodeDecodeError:
        raise WrongInput(NO_TEXT, one.name) from None


def _draw(
    request: Request,
    place: Place,
    login: str,
    step: Step | None,
    given: Answered | None = None,
    wrong: Sentence | None = None,
    where: str = "",
    came_back: list[tuple[str, str]] | None = None,
) -> Response:
    """The page of a step, what was typed still in it (but no password)."""
    fields = [one for one in step.fields if one.kind != FieldKind.PASSWORD] if isinstance(step, Form) else []
    answers = given.answers if given else {}
    typed = {one.name: answers[one.name][: one.longest] for one in fields if one.name in answers}
    return page(
        request,
        "networks/sign_in.html",
        422 if wrong else 200,
        place=place,
        network=place.network,
        login=login,
        step=step,
        kind=type(step).__name__.lower() if step else "",
        code=code_of(step.qr) if isinstance(step, Show) and step.qr else None,
        away=_away(request, step, login) if isinstance(step, Visit) else "",
        came_back=came_back,
        is_over=isinstance(step, Finished),
        typed=typed,
        filled=[name for name, value in typed.items() if value],
        wrong=wrong,
        where=where,
    )


def _away(request: Request, step: Visit, login: str) -> str:
    """The address of the page that the person visits; nothing if it is none that a browser may be sent to."""
    here = str(request.app.state.house.settings.public_url)
    address = step.address.replace("{back}", quote(f"{here}/networks/sign-in/{login}/back", safe=""))
    return address if address.startswith(("https://", "http://")) else ""
