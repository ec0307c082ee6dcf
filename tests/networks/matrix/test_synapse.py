"""The server that the other tests count on does what they ask of it."""

from collections.abc import Iterator
from urllib.error import URLError
from urllib.request import ProxyHandler, build_opener

import pytest

from tests.synapse import Answer, Synapse

pytestmark = pytest.mark.servers
PASSWORD = "correct horse battery staple"


@pytest.fixture(scope="module")
def own() -> Iterator[Synapse]:
    """A server that these tests may stop."""
    with Synapse() as server:
        yield server


def who_am_i(server: Synapse, device: dict[str, str]) -> str:
    answer = server.ask("GET", "/_matrix/client/v3/account/whoami", None, device["access_token"])
    user: str = answer["user_id"]
    return user


def test_killing_and_stopping_it_loses_nobody(own: Synapse) -> None:
    alice = own.add_user("alice", PASSWORD, "Alice")
    device = own.sign_in(alice, PASSWORD)
    for end in (own.kill, own.stop):
        end()
        assert not own.running
        own.start()
        assert who_am_i(own, device) == alice


def test_a_server_that_hangs_keeps_its_port_and_goes_on(own: Synapse) -> None:
    own.pause()
    with pytest.raises((URLError, TimeoutError)):
        build_opener(ProxyHandler({})).open(f"{own.url}/health", timeout=0.5)
    own.go_on()
    assert own.ask("GET", "/_matrix/client/versions")["versions"]


def test_a_device_is_taken_away_alone(own: Synapse) -> None:
    bob = own.add_user("bob", PASSWORD)
    lost, kept = own.sign_in(bob, PASSWORD), own.sign_in(bob, PASSWORD)
    own.revoke(bob, lost["device_id"])
    with pytest.raises(Answer) as answer:
        who_am_i(own, lost)
    assert answer.value.body["errcode"] == "M_UNKNOWN_TOKEN"
    assert who_am_i(own, kept) == bob
    assert [device["device_id"] for device in own.devices(bob)] == [kept["device_id"]]


def test_another_password_signs_every_device_out(own: Synapse) -> None:
    carol = own.add_user("carol", PASSWORD)
    device = own.sign_in(carol, PASSWORD)
    own.set_password(carol, "another one")
    with pytest.raises(Answer):
        who_am_i(own, device)
    assert own.sign_in(carol, "another one")["user_id"] == carol


def test_a_closed_account_lets_nobody_in(own: Synapse) -> None:
    dora = own.add_user("dora", PASSWORD)
    own.deactivate(dora)
    with pytest.raises(Answer) as answer:
        own.sign_in(dora, PASSWORD)
    assert answer.value.status == 403
