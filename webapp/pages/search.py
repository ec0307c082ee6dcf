"""``/search``: finding people and conversations by name."""

from fastapi import APIRouter, Request
from starlette.responses import HTMLResponse

from webapp.live.fragments import shared
from webapp.messaging.people_list import contacts_of
from webapp.messaging.search import conversations_called
from webapp.pages.access import TheUser
from webapp.pages.house import TheHouse
from webapp.pages.rendering import page
from webapp.pages.scenes import view_of

router = APIRouter()

LONGEST_SEARCH = 200


@router.get("/search")
def search(request: Request, house: TheHouse, user: TheUser, q: str = "") -> HTMLResponse:
    """What was found for ``q``; the form alone without it."""
    words = q[:LONGEST_SEARCH]
    people = house.database.read(contacts_of, user.id, words) if words.strip() else []
    rows = house.database.read(conversations_called, user.id, words)
    context = shared(view_of(request, user)) | {"words": words, "people": people, "rows": rows}
    return page(request, "search/page.html", **context)
