"""R16: the network does not accept the password any more. One attempt, a clear state, and what waits goes out later."""

import time

import pytest

from tests.delivery.archives import archive_of
from tests.delivery.ledger import OUT
from tests.delivery.traffic import deliveries_in
from tests.delivery.xmpp_scene import XmppScene

AT_MOST = 10.0
TRIED, REFUSED = ": <auth ", ": <failure xmlns='urn:ietf:params:xml:ns:xmpp-sasl'>"
LONG_ENOUGH = 8.0
"""More than the first waits of whoever tries again."""

pytestmark = [pytest.mark.servers, pytest.mark.timeout(180)]


@pytest.fixture
def scene(xmpp_scene: XmppScene) -> XmppScene:
    return xmpp_scene


def test_a_changed_password_asks_the_person_and_keeps_what_waits(scene: XmppScene) -> None:
    bob = scene.conversations["bob"]
    scene.prosody.change_password("alice", "new")
    scene.prosody.stop()
    scene.alice.until(lambda: "Online" not in scene.alice.account_state(scene.address))
    scene.alice.send(bob, "out kept")
    before = _attempts(scene)
    scene.prosody.start()
    scene.alice.until(lambda: REFUSED in scene.prosody.log(), 60)
    refused = time.monotonic()
    scene.alice.until(lambda: "Signed out" in scene.alice.account_state(scene.address))
    assert time.monotonic() - refused < AT_MOST
    scene.alice.send(bob, "out kept as well")
    time.sleep(LONG_ENOUGH)
    assert "Signed out" in scene.alice.account_state(scene.address)
    assert _attempts(scene) == before + 1, "it tried again with a password that is known to be wrong"
    assert deliveries_in(scene.database, bob) == ["waiting", "waiting"]
    _sign_in_again(scene)
    scene.alice.until(lambda: set(deliveries_in(scene.database, bob)) <= OUT)
    assert [body for _, body in archive_of(scene, "bob", "bob")] == ["out kept", "out kept as well"]


def _attempts(scene: XmppScene) -> int:
    """How often somebody has tried to sign in, by the server's own log."""
    return scene.prosody.log().count(TRIED)


def _sign_in_again(scene: XmppScene) -> None:
    form = {"Password": "new", "Server": "127.0.0.1", "Port": str(scene.prosody.port)}
    scene.alice.fill(scene.sign_in_again_path(), "Connect", **form)
    scene.alice.until(lambda: "Online" in scene.alice.account_state(scene.address))
