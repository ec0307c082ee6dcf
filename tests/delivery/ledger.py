"""What was said, and what came of it: waiting for the last message, and counting."""

import time

from tests.delivery.scene import Scene
from tests.delivery.traffic import Speaker, Writer, between_kills, deliveries_in, heard_in

PATIENCE = 60
DRAIN_SECONDS = 30
"""R1: how long what was said may take to arrive after the last kill."""
OUT = {"sent", "delivered", "read"}


def drain(scene: Scene, writer: Writer, speaker: Speaker) -> float:
    """Wait until both sides have what the other said, and a little longer, because what is doubled comes late.

    Returns how many seconds it took, without the little.
    """
    began = time.monotonic()
    while not _is_drained(scene, writer, speaker) and time.monotonic() < began + PATIENCE:
        time.sleep(0.2)
    took = time.monotonic() - began
    time.sleep(2)
    return took


def kill_again_and_again(scene: Scene, kills: int) -> float:
    """Kill the program so often while messages go both ways, wait for the last of them, and check everything.

    Returns how many seconds they took to arrive, which must not be many.
    """
    writer = Writer(scene.alice, scene.conversations).start()
    speaker = Speaker(scene.say, list(scene.conversations)).start()
    for _ in range(kills):
        time.sleep(between_kills())
        scene.program.kill()
        scene.program.start()
    writer.stop()
    speaker.stop()
    assert sum(map(len, speaker.said.values())) > kills * 5
    took = drain(scene, writer, speaker)
    check(scene, writer, speaker)
    assert took <= DRAIN_SECONDS
    return took


def check(scene: Scene, writer: Writer, speaker: Speaker) -> None:
    """Nothing is lost, doubled or out of order, on either side, and nothing of ours is left in between."""
    for name, conversation in scene.conversations.items():
        assert heard_in(scene.database, conversation) == speaker.said[name], f"coming in, {name}"
        assert scene.received(name) == writer.acknowledged[name], f"going out, {name}"
        stored = heard_in(scene.database, conversation, own=True, prefix="out ")
        assert stored == writer.acknowledged[name], f"own messages, {name}"
        assert set(deliveries_in(scene.database, conversation)) <= OUT
    assert not writer.refused


def _is_drained(scene: Scene, writer: Writer, speaker: Speaker) -> bool:
    return all(
        len(scene.received(name)) >= len(writer.acknowledged[name])
        and len(heard_in(scene.database, conversation)) >= len(speaker.said[name])
        and set(deliveries_in(scene.database, conversation)) <= OUT
        for name, conversation in scene.conversations.items()
    )
