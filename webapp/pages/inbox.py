"""``/``: the inbox."""

from fastapi import APIRouter, HTTPException, Request
from starlette.responses import HTMLResponse

from webapp.live import fragments
from webapp.messaging import inbox
from webapp.pages.access import TheUser
from webapp.pages.house import TheHouse
from webapp.pages.scenes import inbox_page, subscribe, view_of

router = APIRouter()


@router.get("/")
def the_inbox(request: Request, house: TheHouse, user: TheUser) -> HTMLResponse:
    """The list; or, for a page that was cut off, what it has to catch up with."""
    view = view_of(request, user)
    if "hx-snapshot" in request.headers:
        subscribe(request, house, view)
        return HTMLResponse(house.database.read(fragments.list_snapshot, view))
    try:
        return inbox_page(request, view)
    except ValueError:
        raise HTTPException(404) from None


@router.get("/rows")
def more_rows(request: Request, house: TheHouse, user: TheUser, after: str = "") -> HTMLResponse:
    """The next rows of the list, each with its place in it."""
    view = view_of(request, user)
    try:
        listed = house.database.read(inbox.inbox_page, user.id, view.wanted, after)
    except ValueError:
        raise HTTPException(404) from None
    rows = fragments.draw_more(view, listed) + fragments.draw_rows(view, listed.rows)
    return HTMLResponse(fragments.partial("more", "delete") + fragments.partial("rows", "place", rows))
