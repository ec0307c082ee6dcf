"""Which servers may be reached: public ones, and private ones that this installation allows.

Every name is resolved once, every address is checked, and the address that was checked is the one connected to: a
second look-up could give another answer (S5).
"""

import asyncio
import socket
from collections.abc import Iterable
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

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


async def addresses_of(host: str) -> list[str]:
    """The addresses of a host, best first; of an address, itself. Empty where there are none within five seconds."""
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
