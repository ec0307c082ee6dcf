"""Somebody who vouches for people, as a school does: CAS 2.0, on a free port of the loopback interface.

::

    async with IdentityProvider() as school:
        Synapse(cas_config={"server_url": school.url, "idp_name": "The school"})
        school.person = "anna"        # whoever comes to its page now is Anna; it asks nothing

It sends a browser back with a ticket, which is good once, and for the address only for which it was made.
"""

from itertools import count
from typing import Self
from xml.sax.saxutils import escape

from aiohttp import web

_ANSWER = '<cas:serviceResponse xmlns:cas="http://www.yale.edu/tp/cas">{}</cas:serviceResponse>'
_YES = "<cas:authenticationSuccess><cas:user>{}</cas:user></cas:authenticationSuccess>"
_NO = '<cas:authenticationFailure code="INVALID_TICKET"/>'


class IdentityProvider:
    """``async with`` it; nobody has come to it yet."""

    def __init__(self) -> None:
        self.person = ""
        self._tickets: dict[str, tuple[str, str]] = {}
        self._numbers = count(1)

    async def __aenter__(self) -> Self:
        app = web.Application()
        app.add_routes([web.get("/login", self._sign_in), web.get("/proxyValidate", self._vouch)])
        self._runner = web.AppRunner(app, shutdown_timeout=0.1)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", 0).start()
        self.url = f"http://127.0.0.1:{self._runner.addresses[0][1]}"
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._runner.cleanup()

    async def _sign_in(self, request: web.Request) -> web.Response:
        service, ticket = request.query["service"], f"ST-{next(self._numbers)}"
        self._tickets[ticket] = (service, self.person)
        return web.Response(status=302, headers={"Location": f"{service}&ticket={ticket}"})

    async def _vouch(self, request: web.Request) -> web.Response:
        service, person = self._tickets.pop(request.query["ticket"], ("", ""))
        vouches = bool(person) and service == request.query["service"]
        answer = _YES.format(escape(person)) if vouches else _NO
        return web.Response(text=_ANSWER.format(answer), content_type="application/xml")
