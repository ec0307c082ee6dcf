"""Where a server is, as its domain announces it: SRV records (RFC 6120, XEP-0368), asked of a real name server."""

import asyncio
import time
from collections import Counter
from collections.abc import Coroutine, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import aiodns
import pytest

from tests.networks.conftest import User
from tests.networks.following import Following
from tests.networks.xmpp.name_server import NameServer, Srv
from webapp.networks.contract import Credentials, Surroundings
from webapp.networks.xmpp import lookup, network
from webapp.networks.xmpp.lookup import Place, find_places
from webapp.networks.xmpp.trouble import ConnectFailed, Problem

STARTTLS, DIRECT = "_xmpp-client._tcp.chat.test", "_xmpps-client._tcp.chat.test"
LOOPBACK = ("127.0.0.0/8", "::1")


@pytest.fixture
def names(monkeypatch: pytest.MonkeyPatch) -> Iterator[NameServer]:
    """The name server that this machine asks."""
    with NameServer() as server:
        monkeypatch.setattr(aiodns, "DNSResolver", partial(aiodns.DNSResolver, nameservers=[server.address]))
        yield server


def run(work: Coroutine[Any, Any, Any]) -> Any:
    return asyncio.run(work)


def places(domain: str = "chat.test", private: tuple[str, ...] = LOOPBACK) -> list[Place]:
    return run(find_places(domain, "", None, private))


def ports(domain: str = "chat.test") -> list[int]:
    return [place.port for place in places(domain)]


def test_the_lowest_priority_comes_first_whatever_the_way_and_the_weight(names: NameServer) -> None:
    names.records[STARTTLS] = [Srv(30, 1000, 3, "127.0.0.3"), Srv(10, 1, 1, "127.0.0.1")]
    names.records[DIRECT] = [Srv(40, 0, 4, "127.0.0.4"), Srv(20, 65535, 2, "127.0.0.2")]
    assert places() == [
        Place("127.0.0.1", 1, False),
        Place("127.0.0.2", 2, True),
        Place("127.0.0.3", 3, False),
        Place("127.0.0.4", 4, True),
    ]
    assert set(names.asked) == {STARTTLS, DIRECT}


def test_the_same_priority_is_shared_by_weight_over_both_ways(names: NameServer) -> None:
    """Nine in ten go to the heavy one first; both are there each time."""
    names.records[STARTTLS] = [Srv(5, 9, 1, "127.0.0.1")]
    names.records[DIRECT] = [Srv(5, 99, 2, "127.0.0.2")]
    seen = [ports() for _ in range(200)]
    assert all(sorted(one) == [1, 2] for one in seen)
    first = Counter(one[0] for one in seen)
    assert first[1] > 0
    assert first[2] > 140


def test_every_address_of_a_target_is_a_place(names: NameServer) -> None:
    names.records[STARTTLS] = [Srv(1, 0, 9, "localhost")]
    assert Place("127.0.0.1", 9, False) in places()


def test_a_target_that_is_nowhere_leaves_the_others(names: NameServer) -> None:
    names.records[STARTTLS] = [Srv(1, 0, 1, "nowhere.invalid"), Srv(2, 0, 2, "127.0.0.2")]
    assert ports() == [2]


@pytest.mark.parametrize("how", ["unknown", "empty", "failing", "garbled"])
def test_without_records_the_domain_itself_is_tried_at_the_usual_port(names: NameServer, how: str) -> None:
    for name in ("_xmpp-client._tcp.localhost", "_xmpps-client._tcp.localhost"):
        if how == "empty":
            names.records[name] = []
        elif how == "failing":
            names.failing.add(name)
        elif how == "garbled":
            names.records[name] = [Srv(1, 0, 1, "127.0.0.9")]
            names.garbled.add(name)
    assert Place("127.0.0.1", 5222, False) in places("localhost")
    assert {place.port for place in places("localhost")} == {5222}


@pytest.mark.process
def test_a_name_server_that_is_silent_is_not_waited_for(names: NameServer, monkeypatch: pytest.MonkeyPatch) -> None:
    names.silent |= {"_xmpp-client._tcp.localhost", "_xmpps-client._tcp.localhost"}
    monkeypatch.setattr(lookup, "PATIENCE", 2.0)
    began = time.monotonic()
    assert Place("127.0.0.1", 5222, False) in places("localhost")
    assert 1.9 < time.monotonic() - began < 5  # not twice, although the question is sent twice


def test_one_way_that_is_silent_does_not_hide_the_other(names: NameServer, monkeypatch: pytest.MonkeyPatch) -> None:
    names.silent.add(DIRECT)
    names.records[STARTTLS] = [Srv(1, 0, 7, "127.0.0.7")]
    monkeypatch.setattr(lookup, "PATIENCE", 0.5)
    assert ports() == [7]


def test_a_domain_that_offers_no_service_is_not_tried_at_all(names: NameServer) -> None:
    """RFC 2782: a target of ``.`` means decidedly no, and there is no falling back (RFC 6120 section 3.2.1)."""
    names.records["_xmpp-client._tcp.localhost"] = [Srv(0, 0, 0, ".")]
    with pytest.raises(ConnectFailed) as failed:
        places("localhost")
    assert failed.value.problem is Problem.NOT_FOUND


def test_one_way_that_is_not_offered_leaves_the_other(names: NameServer) -> None:
    names.records[STARTTLS] = [Srv(0, 0, 0, ".")]
    names.records[DIRECT] = [Srv(1, 0, 2, "127.0.0.2")]
    assert places() == [Place("127.0.0.2", 2, True)]
    names.records = {"_xmpps-client._tcp.localhost": [Srv(0, 0, 0, ".")]}
    assert Place("127.0.0.1", 5222, False) in places("localhost")


def test_a_record_that_leads_into_a_private_network_leads_nowhere(names: NameServer) -> None:
    names.records[STARTTLS] = [Srv(1, 0, 22, "10.0.0.1"), Srv(2, 0, 80, "169.254.169.254"), Srv(3, 0, 1, "127.0.0.1")]
    with pytest.raises(ConnectFailed) as failed:
        places(private=())
    assert failed.value.problem is Problem.PRIVATE
    assert [place.address for place in places(private=("10.0.0.0/8",))] == ["10.0.0.1"]


def test_a_domain_with_other_letters_is_asked_for_in_its_ascii_form(names: NameServer) -> None:
    names.records["_xmpp-client._tcp.xn--bcher-kva.test"] = [Srv(1, 0, 3, "127.0.0.3")]
    assert ports("bücher.test") == [3]


@pytest.mark.parametrize("domain", ["x" * 64 + ".test", ".".join(["abc"] * 90), "a..b", "\x00", "-"])
def test_what_is_no_domain_is_not_found(names: NameServer, domain: str) -> None:
    with pytest.raises(ConnectFailed) as failed:
        places(domain)
    assert failed.value.problem is Problem.NOT_FOUND


@pytest.mark.servers
@pytest.mark.parametrize("way", [STARTTLS, DIRECT])
def test_an_address_and_a_password_are_enough(names: NameServer, alice: User, tmp_path: Path, way: str) -> None:
    port = alice.prosody.port if way == STARTTLS else alice.prosody.direct_tls_port
    names.records[way] = [Srv(5, 0, 1, "127.0.0.1"), Srv(10, 0, port, "localhost")]

    async def talk() -> None:
        around = Surroundings(tmp_path / "shared", tmp_path / "account", alice.prosody.ca_file, LOOPBACK)
        session = network.session(Credentials(alice.address, {"password": alice.password}), around)
        async with Following(session) as seen:
            await seen.until(lambda: seen.batches)
            assert seen.trouble is None

    run(talk())
