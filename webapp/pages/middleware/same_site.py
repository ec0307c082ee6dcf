"""Nothing is changed because another site asked for it (S11).

The browser's word on where a request comes from (Fetch Metadata, Origin), and a token that only our own pages know; a
third lock, ``SameSite=Lax``, is on the cookies.
"""

import hmac

from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import HTTPConnection, Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from webapp.origins import is_our_origin
from webapp.pages.errors import error_page
from webapp.pages.house import house_of

READING = {"GET", "HEAD", "OPTIONS"}
HEADER, FIELD = "x-csrf-token", "csrf_token"
FORMS = {"application/x-www-form-urlencoded", "multipart/form-data"}
MOST_FILES, MOST_FIELDS = 4, 1_000


class SameSite:
    """Refuses what would change something unless a page of ours asked for it."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["method"] in READING:
            await self.app(scope, receive, send)
            return
        kept: list[Message] = []

        async def receive_and_keep() -> Message:
            kept.append(await receive())
            return kept[-1]

        async def receive_again() -> Message:
            return kept.pop(0) if kept else await receive()

        request = Request(scope, receive_and_keep)
        if comes_from_us(request) and await _has_token(request):
            await self.app(scope, receive_again, send)
        else:
            answer = await run_in_threadpool(error_page, Request(scope), 403)
            await answer(scope, receive, send)


def comes_from_us(connection: HTTPConnection) -> bool:
    """What the browser says about who asks. Other programs say nothing; they need the token all the same."""
    headers = connection.headers
    if headers.get("sec-fetch-site", "same-origin") not in {"same-origin", "none"}:
        return False
    origin = headers.get("origin")
    return origin is None or is_our_origin(house_of(connection).settings, origin, headers.get("host", ""))


async def _has_token(request: Request) -> bool:
    given = request.headers.get(HEADER) or await _field(request)
    return hmac.compare_digest(given.encode(), str(request.state.csrf_token).encode())


async def _field(request: Request) -> str:
    """The token in a form; none in what only pretends to be one."""
    if request.headers.get("content-type", "").partition(";")[0].strip() not in FORMS:
        return ""
    try:
        async with request.form(max_files=MOST_FILES, max_fields=MOST_FIELDS) as form:
            value = form.get(FIELD, "")
    except HTTPException:  # what the parser of forms says to a broken one
        return ""
    return value if isinstance(value, str) else ""
