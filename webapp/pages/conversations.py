"""``/conversations/{id}``: an open conversation."""

from typing import Annotated

from fastapi import APIRouter, Form, HTTPException, Request
from sqlmodel import Session
from starlette.responses import HTMLResponse, Response

from webapp.languages import Sentence
from webapp.live import fragments
from webapp.live.tabs import View, tabs_of
from webapp.messaging import thread
from webapp.messaging.access import conversation_of
from webapp.messaging.read import mark_invitation_seen, mark_read
from webapp.networks.errors import Trouble
from webapp.pages.access import TheUser
from webapp.pages.answers import done, wants_fragment
from webapp.pages.house import House, TheHouse
from webapp.pages.ids import Id
from webapp.pages.scenes import conversation_scene, inbox_page, note_loaded, subscribe, tab_of, view_of

MessageId = Annotated[int | None, Form(ge=1, lt=2**63)]

router = APIRouter(prefix="/conversations/{conversation_id:int}")


@router.get("")
def conversation(request: Request, house: TheHouse, user: TheUser, conversation_id: Id) -> HTMLResponse:
    """The whole page; only the conversation when a page asks that has the list already; or what it missed."""
    view = view_of(request, user, conversation_id)
    house.database.read(conversation_of, user.id, conversation_id)
    if not wants_fragment(request):
        return _whole_page(request, house, view, conversation_id)
    tab, _ = subscribe(request, house, view)
    if "hx-snapshot" in request.headers:
        missed, start = house.database.read(fragments.conversation_snapshot, view, conversation_id)
        tabs_of(request.app).loaded_back_to(user.id, tab, conversation_id, start)
        return HTMLResponse(missed + house.database.read(fragments.list_snapshot, view))
    scene = house.database.read(conversation_scene, view, conversation_id)
    note_loaded(request, view, tab, scene)
    return HTMLResponse(fragments.draw_for(view, "conversations/opened.html", **scene))


def _whole_page(request: Request, house: House, view: View, conversation_id: int) -> HTMLResponse:
    """Everything. Further back than what is stored it is asked for, as scrolling would."""
    before = request.query_params.get("before")
    try:
        trouble = _reach_back(house, view, conversation_id, before)[1] if before else None
        return inbox_page(request, view, trouble=trouble)
    except ValueError:
        raise HTTPException(404) from None


@router.get("/older")
def older(request: Request, house: TheHouse, user: TheUser, conversation_id: Id, before: str) -> HTMLResponse:
    """The messages in front of those that a page has: from our rows, else from the network."""
    view = view_of(request, user, conversation_id)
    try:
        found, trouble = _reach_back(house, view, conversation_id, before)
        page = house.database.read(fragments.older_page, view, conversation_id, before, eager=found, trouble=trouble)
    except ValueError:
        raise HTTPException(404) from None
    html, oldest = page
    tabs_of(request.app).loaded_back_to(user.id, tab_of(request), conversation_id, oldest)
    return HTMLResponse(html)


def _has_older(db: Session, view: View, conversation_id: int, before: str) -> bool:
    """Whether something in front of this message is stored already. Raises NotYours, ValueError."""
    conversation_of(db, view.user_id, conversation_id)
    return len(thread.before(db, view.reader, conversation_id, before, size=1).lines) > 1


def _reach_back(house: House, view: View, conversation_id: int, before: str) -> tuple[bool, Sentence | None]:
    """See to it that something in front of this message is stored: whether there is, and why not if it was to come.
    Raises NotYours, ValueError."""
    if house.database.read(_has_older, view, conversation_id, before):
        return True, None
    try:
        return house.keeper.older(view.user_id, conversation_id), None
    except Trouble as trouble:
        return False, trouble.reason


@router.post("/read")
def read(request: Request, house: TheHouse, user: TheUser, conversation_id: Id, message: MessageId = None) -> Response:
    """The person has seen everything up to this message; or, without one, the invitation that waits here."""
    if message is None:
        house.database.write(mark_invitation_seen, user.id, conversation_id)
    else:
        house.database.write(mark_read, user.id, conversation_id, message)
    return done(request, f"/conversations/{conversation_id}")
