"""Answers only under our own names, so that no page elsewhere can pretend to be ours (S24, DNS rebinding)."""

from starlette.datastructures import Headers
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from webapp.languages import N_, Sentence, negotiate, translations
from webapp.origins import is_our_host
from webapp.settings import Settings

ELSEWHERE = N_("This house does not answer to that name. Its address is %(address)s")


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
            answer = PlainTextResponse(f"{self._words(scope)}\n", 421)
            await answer(scope, receive, send)

    def _words(self, scope: Scope) -> str:
        """Plain, because under that name there are neither styles nor anything of this house."""
        language = negotiate(Headers(scope=scope).get("accept-language", ""))
        return Sentence(ELSEWHERE, {"address": self.settings.public_url}).in_words(translations(language))
