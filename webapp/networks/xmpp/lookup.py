"""Where a server is: SRV records (RFC 6120 section 3.2, XEP-0368), addresses, and which of them may be reached.

Every name is resolved once, every address is checked, and the address that was checked is the one connected to: a
second look-up could give another answer (S5).
"""

import asyncio
import random
import socket
from collections.abc import Iterable
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

import aiodns
import pycares

from webapp.networks.xmpp.trouble import ConnectFailed, Problem

IpAddress = IPv4Address | IPv6Address
PATIENCE = 5.0

# Where an IPv4 address hides in an IPv6 one: (prefix, bits to shift it down by).
_WRAPPED = (
    (ip_network("::ffff:0:0/96"), 0),
    (ip_network("::/96"), 0),
    (ip_network("64:ff9b::/96"), 0),
    (ip_network("64:ff9b:1::/48"), 0),
    (ip_network("2002::/16"), 80),
)
_NEVER = tuple(ip_network(n) for n in ("fec0::/10", "2001::/32", "100.64.0.0/10", "0.0.0.0/8", "240.0.0.0/4"))


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
        for address in await _addresses(host.name):
            if may_reach(ip_address(address), allowed, {domain, host.name}):
                places.append(Place(address, host.port, host.direct))
            else:
                blocked = True
    if not places:
        raise ConnectFailed(Problem.PRIVATE if blocked else Problem.NOT_FOUND, server or domain)
    return places


def may_reach(address: IpAddress, private: Iterable[str], names: set[str]) -> bool:
    """Whether an address is public, or private and allowed: by one of its names, or as part of a range."""
    if is_public(address):
        return True
    return any(_allows(entry, address, names) for entry in private)


def is_public(address: IpAddress) -> bool:
    """Whether everybody may have this address; also looks inside of addresses that carry another one."""
    if any(address.version == network.version and address in network for network in _NEVER):
        return False
    for network, shift in _WRAPPED:
        if address.version == 6 and address in network:
            return is_public(IPv4Address((int(address) >> shift) & 0xFFFFFFFF))
    return address.is_global and not address.is_multicast


def _allows(entry: str, address: IpAddress, names: set[str]) -> bool:
    try:
        network = ip_network(entry, strict=False)
    except ValueError:
        return entry.lower() in {name.lower() for name in names}
    return address.version == network.version and address in network


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


async def _addresses(host: str) -> list[str]:
    try:
        return [str(ip_address(host.strip("[]")))]
    except ValueError:
        pass
    loop = asyncio.get_running_loop()
    try:
        found = await asyncio.wait_for(loop.getaddrinfo(host, None, type=socket.SOCK_STREAM), PATIENCE)
    except (OSError, UnicodeError, TimeoutError):
        return []
    return list(dict.fromkeys(str(entry[4][0]).partition("%")[0] for entry in found))
