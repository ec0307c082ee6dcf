"""One question to a homeserver, and its answer.

Redirects are not followed, sizes and times are bounded. Nothing is tried again here: whoever looks after the account
does that, after as long as the server asks for.
"""

import asyncio
import json
import logging
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote, urlencode

from webapp.networks.contract import Surroundings
from webapp.networks.matrix.connections import Blocked, Connections, library, problem_of
from webapp.networks.matrix.pieces import Nonsense, read
from webapp.networks.matrix.retry_after import wait_named
from webapp.networks.matrix.trouble import SIGNING_OUT, Declined, NotReached, Problem, Rejected

log = logging.getLogger(__name__)
PATIENCE = 30.0
"""Seconds for a question and its whole answer."""
LARGEST = 8 * 2**20
"""Octets of an answer, unpacked, unless somebody expects more."""
_CHUNK = 65_536


@dataclass(frozen=True)
class Question:
    """What is asked: ``address`` is below the homeserver's own."""

    method: str
    address: str
    body: Mapping[str, Any] | None = None
    query: Mapping[str, str] = field(default_factory=dict)


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
        self.url = url.rstrip("/")
        self._connections = Connections(url, surroundings)
        self.host = self._connections.host
        self._token = token

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
        return self.judge(await self.reply(Question(method, address, body, query or {}), patience=patience))

    async def text(self, address: str, query: Mapping[str, str], *, patience: float, largest: int) -> str:
        """A large answer, unread. Raises NotReached, Rejected, Declined."""
        reply = await self.reply(Question("GET", address, None, query), patience=patience, largest=largest)
        if reply.status != 200:
            self.judge(reply)
        return reply.body.decode("utf-8", "replace")

    def judge(self, reply: Reply) -> dict[str, Any]:
        """The object in an answer, or the trouble that it means. Raises NotReached, Rejected, Declined."""
        if reply.status >= 500:
            raise NotReached(Problem.BROKEN, self.host, wait_named(reply.retry_after, None))
        try:
            answer = read(reply.body.decode("utf-8", "replace"))
        except Nonsense:
            answer = None
        if reply.status == 429:
            raise NotReached(Problem.BUSY, self.host, wait_named(reply.retry_after, answer))
        if not isinstance(answer, dict) or 300 <= reply.status < 400:
            known = isinstance(answer, dict)
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

    async def reply(self, question: Question, *, patience: float = PATIENCE, largest: int = LARGEST) -> Reply:
        """Whatever comes back, redirects and errors too. Raises NotReached."""
        session = await self._connections.open()
        try:
            async with asyncio.timeout(patience):
                return await self._exchange(session, question, largest)
        except TimeoutError:
            raise NotReached(Problem.SILENT, self.host) from None
        except Blocked as blocked:
            raise NotReached(blocked.problem, self.host) from None
        except (OSError, library().ClientError, ValueError) as error:
            raise NotReached(problem_of(error), self.host) from None

    async def _exchange(self, session: Any, question: Question, largest: int) -> Reply:
        where = self.url + question.address + (f"?{urlencode(question.query)}" if question.query else "")
        url = library().typedefs.URL(where, encoded=True)
        data = None if question.body is None else json.dumps(question.body).encode()
        headers = {"Authorization": f"Bearer {self._token}"} if self._token else {}
        headers |= {} if data is None else {"Content-Type": "application/json"}
        async with session.request(question.method, url, data=data, headers=headers, allow_redirects=False) as answer:
            body = bytearray()
            async for chunk in answer.content.iter_chunked(_CHUNK):
                body += chunk
                if len(body) > largest:
                    raise NotReached(Problem.TOO_LARGE, self.host)
            found = answer.headers
            return Reply(answer.status, found.get("Location", ""), found.get("Retry-After", ""), bytes(body))

    async def close(self) -> None:
        """End the line; what is asked just now ends with it."""
        await self._connections.close()
