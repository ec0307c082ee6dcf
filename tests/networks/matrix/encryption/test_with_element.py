"""Encrypted text both ways with the library below Element, over a real homeserver."""

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.element import Device, Element
from tests.networks.matrix.encryption.makers import KEY
from tests.synapse import Synapse
from webapp.networks.matrix.encryption import megolm
from webapp.networks.matrix.encryption.outcomes import Closed, Opened
from webapp.networks.matrix.encryption.work import Work

pytestmark = [pytest.mark.servers, pytest.mark.timeout(180)]
PASSWORD = "correct horse battery staple"


@pytest.fixture(scope="module")
def synapse() -> Iterator[Synapse]:
    with Synapse() as running:
        running.start()
        running.add_user("alice", PASSWORD)
        running.add_user("bob", PASSWORD)
        yield running


class Ours:
    """Our keys, and just enough of a client around them."""

    def __init__(self, synapse: Synapse, folder: Path) -> None:
        self._synapse, self._folder = synapse, folder
        signed_in = synapse.sign_in("alice", PASSWORD)
        self.user, self.device, self._token = signed_in["user_id"], signed_in["device_id"], signed_in["access_token"]
        self._since = ""
        self.said: dict[str, Opened | Closed] = {}
        self.begin()

    def begin(self) -> None:
        self.work = Work(self._folder, KEY, self.user, self.device)

    def ask(self, method: str, path: str, body: Any = None) -> dict[str, Any]:
        return self._synapse.ask(method, path, body, self._token)

    def settle(self, room: str | None = None) -> None:
        while wanted := self.work.due(room):
            for request in wanted:
                self.work.answered(request, self.ask(request.method, request.path, dict(request.body or {})))

    def sync(self) -> None:
        """One turn: keys, then events, then what is due."""
        since = f"&since={self._since}" if self._since else ""
        news = self.ask("GET", f"/_matrix/client/v3/sync?timeout=200{since}")
        counts, unused = news.get("device_one_time_keys_count", {}), news.get("device_unused_fallback_key_types")
        letters = news.get("to_device", {}).get("events", [])
        self.work.take(letters, news.get("device_lists", {}), counts, unused)
        for room, joined in news.get("rooms", {}).get("join", {}).items():
            sealed = [event for event in joined["timeline"]["events"] if event["type"] == "m.room.encrypted"]
            for event, found in zip(sealed, self.work.open(room, sealed), strict=True):
                self.said[event["event_id"]] = found
        late = self.work.late(50)
        self.said.update({one.event["event_id"]: one.opened for one in late})
        self.work.shown(late)
        self._since = news["next_batch"]
        self.settle()

    def say(self, room: str, body: str) -> str:
        members = self.ask("GET", f"/_matrix/client/v3/rooms/{room}/joined_members")["joined"]
        self.work.note_encrypted({room: [{"algorithm": "m.megolm.v1.aes-sha2"}]})
        self.work.note_members(room, frozenset(members))
        self.settle(room)
        content = self.work.seal(room, "m.room.message", {"msgtype": "m.text", "body": body})
        path = f"/_matrix/client/v3/rooms/{room}/send/m.room.encrypted/{time.monotonic_ns()}"
        return str(self.ask("PUT", path, content)["event_id"])

    def until(self, true: Callable[[], Any], seconds: float = 60) -> Any:
        ends = time.monotonic() + seconds
        while not (found := true()):
            assert time.monotonic() < ends, "it never came"
            self.sync()
        return found

    def reads(self, event: str, body: str) -> bool:
        found = self.said.get(event)
        return isinstance(found, Opened) and found.content["body"] == body


@pytest.fixture
def alice(synapse: Synapse, tmp_path: Path) -> Iterator[Ours]:
    ours = Ours(synapse, tmp_path)
    ours.sync()
    yield ours
    ours.work.close()


@pytest.fixture(scope="module")
def bob(synapse: Synapse, element: Element) -> Device:
    signed_in = element.device("bob").sign_in(synapse.url, "bob", PASSWORD)
    signed_in.do("setUpKeys")
    return signed_in


def meet(bob: Device, alice: Ours) -> str:
    room: str = bob.do("createRoom", name="Soup", invite=[alice.user])
    alice.ask("POST", f"/_matrix/client/v3/join/{room}", {})
    joined = {"user": alice.user, "membership": "join"}
    bob.until(lambda: joined in bob.do("members", room=room))
    return room


def test_text_both_ways_also_after_a_restart_of_ours(alice: Ours, bob: Device) -> None:
    room = meet(bob, alice)
    asked = bob.do("say", room=room, body="Is there soup?")
    alice.until(lambda: alice.reads(asked, "Is there soup?"))
    alice.say(room, "Yes")
    bob.until(lambda: bob.texts(room) == ["Is there soup?", "Yes"])
    assert bob.messages(room)[-1]["encrypted"]

    alice.work.close()
    alice.begin()
    alice.say(room, "With bread")
    bob.until(lambda: bob.texts(room)[-1] == "With bread")
    thanks = bob.do("say", room=room, body="Thank you")
    alice.until(lambda: alice.reads(thanks, "Thank you"))


def test_a_hundred_and_one_messages_change_the_key_and_all_are_read(alice: Ours, bob: Device) -> None:
    room = meet(bob, alice)
    for number in range(101):
        alice.say(room, str(number))
    bob.until(lambda: bob.texts(room)[-1:] == ["100"])
    assert bob.texts(room)[-3:] == ["98", "99", "100"]


def test_what_was_said_while_we_were_away_is_read_and_nobody_else_is_waited_for(alice: Ours, bob: Device) -> None:
    room = meet(bob, alice)
    said = [bob.do("say", room=room, body=f"soup {number}") for number in range(3)]
    bob.do("forgetOutbound", room=room)
    said.append(bob.do("say", room=room, body="soup 3"))
    for number, event in enumerate(said):
        alice.until(lambda event=event, number=number: alice.reads(event, f"soup {number}"))


def test_a_device_that_is_not_confirmed_is_told_why_it_cannot_read(alice: Ours, bob: Device, element: Element) -> None:
    room = meet(bob, alice)
    bob.do("onlySigned", on=True)
    try:
        event = bob.do("say", room=room, body="only for confirmed devices")
    finally:
        bob.do("onlySigned", on=False)
    alice.until(lambda: event in alice.said)
    found = alice.said[event]
    assert isinstance(found, Closed)
    assert found.reason.msgid == megolm.NOT_CONFIRMED


def test_after_our_sessions_were_lost_element_is_read_again(alice: Ours, bob: Device) -> None:
    room = meet(bob, alice)
    asked = bob.do("say", room=room, body="Is there soup?")
    alice.until(lambda: alice.reads(asked, "Is there soup?"))
    alice.say(room, "Yes")
    bob.until(lambda: bob.texts(room)[-1] == "Yes")
    with alice.work._store.transaction():
        alice.work._store._execute("DELETE FROM olmsessions", ())

    def said_and_read() -> bool:
        bob.do("forgetOutbound", room=room)
        said = bob.do("say", room=room, body="Still there?")
        alice.sync()
        alice.sync()
        return alice.reads(said, "Still there?")

    bob.until(said_and_read)
