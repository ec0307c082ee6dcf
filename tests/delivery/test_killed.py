"""R1: the program is killed again and again while messages go both ways. Nothing is lost, doubled or out of order."""

import os
import time
from collections.abc import Coroutine, Iterator
from pathlib import Path
from typing import Any, TypeVar

import pytest

from tests.delivery.traffic import Speaker, Writer, between_kills, deliveries_in, heard_in
from tests.far_side import Background, FarSide
from tests.program import Program
from tests.prosody import Prosody
from tests.visitor import Visitor

KILLS = 200 if os.environ.get("SOAK") else 30
T = TypeVar("T")
PASSWORD = "four otters borrow a lamp"

pytestmark = [pytest.mark.servers, pytest.mark.timeout(3600 if os.environ.get("SOAK") else 600)]


class Scene:
    """Alice in her house with an XMPP account; Bob and Carol out there, and a room with all of them."""

    def __init__(self, program: Program, prosody: Prosody, alice: Visitor, background: Background) -> None:
        self.program = program
        self.prosody = prosody
        self.alice = alice
        self._background = background
        self.address = prosody.add_user("alice", "pw")
        self.far = {name: self._far(name) for name in ("bob", "carol")}
        self.room = f"garden@{prosody.muc}"
        background.call(self.far["bob"].join(self.room, "Bob"))
        alice.add_xmpp(self.address, "pw", "127.0.0.1", prosody.port)
        alice.until(lambda: "Online" in alice.account_state(self.address))
        self.conversations = {name: self._start(f"{name}@{prosody.host}") for name in self.far}
        self.conversations["room"] = self._start(self.room)

    def _far(self, name: str) -> FarSide:
        address = self.prosody.add_user(name, "pw")
        return self._background.sign_in(address, "pw", self.prosody.port, self.prosody.ca_file)

    def _start(self, address: str) -> int:
        page = self.alice.page("/conversations/new")
        account = next(o["value"] for o in page.select("select[name=account] option") if self.address in o.get_text())
        answer = self.alice.post_form(page, "/conversations/new", "Start", Account=str(account), Address=address)
        return int(answer.url.path.rsplit("/", 1)[-1])

    def say(self, name: str, text: str) -> None:
        """Bob, Carol, or Bob in the room, says something."""
        if name == "room":
            self._background.do(self.far["bob"].say, self.room, text, kind="groupchat")
        else:
            self._background.do(self.far[name].say, self.address, text)

    def received(self, name: str) -> list[str]:
        """What arrived over there from Alice, in order."""
        who, sender = ("bob", self.room) if name == "room" else (name, self.address)
        bodies = self.far[who].bodies(sender)
        return [body for body in bodies if body.startswith("out ")]

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        """Run a coroutine where the other side lives."""
        return self._background.call(work)

    @property
    def database(self) -> Path:
        return self.program.data_dir / "hausbote.sqlite"


@pytest.fixture
def scene(tmp_path: Path) -> Iterator[Scene]:
    background = Background()
    with Prosody(tmp_path / "prosody") as prosody:
        program = Program(
            tmp_path / "house",
            HAUSBOTE_EXTRA_CA_FILE=str(prosody.ca_file),
            HAUSBOTE_PRIVATE_SERVERS="127.0.0.1",
        )
        program.start()
        with Visitor(program.url) as alice:
            alice.set_up("Alice", PASSWORD)
            made = Scene(program, prosody, alice, background)
            yield made
            for far in made.far.values():
                background.call(far.sign_out())
        program.stop()
    background.stop()


def drain(scene: Scene, writer: Writer, speaker: Speaker) -> None:
    """Wait until both sides have what the other said; then look that they have nothing else."""

    def is_drained() -> bool:
        return all(
            len(scene.received(name)) >= len(writer.acknowledged[name])
            and len(heard_in(scene.database, conversation)) >= len(speaker.said[name])
            for name, conversation in scene.conversations.items()
        )

    ends = time.monotonic() + 60
    while not is_drained() and time.monotonic() < ends:
        time.sleep(0.2)
    time.sleep(2)  # what is doubled comes late
    for name, conversation in scene.conversations.items():
        assert heard_in(scene.database, conversation) == speaker.said[name], f"coming in, {name}"
        assert scene.received(name) == writer.acknowledged[name], f"going out, {name}"
        stored = heard_in(scene.database, conversation, own=True, prefix="out ")
        assert stored == writer.acknowledged[name], f"own messages, {name}"
        assert set(deliveries_in(scene.database, conversation)) <= {"sent", "delivered", "read"}
    assert not writer.refused


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
    print(
        f"{KILLS} kills, {sum(map(len, writer.acknowledged.values()))} out, {sum(map(len, speaker.said.values()))} in"
    )


def test_a_network_server_that_is_killed_and_restarted_loses_and_doubles_nothing(scene: Scene) -> None:
    """R6. What the other side says while its own server is away is its own client's matter, so only we write then."""
    writer = Writer(scene.alice, scene.conversations).start()
    for _ in range(20):
        time.sleep(between_kills() / 2)
        scene.prosody.kill()
        scene.prosody.start()
    writer.stop()
    scene.alice.until(lambda: "Online" in scene.alice.account_state(scene.address), 120)
    for name, conversation in scene.conversations.items():
        scene.alice.until(
            lambda conversation=conversation: (
                set(deliveries_in(scene.database, conversation)) <= {"sent", "delivered", "read"}
            ),
            120,
        )
        archived = archive_of(scene, name)
        assert archived == writer.acknowledged[name], name


def archive_of(scene: Scene, name: str) -> list[str]:
    """What the network's own archive holds of Alice's messages to one conversation, in order (XEP-0313)."""
    return scene.run(_read_archive(scene, "bob" if name == "room" else name, scene.room if name == "room" else None))


async def _read_archive(scene: Scene, who: str, room: str | None) -> list[str]:
    far = FarSide(f"{who}@{scene.prosody.host}", "pw", scene.prosody.port, scene.prosody.ca_file, device="archive")
    await far.sign_in()
    after = ""
    while True:
        page = f"<set xmlns='http://jabber.org/protocol/rsm'><max>100</max>{after}</set>"
        answer = await far.ask("set", f"<query xmlns='urn:xmpp:mam:2'>{page}</query>", room)
        last = answer.findtext(".//{http://jabber.org/protocol/rsm}last")
        if last is None:
            break
        after = f"<after>{last}</after>"
    await far.sign_out()
    inner = [stanza.find(".//{urn:xmpp:forward:0}forwarded/{jabber:client}message") for stanza in far.stanzas]
    bodies = [message.findtext("{jabber:client}body") for message in inner if message is not None]
    return [body for body in bodies if body is not None and body.startswith("out ")]
