"""R6 on Matrix: the homeserver is killed, stalls, or says that it cannot answer now, while Alice writes."""

import os
import time

import pytest

from tests.delivery.ledger import OUT
from tests.delivery.matrix_scene import MatrixScene
from tests.delivery.traffic import Writer, between_kills, deliveries_in
from tests.fault_proxy import FaultProxy

SOAK = bool(os.environ.get("SOAK"))
KILLS = 200 if SOAK else 20
STALLS = 3 if SOAK else 1
STALL_SECONDS = 60
RETRY_AFTER = 4

pytestmark = [pytest.mark.servers, pytest.mark.timeout(1800 if SOAK else 600)]


def test_a_homeserver_that_is_killed_and_restarted_loses_and_doubles_nothing(matrix_scene: MatrixScene) -> None:
    writer = Writer(matrix_scene.alice, matrix_scene.conversations).start()
    for _ in range(KILLS):
        time.sleep(between_kills() / 2)
        matrix_scene.synapse.kill()
        matrix_scene.synapse.start()
        matrix_scene.try_now()  # nobody waits for the back-off of twenty broken lines
    writer.stop()
    _check(matrix_scene, writer)


def test_a_homeserver_that_stalls_loses_and_doubles_nothing(matrix_scene: MatrixScene) -> None:
    """Long enough for the line to be given up, with a message on it that the server finds when it wakes up."""
    writer = Writer(matrix_scene.alice, matrix_scene.conversations).start()
    for _ in range(STALLS):
        time.sleep(2)
        matrix_scene.synapse.pause()
        matrix_scene.alice.until(lambda: not _is_online(matrix_scene), STALL_SECONDS)
        matrix_scene.synapse.go_on()
        matrix_scene.try_now()
        matrix_scene.alice.until(lambda: _is_online(matrix_scene), STALL_SECONDS)
    writer.stop()
    _check(matrix_scene, writer)


def test_a_homeserver_that_cannot_answer_now_loses_and_doubles_nothing(
    proxied: tuple[MatrixScene, FaultProxy],
) -> None:
    scene, proxy = proxied
    writer = Writer(scene.alice, scene.conversations).start()
    for answer in ((502, {}), (429, {}), (503, {"Retry-After": "1"})):
        time.sleep(2)
        before = len(proxy.asked)
        proxy.says = answer
        scene.alice.until(lambda before=before: len(proxy.asked) >= before + 3)
        proxy.says = None
        scene.try_now()
    scene.alice.until(lambda: _is_online(scene))
    writer.stop()
    _check(scene, writer)


def test_a_homeserver_that_says_when_is_asked_then(proxied: tuple[MatrixScene, FaultProxy]) -> None:
    scene, proxy = proxied
    proxy.says = (429, {"Retry-After": str(RETRY_AFTER)})
    scene.alice.send(scene.conversations["bob"], "out 0")
    scene.alice.until(lambda: not _is_online(scene))
    first = len(proxy.asked)
    scene.alice.until(lambda: len(proxy.asked) > first, RETRY_AFTER * 3)
    waited = proxy.asked[first][0] - proxy.asked[first - 1][0]
    assert abs(waited - RETRY_AFTER) <= 1, f"asked again after {waited:.1f} s"
    proxy.says = None
    scene.alice.until(lambda: deliveries_in(scene.database, scene.conversations["bob"])[-1] in OUT)
    scene.bob.until(lambda: scene.received("bob") == ["out 0"])


def _is_online(scene: MatrixScene) -> bool:
    return "Online" in scene.alice.account_state(scene.address)


def _check(scene: MatrixScene, writer: Writer) -> None:
    """Every message is over there, once, readable, in the order of writing."""
    for name, conversation in scene.conversations.items():
        scene.alice.until(
            lambda conversation=conversation: set(deliveries_in(scene.database, conversation)) <= OUT, 180
        )
        wanted = writer.acknowledged[name]
        scene.bob.until(lambda name=name, wanted=wanted: len(scene.received(name)) >= len(wanted))
        time.sleep(2)  # what is doubled comes late
        assert scene.received(name) == wanted, name
    assert not writer.refused
