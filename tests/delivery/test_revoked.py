"""R16 on Matrix: the homeserver takes the device away.

A clear state at once, no further attempt, what waits goes out later; and the device is one again for everybody else.
"""

import time

import pytest

from tests.delivery.ledger import OUT
from tests.delivery.matrix_scene import MatrixScene
from tests.delivery.traffic import deliveries_in
from tests.fault_proxy import FaultProxy

AT_MOST = 10.0
LONG_ENOUGH = 8.0
"""More than the first waits of whoever tries again."""

pytestmark = [pytest.mark.servers, pytest.mark.timeout(180)]


@pytest.mark.parametrize("taken", ["device", "password"])
def test_a_device_that_was_taken_away_asks_the_person_and_keeps_what_waits(
    proxied: tuple[MatrixScene, FaultProxy], taken: str
) -> None:
    scene, proxy = proxied
    bob = scene.conversations["bob"]
    scene.alice.send(bob, "out before")
    scene.alice.until(lambda: set(deliveries_in(scene.database, bob)) <= OUT)
    password = "pw"
    if taken == "device":
        [device] = scene.synapse.devices(scene.address)
        scene.synapse.revoke(scene.address, device["device_id"])
    else:
        password = "new"
        scene.synapse.set_password(scene.address, password)
    refused = time.monotonic()
    scene.alice.until(lambda: "Signed out" in scene.alice.account_state(scene.address))
    assert time.monotonic() - refused < AT_MOST
    asked = len(proxy.asked)
    scene.alice.send(bob, "out kept")
    scene.alice.send(bob, "out kept as well")
    time.sleep(LONG_ENOUGH)
    assert "Signed out" in scene.alice.account_state(scene.address)
    assert deliveries_in(scene.database, bob)[-2:] == ["waiting", "waiting"]
    assert proxy.asked[asked:] == [], "it tried again with a token that is known to be void"
    scene.sign_in(scene.sign_in_again_path(), password)
    scene.alice.until(lambda: set(deliveries_in(scene.database, bob)) <= OUT)
    scene.bob.until(lambda: scene.received("bob") == ["out before", "out kept", "out kept as well"])
    scene.say("bob", "in after")
    scene.alice.until(lambda: "in after" in [bubble.text for bubble in scene.alice.bubbles(bob)])
