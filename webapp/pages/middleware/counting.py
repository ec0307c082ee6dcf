"""Counts answers and open tabs for ``/metrics``."""

import time

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from webapp.pages.metrics import REQUESTS, SECONDS, SOCKETS


class Counting:
    """Sees every answer on its way out."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "websocket":
            with SOCKETS.track_inprogress():
                await self.app(scope, receive, send)
            return
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        began = time.perf_counter()

        async def send_and_count(message: Message) -> None:
            if message["type"] == "http.response.start":
                REQUESTS.labels(_known_method(scope["method"]), message["status"]).inc()
                SECONDS.observe(time.perf_counter() - began)
            await send(message)

        await self.app(scope, receive, send_and_count)


def _known_method(method: str) -> str:
    """One of a few words: a stranger must not be able to make up new series."""
    return method if method in {"GET", "HEAD", "POST"} else "other"
