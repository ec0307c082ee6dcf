"""Where a homeserver is, and what it offers (specification, "Server Discovery").

A person names a server; the server's notice below ``.well-known`` may point elsewhere. Or they type an address that
starts with https, and that is taken as it is. Every step on the way is checked like the first one (S5).
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from webapp.networks.contract import Surroundings
from webapp.networks.matrix.addresses import NoAddress, server_name
from webapp.networks.matrix.sso import Provider, providers_in
from webapp.networks.matrix.trouble import Declined, NotReached, Problem
from webapp.networks.matrix.wire import Question, Reply, Wire, path

MOST_REDIRECTS = 3
LARGEST_NOTICE = 65_536
PATIENCE = 10.0
NOTICE = "/.well-known/matrix/client"
_REDIRECTS = {301, 302, 303, 307, 308}


@dataclass(frozen=True)
class Homeserver:
    """A homeserver that answers. ``ways`` are the kinds of sign-in that it offers (``m.login.password`` …),
    ``providers`` those who vouch for people on a page of their own."""

    url: str
    versions: frozenset[str]
    ways: frozenset[str]
    providers: tuple[Provider, ...] = ()


async def find(named: str, surroundings: Surroundings) -> Homeserver:
    """The homeserver that somebody named or whose address they typed. Raises NoAddress, NotReached."""
    if "://" in named:
        return await look_at(base_address(named), surroundings)
    name = server_name(named)
    return await look_at(await _noticed(name, surroundings), surroundings)


async def look_at(url: str, surroundings: Surroundings) -> Homeserver:
    """What the homeserver at this address offers. Raises NotReached: also when there is none."""
    wire = Wire(url, surroundings)
    try:
        versions = await _versions(wire)
        flows = await _flows(wire)
        return Homeserver(url, versions, _ways(flows), providers_in(flows))
    except Declined:
        raise NotReached(Problem.NO_HOMESERVER, wire.host) from None
    except NotReached as failure:
        if failure.problem is Problem.GARBAGE:
            raise NotReached(Problem.NO_HOMESERVER, wire.host) from None
        raise
    finally:
        await wire.close()


def base_address(text: str) -> str:
    """``https://host[:port][/path]`` as typed or told, in its normal form. Raises NoAddress."""
    try:
        parts = urlsplit(text.strip())
        host = parts.netloc
    except ValueError:
        raise NoAddress from None
    if parts.scheme not in {"https", "http"} or "@" in host or parts.query or parts.fragment or len(text) > 500:
        raise NoAddress
    if any(sign.isspace() or not sign.isascii() for sign in parts.path):
        raise NoAddress
    return f"{parts.scheme}://{server_name(host)}{parts.path.rstrip('/')}"


async def _versions(wire: Wire) -> frozenset[str]:
    answer = await wire.ask("GET", "/_matrix/client/versions", patience=PATIENCE)
    versions = answer.get("versions")
    if not isinstance(versions, list):
        raise NotReached(Problem.NO_HOMESERVER, wire.host)
    known = frozenset(version for version in versions if isinstance(version, str))
    if not any(version.startswith("v1.") for version in known):
        raise NotReached(Problem.TOO_OLD if known else Problem.NO_HOMESERVER, wire.host)
    return known


async def only_by_oauth(url: str, surroundings: Surroundings) -> bool:
    """Whether a homeserver signs people in by OAuth 2.0 (specification, "OAuth 2.0 API"). Raises NotReached."""
    wire = Wire(url, surroundings)
    try:
        await wire.ask("GET", "/_matrix/client/v1/auth_metadata", patience=PATIENCE)
    except Declined:
        return False
    finally:
        await wire.close()
    return True


async def _flows(wire: Wire) -> list[Any]:
    """The ways in, as they are listed; none where a server has given up on these."""
    try:
        flows = (await wire.ask("GET", path("login"), patience=PATIENCE)).get("flows")
    except Declined:
        return []
    return flows if isinstance(flows, list) else []


def _ways(flows: list[Any]) -> frozenset[str]:
    kinds = [flow.get("type") for flow in flows if isinstance(flow, Mapping)]
    return frozenset(kind for kind in kinds if isinstance(kind, str))


async def _noticed(name: str, surroundings: Surroundings) -> str:
    """Where the notice of a server points; the server itself where it has none. Raises NotReached."""
    try:
        reply = await _follow(f"https://{name}", surroundings)
    except NotReached as failure:
        if failure.problem in {Problem.REFUSED, Problem.SILENT, Problem.LOST}:
            return f"https://{name}"  # no web server there: perhaps a homeserver, at another door of it
        raise
    if reply.status == 404:
        return f"https://{name}"
    try:
        told = _told(json.loads(reply.body)) if reply.status == 200 else None
        if told is not None:
            return base_address(told)
    except (ValueError, RecursionError):
        pass
    raise NotReached(Problem.BAD_NOTICE, name)


async def _follow(base: str, surroundings: Surroundings) -> Reply:
    """The notice, from wherever it was moved to; only by https, and no further than a few times. Raises NotReached."""
    address = NOTICE
    for _ in range(MOST_REDIRECTS + 1):
        wire = Wire(base, surroundings)
        try:
            reply = await wire.reply(Question("GET", address), patience=PATIENCE, largest=LARGEST_NOTICE)
        finally:
            await wire.close()
        if reply.status not in _REDIRECTS:
            return reply
        base, address = _next(base, reply.location)
    raise NotReached(Problem.BAD_NOTICE, urlsplit(base).hostname or "")


def _next(base: str, location: str) -> tuple[str, str]:
    """Where a redirect leads. Raises NotReached."""
    host = urlsplit(base).hostname or ""
    try:
        parts = urlsplit(location if "://" in location else f"{base}/{location.lstrip('/')}")
        if (
            not location
            or parts.scheme != "https"
            or "@" in parts.netloc
            or len(location) > 2000
            or not location.isascii()
        ):
            raise NoAddress
        return f"https://{server_name(parts.netloc)}", (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    except ValueError:
        raise NotReached(Problem.BAD_NOTICE, host) from None


def _told(notice: Any) -> str | None:
    section = notice.get("m.homeserver") if isinstance(notice, Mapping) else None
    told = section.get("base_url") if isinstance(section, Mapping) else None
    return told if isinstance(told, str) else None
