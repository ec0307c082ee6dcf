"""R16: the network does not accept the password any more. One attempt, a clear state, and what waits goes out later."""

import time

import pytest

from tests.delivery.scene import Scene
from tests.delivery.traffic import deliveries_in

pytestmark = [pytest.mark.servers, pytest.mark.timeout(180)]


def test_a_changed_password_asks_the_person_and_keeps_what_waits(scene: Scene) -> None:
    scene.prosody.change_password("alice", "new")
    scene.prosody.stop()
    scene.prosody.start()
    started = time.monotonic()
    scene.alice.until(lambda: "Signed out" in scene.alice.account_state(scene.address), 60)
    told = scene.prosody.log().count("Failed authentication") + scene.prosody.log().lower().count("not-authorized")
    time.sleep(5)
    assert "Signed out" in scene.alice.account_state(scene.address)
    again = scene.prosody.log().count("Failed authentication") + scene.prosody.log().lower().count("not-authorized")
    assert again == told, "it tried again with a password that is known to be wrong"
    assert time.monotonic() - started < 60
    scene.alice.send(scene.conversations["bob"], "out kept")
    assert deliveries_in(scene.database, scene.conversations["bob"]) == ["waiting"]
    _sign_in_again(scene)
    scene.alice.until(lambda: set(deliveries_in(scene.database, scene.conversations["bob"])) <= {"sent", "delivered"})


def _sign_in_again(scene: Scene) -> None:
    networks = scene.alice.page("/networks")
    article = next(a for a in networks.select("article") if scene.address in a.get_text())
    link = next(a for a in article.select("a") if "Sign in again" in a.get_text())
    form = {"Password": "new", "Server": "127.0.0.1", "Port": str(scene.prosody.port)}
    scene.alice.fill(str(link["href"]), "Connect", **form)
    scene.alice.until(lambda: "Online" in scene.alice.account_state(scene.address))
