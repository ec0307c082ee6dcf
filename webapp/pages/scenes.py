"""What a page with the inbox on it shows. A tab says first what it will look at, then the rows are read."""

from typing import Any

from fastapi import Request
from sqlmodel import Session
from starlette.responses import HTMLResponse

from webapp.live import fragments
from webapp.live.tabs import View, new_tab, tabs_of
from webapp.messaging import inbox, people_list, spaces, thread
from webapp.messaging.access import conversation_of
from webapp.messaging.head import head_at, members_of
from webapp.models import User
from webapp.pages.house import House, house_of
from webapp.pages.rendering import page, reader_for


def wanted_by(request: Request) -> tuple[inbox.Filter, str]:
    """The filter that an address names, and the query that names it again."""
    if request.query_params.get("show") == "unread":
        return inbox.Filter(unread=True), "?show=unread"
    account, space = _id_in(request, "account"), _id_in(request, "space")
    if account is not None:
        return inbox.Filter(account_id=account), f"?account={account}"
    if space is not None:
        return inbox.Filter(space_id=space), f"?space={space}"
    return inbox.Filter(), ""


def _id_in(request: Request, name: str) -> int | None:
    given = request.query_params.get(name, "")
    return int(given) if given.isascii() and given.isdecimal() and len(given) < 19 else None


def view_of(request: Request, user: User, conversation_id: int | None = None) -> View:
    """What this request is about to show."""
    wanted, query = wanted_by(request)
    return View(user.id, reader_for(request), request.state.csrf_token, wanted, query, conversation_id)


def tab_of(request: Request) -> str:
    """The tab that asks; a new one for a page that is being opened."""
    return request.headers.get("hx-tab", "")[:64] or new_tab()


def list_scene(db: Session, view: View, after: str | None) -> dict[str, Any]:
    """The list and what stands above it. Raises ValueError if ``after`` is no key."""
    listed = inbox.inbox_page(db, view.user_id, view.wanted, after)
    return {
        "rows": listed.rows,
        "end": listed.end,
        "more_query": fragments.more_query(view.query, listed.end) if listed.end else "",
        "narrowed": bool(view.query or after),
        "unread": inbox.unread_count(db, view.user_id),
        "accounts": inbox.chips_of(db, view.user_id),
        "spaces": spaces.spaces_of(db, view.user_id),
        **fragments.notices_of(db, view.user_id),
    }


def conversation_scene(db: Session, view: View, conversation_id: int, before: str | None = None) -> dict[str, Any]:
    """An open conversation. Raises NotYours; ValueError if ``before`` is no key."""
    conversation = conversation_of(db, view.user_id, conversation_id)
    head = head_at(db, conversation)
    if before:
        stretch = thread.before(db, view.reader, conversation_id, before)
    else:
        stretch = thread.newest(db, view.reader, conversation_id)
    new_from = thread.first_unread(db, conversation)
    return {
        "head": head,
        "stretch": stretch,
        "new_from": new_from,
        "new_key": thread.just_before(new_from) if new_from else "",
        "members": members_of(db, conversation_id) if head.is_group else [],
        **fragments.empty_composer(),
    }


def whole_scene(db: Session, view: View, after: str | None, before: str | None) -> dict[str, Any]:
    """The list, and beside it a conversation, or something to begin with."""
    scene = list_scene(db, view, after)
    if view.conversation_id is not None:
        return scene | conversation_scene(db, view, view.conversation_id, before)
    welcome = not scene["narrowed"] and not any(row.preview for row in scene["rows"])
    housemates = people_list.housemates(db, view.user_id) if welcome else []
    return scene | {"head": None, "gone": False, "welcome": welcome, "housemates": housemates}


def inbox_page(request: Request, view: View, status_code: int = 200, **said: Any) -> HTMLResponse:
    """The whole page. ``said`` replaces parts of the scene: what was typed, what is wrong with it."""
    house = house_of(request)
    tab, version = subscribe(request, house, view)
    after, before = request.query_params.get("after"), request.query_params.get("before")
    scene = house.database.read(whole_scene, view, after, before)
    note_loaded(request, view, tab, scene)
    context = fragments.shared(view) | scene | said
    return page(request, "inbox/page.html", status_code, tab=tab, version=version, **context)


def subscribe(request: Request, house: House, view: View) -> tuple[str, int]:
    """Say what the tab will look at, before it is drawn; returns the tab and how fresh the drawing will be."""
    tab = tab_of(request)
    tabs_of(request.app).looks_at(tab, view)
    return tab, house.hub.version(view.user_id)


def note_loaded(request: Request, view: View, tab: str, scene: dict[str, Any]) -> None:
    """Remember how far back the open conversation was loaded."""
    if view.conversation_id is not None:
        start = scene["stretch"].start
        tabs_of(request.app).loaded_back_to(view.user_id, tab, view.conversation_id, start)
