"""Where a server is: SRV records (RFC 6120 section 3.2, XEP-0368), and the addresses of the hosts that they name."""

import asyncio
import random
from collections.abc import Iterable
from dataclasses import dataclass
from ipaddress import ip_address

import aiodns
import pycares

from webapp.networks.reach import addresses_of, may_reach
from webapp.networks.xmpp.trouble import ConnectFailed, Problem

PATIENCE = 5.0


@dataclass(frozen=True)
class Place:
    """Somewhere to connect to. ``direct`` speaks TLS from the first byte, otherwise by STARTTLS."""

    address: str
    port: int
    direct: bool


@dataclass(frozen=True)
class _Host:
    name: str
    port: int
    direct: bool


async def find_places(domain: str, server: str, port: int | None, private: Iterable[str]) -> list[Place]:
    """Where to try, best first. ``server`` and ``port`` are what the person gave, empty for a look-up.

    Raises ConnectFailed: nothing found, or only what may not be reached.
    """
    hosts = _given(server or domain, port) if server or port else await _announced(domain)
    hosts = hosts or [_Host(domain, 5222, False)]
    allowed = tuple(private)
    places: list[Place] = []
    blocked = False
    for host in hosts:
        for address in await addresses_of(host.name):
            if may_reach(ip_address(address), allowed, {domain, host.name}):
                places.append(Place(address, host.port, host.direct))
            else:
                blocked = True
    if not places:
        raise ConnectFailed(Problem.PRIVATE if blocked else Problem.NOT_FOUND, server or domain)
    return places


def _given(server: str, port: int | None) -> list[_Host]:
    """What the person named. Without a port both usual ones; with one, both ways, because we cannot know."""
    if port is None:
        return [_Host(server, 5222, False), _Host(server, 5223, True)]
    ways = (True, False) if port in {443, 5223} else (False, True)
    return [_Host(server, port, direct) for direct in ways]


async def _announced(domain: str) -> list[_Host]:
    """What the domain announces by SRV records, in the order of their priority, the same priority by weight.

    Both ways are one list (XEP-0368). Raises ConnectFailed where the domain says that it offers no XMPP at all: then
    RFC 6120 section 3.2.1 forbids falling back to the domain itself.
    """
    resolver = aiodns.DNSResolver(timeout=PATIENCE, tries=2)
    try:
        found = await asyncio.gather(
            _records(resolver, f"_xmpps-client._tcp.{domain}", True),
            _records(resolver, f"_xmpp-client._tcp.{domain}", False),
        )
    finally:
        await resolver.close()
    records = [record for group in found for record in group]
    records.sort(key=lambda record: (record[0], -(random.random() ** (1 / (record[1] + 1)))))  # noqa: S311 (balance)
    hosts = [host for _, _, host in records]
    offered = [host for host in hosts if host.name]
    if not offered and any(not host.direct for host in hosts):
        raise ConnectFailed(Problem.NOT_FOUND, domain)
    return offered


async def _records(resolver: aiodns.DNSResolver, name: str, direct: bool) -> list[tuple[int, int, _Host]]:
    """Priority, weight and host of each record; a host without a name says that this way is not offered (RFC 2782)."""
    try:
        answer = await asyncio.wait_for(resolver.query_dns(name, "SRV"), PATIENCE)
    except (aiodns.error.DNSError, TimeoutError, UnicodeError):
        return []
    data = [record.data for record in answer.answer if isinstance(record.data, pycares.SRVRecordData)]
    return [(d.priority, d.weight, _Host(d.target.rstrip("."), d.port, direct)) for d in data]
