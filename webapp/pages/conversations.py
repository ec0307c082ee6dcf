"""``/conversations/{id}``: an open conversation."""

from typing import Annotated

from fastapi import APIRouter, Form, HTTPException, Request
from starlette.responses import HTMLResponse, Response

from webapp.live import fragments
from webapp.live.tabs import tabs_of
from webapp.messaging import thread
from webapp.messaging.access import conversation_of
from webapp.messaging.read import mark_read
from webapp.networks.errors import Trouble
from webapp.pages.access import TheUser
from webapp.pages.answers import done, toast, wants_fragment
from webapp.pages.house import House, TheHouse
from webapp.pages.ids import Id
from webapp.pages.scenes import conversation_scene, inbox_page, note_loaded, subscribe, tab_of, view_of

router = APIRouter(prefix="/conversations/{conversation_id:int}")

@router.get("")
def conversation(request: Request, house: TheHouse, user: TheUser, conversation_id: Id) -> HTMLResponse:
    """The whole page; only the conversation when a page asks that has the list already; or what it missed."""
    view = view_of(request, user, conversation_id)
    house.database.read(conversation_of, user.id, conversation_id)
    try:
        if not wants_fragment(request):
            return inbox_page(request, view)
    except ValueError:
        raise HTTPException(404) from None
    tab, _ = subscribe(request, house, view)
    if "hx-snapshot" in request.headers:
        missed, start = house.database.read(fragments.conversation_snapshot, view, conversation_id)
        tabs_of(request.app).loaded_back_to(user.id, tab, conversation_id, start)
        return HTMLResponse(missed + house.database.read(fragments.list_snapshot, view))
    scene = house.database.read(conversation_scene, view, conversation_id)
    note_loaded(request, view, tab, scene)
    return HTMLResponse(fragments.draw_for(view, "conversations/opened.html", **scene))


@router.get("/older")
def older(request: Request, house: TheHouse, user: TheUser, conversation_id: Id, before: str) -> HTMLResponse:
    """The messages in front of those that a page has: from our rows, else from the network."""
    view = view_of(request, user, conversation_id)
    try:
        stretch = house.database.read(thread.before, view.reader, _own(house, user.id, conversation_id), before)
    except ValueError:
        raise HTTPException(404) from None
    found, trouble = True, ""
    if not stretch.older and len(stretch.lines) <= 1:
        found, trouble = _ask_network(request, house, user.id, conversation_id)
        stretch = house.database.read(thread.before, view.reader, conversation_id, before)
    tabs_of(request.app).loaded_back_to(user.id, tab_of(request), conversation_id, stretch.start)
    head = house.database.read(thread.head_of, user.id, conversation_id)
    eager = found and len(stretch.lines) > 1
    more = fragments.draw_older(view, head, stretch, eager=eager) + fragments.draw_lines(view, stretch.lines)
    place = fragments.partial(f"messages-{conversation_id}", "place", more)
    return HTMLResponse(fragments.partial("older", "delete") + place + trouble)


def _own(house: House, user_id: int, conversation_id: int) -> int:
    """The id, if the conversation is the user's. Raises NotYours."""
    return house.database.read(conversation_of, user_id, conversation_id).id


def _ask_network(request: Request, house: House, user_id: int, conversation_id: int) -> tuple[bool, str]:
    """Whether something may have come, and what to tell the person if that did not work."""
    try:
        return house.keeper.older(user_id, conversation_id), ""
    except Trouble as trouble:
        return False, bytes(toast(request, trouble.reason).body).decode()


@router.post("/read")
def read(request: Request, house: TheHouse, user: TheUser, conversation_id: Id, message: Annotated[int, Form(ge=1, lt=2**63)]) -> Response:
    """The person has seen everything up to this message."""
    house.database.write(mark_read, user.id, conversation_id, message)
    return done(request, f"/conversations/{conversation_id}")
