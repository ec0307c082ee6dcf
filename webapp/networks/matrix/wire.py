"""One question to a homeserver, and its answer.

The address that was checked is the one that is connected to (S5), redirects are not followed, sizes and times are
bounded. Nothing is tried again here: whoever looks after the account does that, after as long as the server asks for.
"""

import asyncio
import json
import logging
import socket
import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from importlib import import_module
from ipaddress import ip_address
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlencode, urlsplit

from webapp.networks.contract import Surroundings
from webapp.networks.matrix.pieces import Nonsense, read
from webapp.networks.matrix.trouble import SIGNING_OUT, Declined, NotReached, Problem, Rejected, tls_problem
from webapp.networks.reach import addresses_of, is_public, may_reach
from webapp.networks.trust import trust

if TYPE_CHECKING:  # it takes half a second to load, which nobody without an account should wait for
    import aiohttp

log = logging.getLogger(__name__)
PATIENCE = 30.0
"""Seconds for a question and its whole answer."""
CONNECT = 10.0
"""Seconds until there must be a connection."""
LARGEST = 8 * 2**20
"""Octets of an answer, unpacked, unless somebody expects more."""
LONGEST_WAIT = 3600.0
"""Seconds that a server may ask us to wait."""
_CHUNK = 65_536


@dataclass(frozen=True)
class Reply:
    """An answer as it came: status, where a redirect points, and the body."""

    status: int
    location: str
    retry_after: str
    body: bytes


def path(*parts: str) -> str:
    """An address below the client API, each part quoted: ``path("rooms", room, "messages")``."""
    return "/_matrix/client/v3/" + "/".join(quote(part, safe="") for part in parts)


class Wire:
    """The line to one homeserver; ``url`` is its base, ``token`` what we sign our questions with."""

    def __init__(self, url: str, surroundings: Surroundings, token: str = "") -> None:
        parts = urlsplit(url)
        self.url = url.rstrip("/")
        self.host = parts.hostname or ""
        self._plain = parts.scheme != "https"
        self._surroundings = surroundings
        self._token = token
        self._session: aiohttp.ClientSession | None = None
        self._closed = False

    async def ask(
        self,
        method: str,
        address: str,
        body: Mapping[str, Any] | None = None,
        query: Mapping[str, str] | None = None,
        *,
        patience: float = PATIENCE,
    ) -> dict[str, Any]:
        """Ask, and return the JSON object that comes back. Raises NotReached, Rejected, Declined."""
        reply = await self.reply(method, address, body, query, patience=patience)
        return self.judge(reply)

    async def text(self, address: str, query: Mapping[str, str], *, patience: float, largest: int) -> str:
        """A large answer, unread. Raises NotReached, Rejected, Declined."""
        reply = await self.reply("GET", address, None, query, patience=patience, largest=largest)
        if reply.status != 200:
            self.judge(reply)
        return reply.body.decode("utf-8", "replace")

    def judge(self, reply: Reply) -> dict[str, Any]:
        """The object in an answer, or the trouble that it means. Raises NotReached, Rejected, Declined."""
        wait = _seconds(reply.retry_after)
        if reply.status >= 500:
            raise NotReached(Problem.BROKEN, self.host, wait)
        try:
            answer = read(reply.body.decode("utf-8", "replace"))
        except Nonsense:
            answer = None
        known = isinstance(answer, dict)
        if reply.status == 429:
            raise NotReached(Problem.BUSY, self.host, wait if wait is not None else _told_wait(answer))
        if not isinstance(answer, dict) or 300 <= reply.status < 400:
            log.warning("an answer that makes no sense: status %d, an object: %s", reply.status, known)
            raise NotReached(Problem.GARBAGE, self.host)
        if reply.status >= 400:
            raise self._refused(reply.status, answer)
        return answer

    def _refused(self, status: int, answer: Mapping[str, Any]) -> Rejected | Declined:
        errcode = answer.get("errcode")
        if self._token and status in {401, 403} and errcode in SIGNING_OUT:
            return Rejected(str(errcode), self.host, answer.get("soft_logout") is True)
        if self._token and status == 401 and "flows" not in answer:
            return Rejected("M_UNKNOWN_TOKEN", self.host)
        return Declined(status, answer)

    async def reply(
        self,
        method: str,
        address: str,
        body: Mapping[str, Any] | None = None,
        query: Mapping[str, str] | None = None,
        *,
        patience: float = PATIENCE,
        largest: int = LARGEST,
    ) -> Reply:
        """Whatever comes back, redirects and errors too. Raises NotReached."""
        session = await self._open()
        where = self.url + address + (f"?{urlencode(query)}" if query else "")
        headers = {"Authorization": f"Bearer {self._token}"} if self._token else {}
        data = None if body is None else json.dumps(body).encode()
        if data is not None:
            headers["Content-Type"] = "application/json"
        try:
            async with asyncio.timeout(patience):
                return await self._exchange(session, method, where, headers, data, largest)
        except TimeoutError:
            raise NotReached(Problem.SILENT, self.host) from None
        except _Blocked as blocked:
            raise NotReached(blocked.problem, self.host) from None
        except (OSError, _library().ClientError, ValueError) as error:
            raise NotReached(_problem_of(error), self.host) from None

    async def _exchange(
        self,
        session: "aiohttp.ClientSession",
        method: str,
        where: str,
        headers: Mapping[str, str],
        data: bytes | None,
        largest: int,
    ) -> Reply:
        url = _library().typedefs.URL(where, encoded=True)
        async with session.request(method, url, data=data, headers=headers, allow_redirects=False) as answer:
            body = bytearray()
            async for chunk in answer.content.iter_chunked(_CHUNK):
                body += chunk
                if len(body) > largest:
                    raise NotReached(Problem.TOO_LARGE, self.host)
            found = answer.headers
            return Reply(answer.status, found.get("Location", ""), found.get("Retry-After", ""), bytes(body))

    async def close(self) -> None:
        """End the line; what is asked just now ends with it."""
        self._closed = True
        session, self._session = self._session, None
        if session is not None:
            await session.close()

    async def _open(self) -> "aiohttp.ClientSession":
        if self._closed:
            raise NotReached(Problem.CLOSED, self.host)
        if self._session is None:
            library = await asyncio.to_thread(import_module, "aiohttp")
            context = await trust(self._surroundings.extra_ca_file)
            if self._session is None and not self._closed:
                self._session = self._made(library, context)
        if self._session is None:
            raise NotReached(Problem.CLOSED, self.host)
        await self._check_literal()
        return self._session

    def _made(self, library: Any, context: ssl.SSLContext) -> "aiohttp.ClientSession":
        connector = library.TCPConnector(
            ssl=context, resolver=_Resolver(self._allowed), use_dns_cache=False, limit=8, enable_cleanup_closed=False
        )
        limits = library.ClientTimeout(total=None, sock_connect=CONNECT)
        made: aiohttp.ClientSession = library.ClientSession(
            connector=connector, timeout=limits, cookie_jar=library.DummyCookieJar(), headers={"User-Agent": "Hausbote"}
        )
        return made

    async def _check_literal(self) -> None:
        """An address instead of a name is connected to without a look-up: it is checked here."""
        try:
            ip_address(self.host)
        except ValueError:
            return
        try:
            await self._allowed(self.host)
        except _Blocked as blocked:
            raise NotReached(blocked.problem, self.host) from None

    async def _allowed(self, host: str) -> list[str]:
        """The addresses of a host that we may connect to. Raises _Blocked."""
        found = await addresses_of(host)
        private = self._surroundings.private_servers
        good = [one for one in found if may_reach(ip_address(one), private, {host})]
        if not good:
            raise _Blocked(Problem.PRIVATE if found else Problem.NOT_FOUND)
        if self._plain and any(is_public(ip_address(one)) for one in good):
            raise _Blocked(Problem.UNSAFE)
        return good


class _Blocked(OSError):
    """There is nothing that may be connected to."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem.value)
        self.problem = problem


class _Resolver:
    """Tells the library addresses that were checked, and no others (``aiohttp.abc.AbstractResolver``)."""

    def __init__(self, allowed: Any) -> None:
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


def _library() -> Any:
    return import_module("aiohttp")


def _problem_of(error: BaseException) -> Problem:
    """What an exception of the attempt means; the library wraps the one that says it."""
    inner = getattr(error, "certificate_error", None) or getattr(error, "os_error", None) or error.__cause__
    for one in (inner, error):
        if isinstance(one, _Blocked):
            return one.problem
        if isinstance(one, ssl.SSLError):
            return tls_problem(one)
        if isinstance(one, TimeoutError):
            return Problem.SILENT
    return Problem.REFUSED if isinstance(error, _library().ClientConnectorError) else Problem.LOST


def _seconds(text: str) -> float | None:
    """The value of a Retry-After header (RFC 9110 section 10.2.3): seconds, or a date."""
    text = text.strip()
    if text.isascii() and text.isdecimal():
        return min(float(text), LONGEST_WAIT)
    try:
        at = parsedate_to_datetime(text)
    except (ValueError, TypeError):
        return None
    at = at if at.tzinfo else at.replace(tzinfo=UTC)
    return min(max((at - datetime.now(UTC)).total_seconds(), 0.0), LONGEST_WAIT)


def _told_wait(answer: object) -> float | None:
    """``retry_after_ms`` of the older specification."""
    told = answer.get("retry_after_ms") if isinstance(answer, dict) else None
    if isinstance(told, bool) or not isinstance(told, int) or told < 0:
        return None
    return min(told / 1000, LONGEST_WAIT)
