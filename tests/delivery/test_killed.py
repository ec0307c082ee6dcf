"""R1, R2: the program is killed again and again while messages go both ways, some of them encrypted.

Nothing is lost, doubled, out of order, or cannot be read.
"""

import os

import pytest

from tests.delivery.ledger import kill_again_and_again
from tests.delivery.scene import Scene

SOAK = bool(os.environ.get("SOAK"))
KILLS = 200 if SOAK else int(os.environ.get("KILLS", "30"))

pytestmark = [pytest.mark.servers, pytest.mark.timeout(3600 if SOAK else 600)]


def test_killed_again_and_again_nothing_is_lost_doubled_or_out_of_order(scene: Scene) -> None:
    kill_again_and_again(scene, KILLS)
