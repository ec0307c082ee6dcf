"""R1 on a slow disk: the program is killed while its transactions wait to be committed."""

import os

import pytest

from tests.delivery.ledger import kill_again_and_again
from tests.delivery.slow_commits import SAYS
from tests.delivery.xmpp_scene import XmppScene

SOAK = bool(os.environ.get("SOAK"))
KILLS = 200 if SOAK else int(os.environ.get("KILLS", "30"))

pytestmark = [pytest.mark.servers, pytest.mark.timeout(3600 if SOAK else 600)]


@pytest.fixture
def scene(xmpp_scene: XmppScene) -> XmppScene:
    return xmpp_scene


@pytest.mark.program("tests.delivery.slow_commits")
def test_killed_before_its_commits_nothing_is_lost_doubled_or_out_of_order(scene: XmppScene) -> None:
    print(f"drained in {kill_again_and_again(scene, KILLS):.1f} s")
    assert scene.program.log_file.read_text().count(SAYS) == KILLS + 1
