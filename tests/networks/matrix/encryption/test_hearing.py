"""What others say in encrypted rooms, honestly or not: a device of theirs is written out on vodozemac alone."""

import pytest

from tests.networks.matrix.encryption.far_device import FarDevice
from tests.networks.matrix.encryption.far_server import FarRoom
from tests.networks.matrix.encryption.makers import ROOM
from tests.networks.matrix.encryption.two_devices import BOB, CALM, CAROL, begun, hears, letter, meets, reason
from webapp.networks.matrix.encryption import megolm
from webapp.networks.matrix.encryption.outcomes import Opened

pytestmark = pytest.mark.process  # together they take seconds


def test_what_the_other_device_says_is_read(work, server, bob):
    room = FarRoom(bob)
    assert hears(work, bob, server, room).trouble == 0
    opened = work.open(ROOM, [room.event("soup"), room.event("bread")])
    assert [one.content["body"] for one in opened] == ["soup", "bread"]
    assert [one.untrusted for one in opened] == [None, None]
    assert {one.type for one in opened} == {"m.room.message"}


def test_what_a_message_of_others_relates_to_is_taken_from_outside(work, server, bob):
    room, relation = FarRoom(bob), {"m.in_reply_to": {"event_id": "$1"}}
    hears(work, bob, server, room)
    event = room.event()
    event["content"]["m.relates_to"] = relation
    assert work.open(ROOM, [event])[0].content["m.relates_to"] == relation


def test_a_message_without_its_key_says_so_and_is_shown_when_the_key_comes(work, server, bob):
    room = FarRoom(bob)
    key, event = room.key(), room.event("soup")
    [closed] = work.open(ROOM, [event])
    assert reason(closed) == megolm.NO_KEY
    assert work.late(50) == []
    meets(bob, work, server)
    work.take([letter(bob, work, "m.room_key", key)], *CALM)
    for _ in range(2):
        [late] = work.late(50)
        assert (late.room, late.event, late.opened.content["body"]) == (ROOM, event, "soup")
    work.shown([late])
    assert work.late(50) == []


def test_a_kill_before_it_was_shown_loses_nothing(tmp_path, server, bob):
    work = begun(tmp_path, server)
    room = FarRoom(bob)
    key, event = room.key(), room.event("soup")
    work.open(ROOM, [event])
    meets(bob, work, server)
    work.take([letter(bob, work, "m.room_key", key)], *CALM)
    work.close()
    again = begun(tmp_path, server)
    assert [late.opened.content["body"] for late in again.late(50)] == ["soup"]
    again.close()


def test_letters_that_come_again_after_a_kill_are_left_out(tmp_path, server, bob):
    work = begun(tmp_path, server)
    room = FarRoom(bob)
    meets(bob, work, server)
    event = letter(bob, work, "m.room_key", room.key())
    assert work.take([event], *CALM).sessions == [room.group.session_id]
    work.close()
    again = begun(tmp_path, server)
    taken = again.take([event], *CALM)
    assert (taken.sessions, taken.trouble, taken.out_of_step) == ([], 0, [])
    assert isinstance(again.open(ROOM, [room.event()])[0], Opened)
    again.close()


def test_a_bad_letter_hurts_no_other(work, server, bob):
    room = FarRoom(bob)
    meets(bob, work, server)
    good = letter(bob, work, "m.room_key", room.key())
    deep: list[object] = []
    for _ in range(100_000):
        deep = [deep]
    ours = work._store.account.identity_keys["curve25519"]
    olm = {"algorithm": "m.olm.v1.curve25519-aes-sha2", "sender_key": bob.curve}
    broken = [{**olm, "ciphertext": {ours: {"type": kind, "body": "A"}}} for kind in (0, 1)]
    bad = [
        None,
        5,
        {"type": "m.room.encrypted", "content": deep},
        *({"type": "m.room.encrypted", "sender": BOB, "content": content} for content in broken),
        {"type": "m.room_key", "sender": BOB, "content": room.key()},
        {"type": "m.room_key.withheld", "content": 5},
        {**letter(bob, work, "m.room_key", room.key()), "sender": CAROL},
        letter(bob, work, "m.room_key", {**room.key(), "session_key": "AAAA"}),
        letter(bob, work, "m.room_key", {**room.key(), "session_id": "other"}),
        letter(bob, work, "m.room_key", {**room.key(), "room_id": None}),
        letter(bob, work, "m.room_key", {**room.key(), "algorithm": "m.other"}),
    ]
    taken = work.take([*bad, good], *CALM)
    assert taken.sessions == [room.group.session_id]
    assert taken.trouble == 10
    assert [event["type"] for event in taken.plain] == ["m.room_key"]


def test_a_room_key_that_did_not_come_under_olm_is_not_taken(work, bob):
    room = FarRoom(bob)
    work.take([{"type": "m.room_key", "sender": BOB, "content": room.key()}], *CALM)
    assert reason(work.open(ROOM, [room.event()])[0]) == megolm.NO_KEY


def test_a_forwarded_key_that_nobody_asked_for_is_not_taken(work, server, bob):
    """CVE-2022-39246."""
    room = FarRoom(bob)
    meets(bob, work, server)
    forwarded = {**room.key(), "sender_key": bob.curve, "forwarding_curve25519_key_chain": []}
    work.take([letter(bob, work, "m.forwarded_room_key", forwarded)], *CALM)
    assert reason(work.open(ROOM, [room.event()])[0]) == megolm.NO_KEY


def test_a_message_in_somebody_elses_name_is_not_shown(work, server, bob):
    """The owner of a room key is whoever sent it under Olm, whatever the server says of the event."""
    room = FarRoom(bob)
    hears(work, bob, server, room)
    assert reason(work.open(ROOM, [room.event(sender=CAROL)])[0]) == megolm.NOT_THEIRS


def test_a_message_of_another_room_is_not_shown(work, server, bob):
    room = FarRoom(bob)
    hears(work, bob, server, room)
    assert reason(work.open("!other:x", [room.event()])[0]) == megolm.NO_KEY
    assert reason(work.open(ROOM, [room.event(room_id="!other:x")])[0]) == megolm.DAMAGED


def test_a_message_that_is_repeated_is_not_shown_twice_also_after_a_restart(tmp_path, server, bob):
    work = begun(tmp_path, server)
    room = FarRoom(bob)
    hears(work, bob, server, room)
    event = room.event()
    assert isinstance(work.open(ROOM, [event])[0], Opened)
    assert isinstance(work.open(ROOM, [event])[0], Opened)
    work.close()
    again = begun(tmp_path, server)
    for change in ({"event_id": "$other"}, {"origin_server_ts": 5}):
        assert reason(again.open(ROOM, [{**event, **change}])[0]) == megolm.REPEATED
    assert isinstance(again.open(ROOM, [event])[0], Opened)
    again.close()


def test_a_key_that_somebody_else_repeats_does_not_change_its_owner(work, server, bob):
    room, mallory = FarRoom(bob), FarDevice("@mallory:x", "M")
    hears(work, bob, server, room)
    meets(mallory, work, server)
    work.take([letter(mallory, work, "m.room_key", room.key())], *CALM)
    assert isinstance(work.open(ROOM, [room.event()])[0], Opened)


def test_a_message_from_before_the_key_was_given_says_so(work, server, bob):
    room = FarRoom(bob)
    early = room.event()
    hears(work, bob, server, room)
    assert reason(work.open(ROOM, [early])[0]) == megolm.TOO_EARLY
    assert work.late(50) == []


@pytest.mark.parametrize(
    ("code", "words"),
    [("m.unverified", megolm.NOT_CONFIRMED), ("m.blacklisted", megolm.NOT_GIVEN), ("m.strange", megolm.NO_KEY)],
)
def test_a_key_that_was_withheld_says_why(work, bob, code, words):
    room = FarRoom(bob)
    about = {"room_id": ROOM, "session_id": room.group.session_id, "code": code}
    work.take([{"type": "m.room_key.withheld", "sender": BOB, "content": about}], *CALM)
    assert reason(work.open(ROOM, [room.event()])[0]) == words


def test_those_who_cannot_be_read_do_not_stand_before_those_who_can(work, server, bob):
    room = FarRoom(bob)
    events = [room.event(str(number)) for number in range(30)]
    work.open(ROOM, events)
    group = room.group  # its key from here on
    meets(bob, work, server)
    key = {**room.key(), "session_key": group.session_key.to_base64()}
    later = [room.event(str(number)) for number in range(30, 33)]
    work.open(ROOM, later)
    work.take([letter(bob, work, "m.room_key", key)], *CALM)
    found = [late.opened.content["body"] for _ in range(5) for late in work.late(10)]
    assert set(found) == {"30", "31", "32"}


@pytest.mark.parametrize("payload", [b"no json", b"[]", b"{}", b"\xff", b'{"type": "m.room.encrypted", "content": {}}'])
def test_nonsense_in_a_message_is_one_damaged_line(work, server, bob, payload):
    room = FarRoom(bob)
    hears(work, bob, server, room)
    assert reason(work.open(ROOM, [room.sealed(payload)])[0]) == megolm.DAMAGED


@pytest.mark.parametrize(
    "plain", [{"type": "m.room.encrypted"}, {"type": None}, {"type": ""}, {"content": None}, {"content": []}]
)
def test_a_message_that_holds_no_message_is_one_damaged_line(work, server, bob, plain):
    room = FarRoom(bob)
    hears(work, bob, server, room)
    assert reason(work.open(ROOM, [room.event(**plain)])[0]) == megolm.DAMAGED


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (None, megolm.UNKNOWN_WAY),
        ({"algorithm": "m.olm.v1.curve25519-aes-sha2"}, megolm.UNKNOWN_WAY),
        ({"algorithm": "m.megolm.v1.aes-sha2"}, megolm.DAMAGED),
        ({"algorithm": "m.megolm.v1.aes-sha2", "session_id": "s", "ciphertext": {}}, megolm.DAMAGED),
        ({"algorithm": "m.megolm.v1.aes-sha2", "session_id": ["s"], "ciphertext": "A"}, megolm.DAMAGED),
        ({"algorithm": "m.megolm.v1.aes-sha2", "session_id": "s", "ciphertext": "A" * 300_000}, megolm.DAMAGED),
    ],
)
def test_a_message_of_a_strange_shape_is_one_line(work, content, words):
    assert reason(work.open(ROOM, [{"event_id": "$1", "sender": BOB, "content": content}])[0]) == words


def test_a_changed_ciphertext_is_damaged(work, server, bob):
    room = FarRoom(bob)
    hears(work, bob, server, room)
    event = room.event()
    text = event["content"]["ciphertext"]
    event["content"]["ciphertext"] = text[:40] + ("A" if text[40] != "A" else "B") + text[41:]
    assert reason(work.open(ROOM, [event])[0]) == megolm.DAMAGED
