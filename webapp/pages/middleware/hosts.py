"""Answers only under our own names, so that no page elsewhere can pretend to be ours (S24, DNS rebinding)."""

from starlette.datastructures import Headers
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from webapp.origins import is_our_host
from webapp.settings import Settings


class OurHosts:
    """Refuses requests whose Host header names somebody else."""

    def __init__(self, app: ASGIApp, settings: Settings) -> None:
        self.app = app
        self.settings = settings

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan" or is_our_host(self.settings, Headers(scope=scope).get("host", "")):
            await self.app(scope, receive, send)
        elif scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": 1008})
        else:
            words = f"This house does not answer to that name. Its address is {self.settings.public_url}\n"
            await PlainTextResponse(words, 421)(scope, receive, send)
