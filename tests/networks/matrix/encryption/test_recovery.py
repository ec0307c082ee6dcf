"""A session that came out of step is begun anew, seldom, and only with whose it is."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import vodozemac

from tests.networks.matrix.encryption.far_device import FarDevice
from tests.networks.matrix.encryption.far_server import FarRoom, FarServer
from tests.networks.matrix.encryption.makers import ALICE, DEVICE, KEY, ROOM
from webapp.networks.matrix.encryption import recovery
from webapp.networks.matrix.encryption.outcomes import Opened
from webapp.networks.matrix.encryption.tables import now
from webapp.networks.matrix.encryption.work import Work

BOB = "@bob:house.test"


@pytest.fixture
def bob() -> FarDevice:
    return FarDevice()


@pytest.fixture
def server(bob: FarDevice) -> FarServer:
    return FarServer(bob)


@pytest.fixture
def work(tmp_path: Path, server: FarServer, bob: FarDevice) -> Iterator[Work]:
    running = Work(tmp_path, KEY, ALICE, DEVICE)
    running.note_members(ROOM, frozenset({ALICE, BOB}))
    server.settle(running, ROOM)
    server.settle(running)
    server.keys_for(bob)  # they talk with each other since then
    yield running
    running.close()


def take(work: Work, server: FarServer, *letters: dict[str, Any]) -> None:
    work.take(letters, {}, {"signed_curve25519": 50}, None)
    server.settle(work)


def ours(work: Work) -> dict[str, str]:
    return dict(work._store.account.identity_keys)


def unreadable(work: Work, far: FarDevice) -> dict[str, Any]:
    """A letter in a session that we know nothing of."""
    stranger = FarDevice(ALICE, DEVICE)
    [key] = stranger.one_time_key().values()
    far.meet(stranger.curve, key["key"])
    lost = far.sessions[0]
    first = lost.encrypt(b"{}").to_parts()[1]
    answering, _ = stranger.account.create_inbound_session(
        vodozemac.Curve25519PublicKey.from_base64(far.curve), vodozemac.PreKeyMessage.from_base64(_base64(first))
    )
    number, body = answering.encrypt(b"{}").to_parts()
    lost.decrypt(vodozemac.AnyOlmMessage.from_parts(number, body))
    return far.event(ours(work)["curve25519"], {"type": "m.room_key"})


def _base64(data: bytes) -> str:
    import base64

    return base64.b64encode(data).decode().rstrip("=")


def sent(server: FarServer, far: FarDevice) -> list[dict[str, Any]]:
    found = [c for k, u, d, c in server.letters if (k, u, d) == ("m.room.encrypted", far.user, far.device)]
    server.letters = []
    return [far.reads(content) for content in found]


def test_a_session_that_is_out_of_step_is_begun_anew_and_what_comes_next_is_read(
    work: Work, server: FarServer, bob: FarDevice
) -> None:
    take(work, server, unreadable(work, bob))
    assert [letter["type"] for letter in sent(server, bob)] == ["m.dummy"]
    room = FarRoom(bob)
    payload = bob.payload(ALICE, ours(work)["ed25519"], "m.room_key", room.key())
    take(work, server, bob.event(ours(work)["curve25519"], payload))
    [found] = work.open(ROOM, [room.event("hello again")])
    assert isinstance(found, Opened)


def test_that_happens_once_an_hour(
    work: Work, server: FarServer, bob: FarDevice, monkeypatch: pytest.MonkeyPatch
) -> None:
    take(work, server, unreadable(work, bob))
    assert len(sent(server, bob)) == 1
    take(work, server, unreadable(work, bob), unreadable(work, bob))
    assert sent(server, bob) == []
    monkeypatch.setattr(recovery, "now", lambda: now() + 3601)
    take(work, server, unreadable(work, bob))
    assert len(sent(server, bob)) == 1


@pytest.mark.parametrize("change", [{"sender": "@mallory:house.test"}, {"sender": 7}, {"sender_key": "A" * 43}])
def test_nobody_makes_us_begin_anew_in_the_name_of_somebody_else(
    change: dict[str, Any], work: Work, server: FarServer, bob: FarDevice
) -> None:
    event = unreadable(work, bob)
    if "sender_key" in change:
        event["content"]["sender_key"] = change["sender_key"]
    else:
        event |= change
    take(work, server, event)
    assert sent(server, bob) == []


def test_a_device_without_keys_is_left_alone(work: Work, server: FarServer, bob: FarDevice) -> None:
    server.without_keys.add(bob.device)
    take(work, server, unreadable(work, bob))
    assert sent(server, bob) == []
