"""R6: the network's server is killed, or stalls, while Alice writes.

What the others say while their own server is away is their clients' matter, so only Alice writes.
"""

import os
import time
from collections.abc import Callable

import pytest

from tests.delivery.archives import archive_of
from tests.delivery.ledger import OUT
from tests.delivery.traffic import Writer, between_kills, deliveries_in
from tests.delivery.xmpp_scene import XmppScene

SOAK = bool(os.environ.get("SOAK"))
KILLS = 200 if SOAK else 20
STALLS = 3 if SOAK else 1
STALL_SECONDS = 60

pytestmark = [pytest.mark.servers, pytest.mark.timeout(1800 if SOAK else 600)]


@pytest.fixture
def scene(xmpp_scene: XmppScene) -> XmppScene:
    return xmpp_scene


def test_a_network_server_that_is_killed_and_restarted_loses_and_doubles_nothing(scene: XmppScene) -> None:
    """A server that is killed between putting a message into Alice's archive and putting it into Bob's has lost it by
    itself: asked for it, it shows it to Alice (D4). Its log names those messages; no other may be missing anywhere.
    """
    writer = Writer(scene.alice, scene.conversations).start()
    for number in range(KILLS):
        time.sleep(between_kills() / 2)
        if number % 2:
            scene.prosody.kill()
        else:
            scene.prosody.kill_at_work()
        scene.prosody.start()
        scene.try_now()  # nobody waits for the back-off of twenty broken lines
    writer.stop()
    _check(scene, writer, scene.prosody.half_done)


def test_a_network_server_that_stalls_loses_and_doubles_nothing(scene: XmppScene) -> None:
    """Long enough for the line to be given up, with a message on it that the server finds when it wakes up."""
    writer = Writer(scene.alice, scene.conversations).start()
    for _ in range(STALLS):
        time.sleep(2)
        scene.prosody.pause()
        scene.alice.until(lambda: "Online" not in scene.alice.account_state(scene.address), STALL_SECONDS)
        scene.prosody.go_on()
        scene.try_now()
        scene.alice.until(lambda: "Online" in scene.alice.account_state(scene.address), STALL_SECONDS)
    writer.stop()
    _check(scene, writer, set)


def _check(scene: XmppScene, writer: Writer, excused: Callable[[], set[str]]) -> None:
    """Every message is in both archives, once, in the order of writing; but for those that are excused, in Alice's."""
    for name, conversation in scene.conversations.items():
        scene.alice.until(lambda conversation=conversation: _is_out(scene, conversation), 180)
        ours = archive_of(scene, "alice", name)
        assert [body for _, body in ours] == writer.acknowledged[name], name
        theirs = archive_of(scene, "bob" if name == "room" else name, name)
        names = excused()
        assert theirs == [one for one in ours if one in theirs or one[0] not in names], name


def _is_out(scene: XmppScene, conversation: int) -> bool:
    return set(deliveries_in(scene.database, conversation)) <= OUT
