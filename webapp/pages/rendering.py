"""A page for whoever asked."""

from typing import Any

from fastapi import Request
from sqlmodel import Session
from starlette.responses import HTMLResponse

from webapp.drawing import Reader, draw
from webapp.languages import LANGUAGES, negotiate
from webapp.messaging.inbox import unread_count
from webapp.models import InstanceOption, Role, User
from webapp.networks import networks
from webapp.pages.cookies import is_protected
from webapp.pages.house import house_of

ZONE_COOKIE = "zone"
HOUSE_NAME = "Hausbote"


def reader_of(user: User | None, accept_language: str = "", zone: str = "") -> Reader:
    """The reader that a user is; for nobody signed in, what the browser says."""
    if user is None:
        return Reader(language=negotiate(accept_language), zone=zone)
    return Reader(
        language=user.language if user.language in LANGUAGES else negotiate(accept_language),
        zone=zone,
        theme=user.theme,
        text_size=user.text_size,
        user_id=user.id,
        name=user.name,
        is_administrator=user.role == Role.ADMINISTRATOR,
        enter_sends=user.enter_sends,
    )


def reader_for(request: Request) -> Reader:
    """The reader of this request."""
    user: User | None = getattr(request.state, "user", None)
    return reader_of(user, request.headers.get("accept-language", ""), request.cookies.get(ZONE_COOKIE, ""))


def _house_name(db: Session) -> str:
    option = db.get(InstanceOption, "house.name")
    return option.value if option else HOUSE_NAME


def _shell(db: Session, user: User | None, known: dict[str, Any]) -> dict[str, Any]:
    """What the frame around every page shows: the name of the house, and how much is unread."""
    unread = known["unread"] if "unread" in known else unread_count(db, user.id) if user else 0
    return {"house_name": _house_name(db), "unread": unread}


def page(request: Request, template: str, status_code: int = 200, **context: Any) -> HTMLResponse:
    """Draw a page. Every template gets ``reader``, ``user`` (None: not signed in), ``csrf_token``, ``path``,
    ``house_name``, ``unread`` (conversations), ``networks`` (by key) and ``protected`` (nobody can read along);
    ``request.state.user`` and ``.csrf_token`` are set by ``access``."""
    user: User | None = getattr(request.state, "user", None)
    shell = house_of(request).database.read(_shell, user, context)
    return page_without_rows(request, template, status_code, **(shell | context))


def page_without_rows(request: Request, template: str, status_code: int = 200, **context: Any) -> HTMLResponse:
    """The same for a page that must not need the rows."""
    shared = {
        "house_name": HOUSE_NAME,
        "unread": 0,
        "user": getattr(request.state, "user", None),
        "csrf_token": getattr(request.state, "csrf_token", ""),
        "path": request.url.path,
        "networks": networks(),
        "protected": is_protected(house_of(request).settings),
    }
    html = draw(template, reader_for(request), **(shared | context))
    return HTMLResponse(html, status_code, headers={"Cache-Control": "no-store"})
