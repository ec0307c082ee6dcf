"""R1: the program is killed again and again while messages go both ways.

Nothing is lost, doubled or out of order.
"""

import os
import time

import pytest

from tests.delivery.ledger import check, drain
from tests.delivery.scene import Scene
from tests.delivery.traffic import Speaker, Writer, between_kills

SOAK = bool(os.environ.get("SOAK"))
KILLS = 200 if SOAK else int(os.environ.get("KILLS", "30"))

pytestmark = [pytest.mark.servers, pytest.mark.timeout(3600 if SOAK else 600)]


def test_killed_again_and_again_nothing_is_lost_doubled_or_out_of_order(scene: Scene) -> None:
    writer = Writer(scene.alice, scene.conversations).start()
    speaker = Speaker(scene.say, list(scene.conversations)).start()
    for _ in range(KILLS):
        time.sleep(between_kills())
        scene.program.kill()
        scene.program.start()
    writer.stop()
    speaker.stop()
    assert sum(map(len, speaker.said.values())) > KILLS * 5
    drain(scene, writer, speaker)
    check(scene, writer, speaker)
