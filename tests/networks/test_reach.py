"""No server that only this machine or its neighbours can see is reached because somebody out there names it (S5)."""

import asyncio
from ipaddress import ip_address

import pytest

from webapp.networks.reach import addresses_of, is_public, may_reach

NOT_PUBLIC = [
    *("127.0.0.1", "127.1.2.3", "0.0.0.0", "0.1.2.3", "10.0.0.1", "172.16.0.1", "172.31.255.255", "192.168.1.1"),
    *("169.254.169.254", "169.254.1.1", "100.64.0.1", "100.127.255.255", "192.0.0.1", "192.0.2.1", "198.18.0.1"),
    *("198.51.100.7", "203.0.113.7", "224.0.0.1", "239.255.255.255", "240.0.0.1", "255.255.255.255"),
    *("::", "::1", "fe80::1", "fc00::1", "fd12:3456::1", "fec0::1", "ff02::1", "2001:db8::1", "100::1"),
    *("::ffff:127.0.0.1", "::ffff:10.0.0.1", "::ffff:169.254.169.254", "::127.0.0.1", "::10.0.0.1"),
    *("64:ff9b::7f00:1", "64:ff9b::a00:1", "64:ff9b::a9fe:a9fe", "64:ff9b:1::7f00:1", "64:ff9b:1::a00:1"),
    *("2002:7f00:1::", "2002:a00:1::1", "2002:a9fe:a9fe::1", "2002:c0a8:101::1", "2001:0:7f00:1::1"),
]
PUBLIC = ["1.1.1.1", "93.184.216.34", "2606:4700::1111", "::ffff:1.1.1.1", "64:ff9b::101:101", "2002:101:101::1"]
SPELLINGS = [
    *("localhost", "LOCALHOST", "localhost.", "127.1", "127.0.1", "0x7f.0.0.1", "0x7f000001", "2130706433"),
    *("0177.0.0.1", "017700000001", "0", "[::1]", "[::ffff:127.0.0.1]", "0:0:0:0:0:0:0:1", "127.0.0.1."),
]
"""Each of them is this machine, however it is written."""


@pytest.mark.parametrize("address", NOT_PUBLIC)
def test_what_not_everybody_may_have_is_not_public(address: str) -> None:
    assert not is_public(ip_address(address))
    assert not may_reach(ip_address(address), (), {"house.example"})


@pytest.mark.parametrize("address", PUBLIC)
def test_what_everybody_may_have_is_reached(address: str) -> None:
    assert may_reach(ip_address(address), (), set())


@pytest.mark.parametrize("host", SPELLINGS)
def test_this_machine_is_not_reached_however_it_is_written(host: str) -> None:
    assert not [one for one in asyncio.run(addresses_of(host)) if may_reach(ip_address(one), (), {host})]


def test_a_private_server_is_reached_by_what_the_installation_allows_and_by_nothing_else() -> None:
    address = ip_address("10.1.2.3")
    assert may_reach(address, ("10.1.0.0/16",), set())
    assert may_reach(address, ("Chat.Example",), {"chat.example"})
    assert not may_reach(address, ("10.2.0.0/16", "other.example", "fd00::/8"), {"chat.example"})
