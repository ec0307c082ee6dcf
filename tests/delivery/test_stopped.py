"""R23: the program is asked to leave a hundred times while messages go both ways. It leaves within ten seconds, and
what it was about is neither lost nor left lying.

A house with each network leaves fifty times, so that they can do it side by side.
"""

import os
import random
import signal
import time

import pytest

from tests.delivery.ledger import check, drain
from tests.delivery.scene import Scene
from tests.delivery.traffic import Speaker, Writer

SOAK = bool(os.environ.get("SOAK"))
STOPS = 200 if SOAK else int(os.environ.get("STOPS", "50"))
AT_MOST = 10.0

pytestmark = [pytest.mark.servers, pytest.mark.timeout(3600 if SOAK else 600)]


def test_asked_to_leave_again_and_again_it_leaves_soon_and_strands_nothing(scene: Scene) -> None:
    writer = Writer(scene.alice, scene.conversations).start()
    speaker = Speaker(scene.say, list(scene.conversations)).start()
    took = []
    for _ in range(STOPS):
        time.sleep(random.uniform(0.5, 2.0))  # while it starts, signs in, catches up or simply runs
        took.append(scene.program.stop())
        assert took[-1] < AT_MOST
        assert scene.program.process is not None
        assert scene.program.process.returncode in {0, -signal.SIGTERM}
        scene.program.start()
    writer.stop()
    speaker.stop()
    print(f"left in {sorted(took)[STOPS // 2]:.2f} s in the middle, {max(took):.2f} s at most")
    drain(scene, writer, speaker)
    check(scene, writer, speaker)
    assert "Traceback" not in scene.program.log_file.read_text()
