"""A homeserver that does what a test wants, on a free port of the loopback interface.

::

    async with FakeHomeserver() as fake:
        fake.answers["GET", "/_matrix/client/versions"] = Told({"versions": ["v1.11"]})
        fake.asked        # every question so far: method, path, query, headers, body

An answer may be a ``Told``, or a function of the request that returns one (or waits first).
"""

import asyncio
import json
import ssl
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Self

from aiohttp import web


@dataclass(frozen=True)
class Told:
    """An answer: JSON, or octets as they are."""

    body: Any = field(default_factory=dict)
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Asked:
    """A question that was put."""

    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: bytes


Answer = Told | Callable[[Asked], Told] | Callable[[Asked], Awaitable[Told]]
VERSIONS = "/_matrix/client/versions"
LOGIN = "/_matrix/client/v3/login"
NOT_KNOWN = Told({"errcode": "M_UNRECOGNIZED", "error": "Unrecognized request"}, 404)


class FakeHomeserver:
    """It knows nothing but its version and how to sign in, until it is told more."""

    def __init__(self, tls: ssl.SSLContext | None = None) -> None:
        self._tls = tls
        self.answers: dict[tuple[str, str], Answer] = {
            ("GET", VERSIONS): Told({"versions": ["v1.11"]}),
            ("GET", LOGIN): Told({"flows": [{"type": "m.login.password"}]}),
        }
        self.asked: list[Asked] = []

    async def __aenter__(self) -> Self:
        self._server = web.Server(self._answer)
        self._runner = web.ServerRunner(self._server, shutdown_timeout=0.1)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", 0, ssl_context=self._tls)
        await site.start()
        self.port: int = self._runner.addresses[0][1]
        self.url = f"{'https' if self._tls else 'http'}://127.0.0.1:{self.port}"
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._runner.cleanup()

    def asked_for(self, path: str) -> list[Asked]:
        """The questions about one path."""
        return [one for one in self.asked if one.path == path]

    async def _answer(self, request: web.BaseRequest) -> web.StreamResponse:
        body = await request.read()
        asked = Asked(request.method, request.rel_url.raw_path, request.query, request.headers, body)
        self.asked.append(asked)
        answer: Any = self.answers.get((asked.method, asked.path), NOT_KNOWN)
        if callable(answer):
            answer = answer(asked)
        if asyncio.iscoroutine(answer):
            answer = await answer
        data = answer.body if isinstance(answer.body, bytes) else json.dumps(answer.body).encode()
        headers = {"Content-Type": "application/json", **answer.headers}
        return web.Response(body=data, status=answer.status, headers=headers)
