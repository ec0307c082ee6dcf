"""Room keys in and out of a file: everything goes out, and what comes in proves nothing."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import vodozemac

from tests.networks.matrix.encryption.far_device import FarDevice
from tests.networks.matrix.encryption.far_server import FarRoom, FarServer
from tests.networks.matrix.encryption.makers import ALICE, DEVICE, KEY, ROOM
from webapp.networks.matrix.encryption.outcomes import Closed, Opened
from webapp.networks.matrix.encryption.work import Work

Key = dict[str, Any]


@pytest.fixture
def work(tmp_path: Path) -> Iterator[Work]:
    running = Work(tmp_path, KEY, ALICE, DEVICE)
    FarServer().settle(running)
    yield running
    running.close()


@pytest.fixture
def room() -> FarRoom:
    return FarRoom(FarDevice())


def key(room: FarRoom, at: int = 0, **changes: Any) -> Key:
    """As it stands in a file."""
    inside = vodozemac.InboundGroupSession(room.start)
    exported = inside.export_at(at)
    assert exported is not None
    plain = {
        "algorithm": "m.megolm.v1.aes-sha2",
        "room_id": ROOM,
        "session_id": inside.session_id,
        "session_key": exported.to_base64(),
        "sender_key": room.far.curve,
        "sender_claimed_keys": {"ed25519": room.far.ed},
        "forwarding_curve25519_key_chain": [],
    }
    return {**plain, **changes}


def everything(work: Work) -> list[Key]:
    found: list[Key] = []
    after = ""
    while True:
        some, after = work.own.carrying.some(after, 2)
        found += some
        if not after:
            return found


def test_a_key_from_a_file_opens_a_message_that_waited_and_does_not_prove_who_wrote_it(
    work: Work, room: FarRoom
) -> None:
    event = room.event("from before")
    assert isinstance(work.open(ROOM, [event])[0], Closed)
    assert work.own.carrying.take([key(room)]) == 1
    [late] = work.late(10)
    assert late.opened.content["body"] == "from before"
    assert late.opened.untrusted is not None


def test_everything_goes_out_as_it_came_in(work: Work) -> None:
    keys = [key(FarRoom(FarDevice())) for _ in range(5)]
    assert work.own.carrying.take(keys) == 5
    assert sorted(everything(work), key=str) == sorted(keys, key=str)


def test_a_file_does_not_change_whose_a_proven_key_is(work: Work, room: FarRoom) -> None:
    server = FarServer(room.far)
    work.note_members(ROOM, frozenset({ALICE, room.far.user}))
    server.settle(work, ROOM)
    server.keys_for(room.far)
    ours = work._store.account.identity_keys
    payload = room.far.payload(ALICE, ours["ed25519"], "m.room_key", room.key())
    work.take([room.far.event(ours["curve25519"], payload)], {}, {"signed_curve25519": 50}, None)
    server.settle(work)
    mallory = FarDevice("@mallory:house.test")
    forged = key(room, sender_key=mallory.curve, sender_claimed_keys={"ed25519": mallory.ed})
    work.own.carrying.take([forged])
    [found] = work.open(ROOM, [room.event("hello")])
    assert isinstance(found, Opened)
    assert found.untrusted is None
    [out] = [one for one in everything(work) if one["session_id"] == room.group.session_id]
    assert out["sender_key"] == room.far.curve


@pytest.mark.parametrize(
    "change",
    [
        {"algorithm": "m.megolm.v2"},
        {"room_id": ""},
        {"room_id": 7},
        {"session_id": "A" * 43},
        {"session_key": None},
        {"session_key": "A" * 200},
        {"session_key": "A" * 20_000},
    ],
)
def test_what_is_no_key_is_left_out_and_hurts_no_other(change: Key, work: Work, room: FarRoom) -> None:
    other = key(FarRoom(FarDevice()))
    assert work.own.carrying.take([key(room, **change), other, None, [], "key"]) == 1
    assert [one["session_id"] for one in everything(work)] == [other["session_id"]]


def test_a_key_that_is_here_counts_as_here(work: Work, room: FarRoom) -> None:
    assert work.own.carrying.take([key(room)]) == 1
    assert work.own.carrying.take([key(room)]) == 1
