"""No request carries more than a megabyte, whatever it says about its length, and that is known before any parsing.

Only where a task of an account asks for a file there may be more.
"""

import re

from starlette.concurrency import run_in_threadpool
from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from webapp.pages.errors import error_page

LONGEST = 1_000_000
LONGEST_WITH_FILE = 16_000_000
_MAY_CARRY_A_FILE = re.compile(r"/networks/\d{1,19}/tasks/")


class TooLong(Exception):
    """The body is longer than it may be."""


class BodyLimit:
    """Reads the whole body first; answers 413 when it is too long."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["method"] in {"GET", "HEAD"}:
            await self.app(scope, receive, send)
            return
        try:
            body = await _whole_body(Headers(scope=scope), receive, _longest(scope))
        except TooLong:
            answer = await run_in_threadpool(error_page, Request(scope), 413)
            await answer(scope, receive, send)
            return
        if body is not None:
            await self.app(scope, _replay(body, receive), send)


def _longest(scope: Scope) -> int:
    """How many bytes it may be: a file only from somebody who is signed in."""
    may = scope.get("state", {}).get("sign_in") is not None and _MAY_CARRY_A_FILE.match(scope["path"])
    return LONGEST_WITH_FILE if may else LONGEST


async def _whole_body(headers: Headers, receive: Receive, longest: int) -> bytes | None:
    """The body; None if the browser went away."""
    announced = headers.get("content-length", "0")
    if not announced.isdigit() or int(announced) > longest:
        raise TooLong
    parts: list[bytes] = []
    size = 0
    while size <= longest:
        message = await receive()
        if message["type"] == "http.disconnect":
            return None
        parts.append(message.get("body", b""))
        size += len(parts[-1])
        if not message.get("more_body", False):
            break
    if size > longest:
        raise TooLong
    return b"".join(parts)


def _replay(body: bytes, receive: Receive) -> Receive:
    """Gives the body once more, then whatever comes (that the browser went away)."""
    waiting: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

    async def again() -> Message:
        return waiting.pop() if waiting else await receive()

    return again
