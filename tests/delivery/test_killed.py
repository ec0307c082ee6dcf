"""R1, R6: the program, or the network's server, is killed again and again while messages go both ways.

Nothing is lost, doubled or out of order.
"""

import os
import time

import pytest

from tests.delivery.ledger import OUT, check, drain
from tests.delivery.scene import Scene
from tests.delivery.traffic import Speaker, Writer, between_kills, deliveries_in
from tests.far_side import FarSide

SOAK = bool(os.environ.get("SOAK"))
KILLS = 200 if SOAK else int(os.environ.get("KILLS", "30"))
WITH = (
    "<x xmlns='jabber:x:data' type='submit'><field var='FORM_TYPE' type='hidden'><value>urn:xmpp:mam:2</value></field>"
    "<field var='with'><value>{}</value></field></x>"
)

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


def test_a_network_server_that_is_killed_and_restarted_loses_and_doubles_nothing(scene: Scene) -> None:
    """What the others say while their own server is away is their clients' matter, so only Alice writes.

    A server that is killed between putting a message into Alice's archive and putting it into Bob's has lost it by
    itself: asked for it, it shows it to Alice (D4). Its log names those messages; no other may be missing anywhere.
    """
    writer = Writer(scene.alice, scene.conversations).start()
    for _ in range(20):
        time.sleep(between_kills() / 2)
        scene.prosody.kill()
        scene.prosody.start()
        scene.try_now()  # nobody waits for the back-off of twenty broken lines
    writer.stop()
    for name, conversation in scene.conversations.items():
        scene.alice.until(lambda conversation=conversation: _is_out(scene, conversation), 180)
        ours = _archive_of(scene, "alice", name)
        assert [body for _, body in ours] == writer.acknowledged[name], name
        theirs = _archive_of(scene, "bob" if name == "room" else name, name)
        half_done = scene.prosody.half_done()
        assert theirs == [one for one in ours if one in theirs or one[0] not in half_done], name


def _is_out(scene: Scene, conversation: int) -> bool:
    return set(deliveries_in(scene.database, conversation)) <= OUT


def _archive_of(scene: Scene, who: str, name: str) -> list[tuple[str, str]]:
    """What the network's own archives hold of Alice's messages to one conversation, in order (XEP-0313): id, text."""
    other = name if who == "alice" else "alice"
    return scene.run(_read_archive(scene, who, other, scene.room if name == "room" else None))


async def _read_archive(scene: Scene, who: str, other: str, room: str | None) -> list[tuple[str, str]]:
    filter_ = "" if room else WITH.format(f"{other}@{scene.prosody.host}")
    far = FarSide(f"{who}@{scene.prosody.host}", "pw", scene.prosody.port, scene.prosody.ca_file, device="archive")
    await far.sign_in()
    after = ""
    while True:
        page = f"<set xmlns='http://jabber.org/protocol/rsm'><max>100</max>{after}</set>"
        answer = await far.ask("set", f"<query xmlns='urn:xmpp:mam:2'>{filter_}{page}</query>", room)
        last = answer.findtext(".//{http://jabber.org/protocol/rsm}last")
        if last is None:
            break
        after = f"<after>{last}</after>"
    await far.sign_out()
    inner = [stanza.find(".//{urn:xmpp:forward:0}forwarded/{jabber:client}message") for stanza in far.stanzas]
    found = [(m.get("id", ""), m.findtext("{jabber:client}body") or "") for m in inner if m is not None]
    return [(name, body) for name, body in found if body.startswith("out ")]
