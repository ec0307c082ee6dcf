"""The connections to one homeserver: only those that may be made (S5).

The address that was checked is the one that is connected to, whatever its name means a moment later. Without encryption
only servers in private space are spoken to.
"""

import asyncio
import socket
import ssl
from collections.abc import Awaitable, Callable
from importlib import import_module
from ipaddress import ip_address
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from webapp.networks.contract import Surroundings
from webapp.networks.matrix.trouble import NotReached, Problem, tls_problem
from webapp.networks.reach import addresses_of, is_public, may_reach
from webapp.networks.trust import trust

if TYPE_CHECKING:  # it takes half a second to load, which nobody without an account should wait for
    import aiohttp

CONNECT = 10.0
"""Seconds until there must be a connection."""
MOST = 8
"""Connections at a time."""


def library() -> Any:
    """aiohttp, once it is loaded."""
    return import_module("aiohttp")


class Connections:
    """``url`` is the homeserver's base."""

    def __init__(self, url: str, surroundings: Surroundings) -> None:
        parts = urlsplit(url)
        self.host = parts.hostname or ""
        self._plain = parts.scheme != "https"
        self._surroundings = surroundings
        self._session: aiohttp.ClientSession | None = None
        self._closed = False

    async def open(self) -> "aiohttp.ClientSession":
        """What asks over them. Raises NotReached."""
        if self._session is None and not self._closed:
            loaded = await asyncio.to_thread(library)
            context = await trust(self._surroundings.extra_ca_file)
            if self._session is None and not self._closed:
                self._session = self._made(loaded, context)
        await self._check_literal()
        if self._session is None:  # looked at last: nobody is handed one that was closed in the meantime
            raise NotReached(Problem.CLOSED, self.host)
        return self._session

    async def close(self) -> None:
        """End them all; what is asked just now ends with them."""
        self._closed = True
        session, self._session = self._session, None
        if session is not None:
            await session.close()

    def _made(self, loaded: Any, context: ssl.SSLContext) -> "aiohttp.ClientSession":
        connector = loaded.TCPConnector(
            ssl=context, resolver=_Resolver(self._allowed), use_dns_cache=False, limit=MOST, enable_cleanup_closed=False
        )
        limits = loaded.ClientTimeout(total=None, sock_connect=CONNECT)
        made: aiohttp.ClientSession = loaded.ClientSession(
            connector=connector, timeout=limits, cookie_jar=loaded.DummyCookieJar(), headers={"User-Agent": "Hausbote"}
        )
        return made

    async def _check_literal(self) -> None:
        """An address instead of a name is connected to without a look-up: it is checked here. Raises NotReached."""
        try:
            ip_address(self.host)
        except ValueError:
            return
        try:
            await self._allowed(self.host)
        except Blocked as blocked:
            raise NotReached(blocked.problem, self.host) from None

    async def _allowed(self, host: str) -> list[str]:
        """The addresses of a host that we may connect to. Raises Blocked."""
        found = await addresses_of(host)
        private = self._surroundings.private_servers
        good = [one for one in found if may_reach(ip_address(one), private, {host})]
        if not good:
            raise Blocked(Problem.PRIVATE if found else Problem.NOT_FOUND)
        if self._plain and any(is_public(ip_address(one)) for one in good):
            raise Blocked(Problem.UNSAFE)
        return good


class Blocked(OSError):
    """There is nothing that may be connected to."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem.value)
        self.problem = problem


def problem_of(error: BaseException) -> Problem:
    """What an exception of an attempt means; the library wraps the one that says it."""
    inner = getattr(error, "certificate_error", None) or getattr(error, "os_error", None) or error.__cause__
    for one in (inner, error):
        if isinstance(one, Blocked):
            return one.problem
        if isinstance(one, ssl.SSLError):
            return tls_problem(one)
        if isinstance(one, TimeoutError):
            return Problem.SILENT
    return Problem.REFUSED if isinstance(error, library().ClientConnectorError) else Problem.LOST


class _Resolver:
    """Tells the library addresses that were checked, and no others (``aiohttp.abc.AbstractResolver``)."""

    def __init__(self, allowed: Callable[[str], Awaitable[list[str]]]) -> None:
        self._allowed = allowed

    async def resolve(self, host: str, port: int = 0, family: int = socket.AF_UNSPEC) -> list[dict[str, Any]]:
        return [
            {
                "hostname": host,
                "host": address,
                "port": port,
                "family": socket.AF_INET6 if ":" in address else socket.AF_INET,
                "proto": socket.IPPROTO_TCP,
                "flags": socket.AI_NUMERICHOST,
            }
            for address in await self._allowed(host)
        ]

    async def close(self) -> None:
        """Nothing is held."""
