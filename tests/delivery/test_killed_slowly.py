"""R1 on a slow disk: the program is killed while its transactions wait to be committed."""

import os
import time

import pytest

from tests.delivery.ledger import check, drain
from tests.delivery.scene import Scene
from tests.delivery.slow_commits import SAYS
from tests.delivery.traffic import Speaker, Writer, between_kills

SOAK = bool(os.environ.get("SOAK"))
KILLS = 200 if SOAK else int(os.environ.get("KILLS", "10"))

pytestmark = [pytest.mark.servers, pytest.mark.timeout(3600 if SOAK else 600)]


@pytest.mark.program("tests.delivery.slow_commits")
def test_killed_before_its_commits_nothing_is_lost_doubled_or_out_of_order(scene: Scene) -> None:
    writer = Writer(scene.alice, scene.conversations).start()
    speaker = Speaker(scene.say, list(scene.conversations)).start()
    for _ in range(KILLS):
        time.sleep(between_kills())
        scene.program.kill()
        scene.program.start()
    writer.stop()
    speaker.stop()
    assert sum(map(len, speaker.said.values())) > KILLS * 5
    print(f"drained in {drain(scene, writer, speaker):.1f} s")
    check(scene, writer, speaker)
    assert scene.program.log_file.read_text().count(SAYS) == KILLS + 1
