"""From an address and a password to a stream that is signed in, or to the reason why not."""

import asyncio
from dataclasses import dataclass
from weakref import WeakKeyDictionary

from slixmpp.util.sasl.client import saslprep
from slixmpp.util.stringprep_profiles import StringPrepError

from webapp.networks.contract import Surroundings
from webapp.networks.trust import trust
from webapp.networks.xmpp.lookup import Place, find_places
from webapp.networks.xmpp.trouble import OTHER_SERVER_MAY_HELP, ConnectFailed, Problem
from webapp.networks.xmpp.wire import Wire

EACH_PLACE, ALL_PLACES = 15.0, 40.0
"""Seconds that a sign-in may take."""
PACE = 0.03
"""Seconds between the beginnings of two sign-ins."""
_next_turn: WeakKeyDictionary[asyncio.AbstractEventLoop, float] = WeakKeyDictionary()
_MAYBE_THE_OTHER_WAY = {Problem.BAD_TLS, Problem.BAD_XML}
_TELLING = [Problem.NOT_FOUND, Problem.REFUSED, Problem.LOST, Problem.BAD_XML, Problem.SILENT, Problem.BAD_TLS]
"""Of several failures the last in this list says most; what is not in it says more still."""


@dataclass(frozen=True)
class Key:
    """What opens an account. ``server`` and ``port`` are only there when the person gave them."""

    address: str
    password: str
    server: str = ""
    port: int | None = None
    scram_only: bool = False

    @property
    def domain(self) -> str:
        return self.address.partition("@")[2]


async def connect(key: Key, resource: str, surroundings: Surroundings) -> Wire:
    """Sign in. Raises ConnectFailed."""
    if not _is_password(key.password):
        raise ConnectFailed(Problem.WRONG_PASSWORD, key.domain)
    await _turn()
    places = await find_places(key.domain, key.server, key.port, surroundings.private_servers)
    try:
        async with asyncio.timeout(ALL_PLACES):
            return await _first_that_opens(key, resource, places, surroundings)
    except TimeoutError:
        raise ConnectFailed(Problem.SILENT, key.server or key.domain) from None


async def _first_that_opens(key: Key, resource: str, places: list[Place], surroundings: Surroundings) -> Wire:
    context = await trust(surroundings.extra_ca_file)
    failures: list[ConnectFailed] = []
    spoken: set[tuple[str, int]] = set()
    for place in places:
        if (place.address, place.port) in spoken:
            continue  # it speaks XMPP in this way: no need to try the other
        wire = Wire(key.address, resource, key.password, context, key.scram_only)
        try:
            await wire.open(place, EACH_PLACE)
        except ConnectFailed as failure:
            failures.append(failure)
            if wire.spoken_to:
                spoken.add((place.address, place.port))
            if failure.problem not in OTHER_SERVER_MAY_HELP | _MAYBE_THE_OTHER_WAY:
                break
        except BaseException:
            await wire.close()
            raise
        else:
            return wire
    raise max(failures, key=_telling)


async def _turn() -> None:
    """One account after the other: each costs some milliseconds, and all together they would hold up the pages."""
    loop = asyncio.get_running_loop()
    at = max(loop.time(), _next_turn.get(loop, 0.0))
    _next_turn[loop] = at + PACE
    await asyncio.sleep(at - loop.time())


def _telling(failure: ConnectFailed) -> int:
    return _TELLING.index(failure.problem) if failure.problem in _TELLING else len(_TELLING)


def _is_password(text: str) -> bool:
    """Whether SASLprep (RFC 4013) lets this pass; no server has a password that it does not."""
    try:
        return bool(saslprep(text))
    except (StringPrepError, UnicodeError):
        return False
