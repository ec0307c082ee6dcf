"""No request carries more than a megabyte, whatever it says about its length, and that is known before any parsing."""

from starlette.concurrency import run_in_threadpool
from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from webapp.pages.errors import error_page

LONGEST = 1_000_000


class TooLong(Exception):
    """The body is longer than LONGEST."""


class BodyLimit:
    """Reads the whole body first; answers 413 when it is too long."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["method"] in {"GET", "HEAD"}:
            await self.app(scope, receive, send)
            return
        try:
            body = await _whole_body(Headers(scope=scope), receive)
        except TooLong:
            answer = await run_in_threadpool(error_page, Request(scope), 413)
            await answer(scope, receive, send)
            return
        if body is not None:
            await self.app(scope, _replay(body, receive), send)


async def _whole_body(headers: Headers, receive: Receive) -> bytes | None:
    """The body; None if the browser went away."""
    announced = headers.get("content-length", "0")
    if not announced.isdigit() or int(announced) > LONGEST:
        raise TooLong
    parts: list[bytes] = []
    while sum(map(len, parts)) <= LONGEST:
        message = await receive()
        if message["type"] == "http.disconnect":
            return None
        parts.append(message.get("body", b""))
        if not message.get("more_body", False):
            break
    body = b"".join(parts)
    if len(body) > LONGEST:
        raise TooLong
    return body


def _replay(body: bytes, receive: Receive) -> Receive:
    """Gives the body once more, then whatever comes (that the browser went away)."""
    waiting: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

    async def again() -> Message:
        return waiting.pop() if waiting else await receive()

    return again
