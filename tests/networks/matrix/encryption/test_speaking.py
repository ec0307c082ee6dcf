"""What we say in encrypted rooms, to a device that is written out on vodozemac alone: who gets which key, and when."""

import pytest
import vodozemac

from tests.networks.matrix.encryption.far_device import FarDevice
from tests.networks.matrix.encryption.far_identity import Cross
from tests.networks.matrix.encryption.makers import ALICE, DEVICE, KEY, ROOM
from tests.networks.matrix.encryption.two_devices import BOB, CALM, CAROL, SETTINGS, SOUP, begun, read, said
from webapp.networks.matrix.encryption.outcomes import KeysNeeded, Opened
from webapp.networks.matrix.encryption.work import Work

pytestmark = pytest.mark.process  # together they take seconds


def test_what_we_say_is_read_by_the_other_device(work, server, bob):
    with pytest.raises(KeysNeeded):
        said(work)
    server.settle(work, ROOM)
    sealed = said(work)
    [key] = server.keys_for(bob)
    assert read(key, sealed) == ({"room_id": ROOM, "type": "m.room.message", "content": SOUP}, 0)
    assert sealed["session_id"] == key.session_id
    assert sealed["algorithm"] == "m.megolm.v1.aes-sha2"
    assert "body" not in sealed


def test_we_give_ourselves_no_letters(work, server):
    server.settle(work, ROOM)
    said(work)
    assert work._store.tables.device(ALICE, DEVICE) is not None
    claims = [request.body["one_time_keys"] for request in server.asked if request.path.endswith("claim")]
    assert [list(claimed) for claimed in claims] == [[BOB]]
    assert {user for _, user, _, _ in server.letters} == {BOB}


def test_the_key_is_given_once_and_used_again(work, server, bob):
    server.settle(work, ROOM)
    first, second = said(work), said(work)
    assert work.due(ROOM) == []
    [key] = server.keys_for(bob)
    assert [read(key, sealed)[1] for sealed in (first, second)] == [0, 1]


def test_we_can_read_what_we_said(work, server):
    server.settle(work, ROOM)
    event = {"event_id": "$1", "sender": ALICE, "origin_server_ts": 1, "content": said(work)}
    assert work.open(ROOM, [event]) == [Opened("m.room.message", SOUP)]


def test_a_room_that_nobody_described_is_never_spoken_in(work):
    with pytest.raises(KeysNeeded):
        said(work, "!unknown:x")


def test_what_a_message_relates_to_stays_outside(work, server, bob):
    server.settle(work, ROOM)
    relation = {"m.in_reply_to": {"event_id": "$1"}}
    assert said(work, content={**SOUP, "m.relates_to": relation})["m.relates_to"] == relation


def test_the_same_questions_come_again_until_they_are_answered(work, server):
    once = work.due(ROOM)
    assert once
    assert work.due(ROOM) == once
    for request in once:
        work.answered(request, server.answer(request))
    shares = work.due(ROOM)
    assert [request.path for request in shares] == [request.path for request in work.due(ROOM)]


def test_after_a_restart_a_new_key_begins(tmp_path, server, bob):
    work = begun(tmp_path, server)
    server.settle(work, ROOM)
    first = said(work)
    work.close()
    again = begun(tmp_path, server)
    server.settle(again, ROOM)
    second = said(again)
    keys = {key.session_id: key for key in server.keys_for(bob)}
    again.close()
    assert first["session_id"] != second["session_id"]
    assert [read(keys[sealed["session_id"]], sealed)[1] for sealed in (first, second)] == [0, 0]


def test_a_device_that_comes_later_gets_the_key_from_there_on(work, server, bob):
    server.settle(work, ROOM)
    first = said(work)
    tablet = FarDevice(device="TABLET")
    server.devices.append(tablet)
    work.take([], {"changed": [BOB]}, *CALM[1:])
    with pytest.raises(KeysNeeded):
        said(work)
    server.settle(work, ROOM)
    second = said(work)
    [key] = server.keys_for(tablet)
    assert read(key, second)[1] == 1
    with pytest.raises(vodozemac.MegolmDecryptionException):
        read(key, first)


def test_who_left_gets_no_key_of_what_is_said_afterwards(work, server, bob):
    carol = FarDevice(CAROL, "CAROLS")
    server.devices.append(carol)
    work.note_members(ROOM, frozenset({ALICE, BOB, CAROL}))
    server.settle(work, ROOM)
    first = said(work)
    work.note_members(ROOM, frozenset({ALICE, BOB}))
    server.settle(work, ROOM)
    second = said(work)
    assert first["session_id"] != second["session_id"]
    assert [key.session_id for key in server.keys_for(carol)] == [first["session_id"]]
    assert [key.session_id for key in server.keys_for(bob)] == [first["session_id"], second["session_id"]]


def test_a_device_that_is_gone_gets_no_key_of_what_is_said_afterwards(work, server, bob):
    tablet = FarDevice(device="TABLET")
    server.devices.append(tablet)
    work.take([], {"changed": [BOB]}, *CALM[1:])
    server.settle(work, ROOM)
    first = said(work)
    server.devices.remove(tablet)
    work.take([], {"changed": [BOB]}, *CALM[1:])
    server.settle(work, ROOM)
    assert said(work)["session_id"] != first["session_id"]


def test_somebody_may_have_come_and_gone_so_the_key_changes(work, server):
    server.settle(work, ROOM)
    first = said(work)
    work.rotate([ROOM])
    server.settle(work, ROOM)
    assert said(work)["session_id"] != first["session_id"]


def test_the_key_changes_after_as_many_messages_as_the_room_wants(work, server):
    work.note_encrypted({ROOM: [{**SETTINGS, "rotation_period_msgs": 2}]})
    used = []
    for _ in range(5):
        server.settle(work, ROOM)
        used.append(said(work)["session_id"])
    assert [used.count(session) for session in dict.fromkeys(used)] == [2, 2, 1]


def test_the_key_changes_after_a_time(work, server):
    server.settle(work, ROOM)
    first = said(work)
    work._speaking._outbound[ROOM].began -= 7 * 24 * 3600
    with pytest.raises(KeysNeeded):
        said(work)
    server.settle(work, ROOM)
    assert said(work)["session_id"] != first["session_id"]


@pytest.mark.parametrize("milliseconds", [1, 10**400])
def test_a_room_that_wants_a_new_key_every_moment_or_never_can_still_be_spoken_in(work, server, milliseconds):
    work.note_encrypted({ROOM: [{**SETTINGS, "rotation_period_ms": milliseconds}]})
    server.settle(work, ROOM)
    assert said(work)["session_id"] == said(work)["session_id"]


def test_a_room_is_encrypted_for_ever_and_its_key_changes_only_more_often(tmp_path, server):
    work = begun(tmp_path, server)
    work.note_encrypted({ROOM: [{**SETTINGS, "rotation_period_msgs": 5}]})
    for later in ({}, {"rotation_period_msgs": 1000}, {"rotation_period_msgs": "x"}, {"rotation_period_msgs": -1}):
        work.note_encrypted({ROOM: [later]})
    assert work._store.encrypted_rooms.settings(ROOM) == {"messages": 5}
    work.close()
    again = Work(tmp_path, KEY, ALICE, DEVICE)
    assert again.is_encrypted(ROOM)
    assert not again.is_encrypted("!other:x")
    again.close()


def test_a_device_that_its_owner_did_not_confirm_gets_no_key_and_is_told_so(work, server, bob):
    cross, made_up = Cross(), FarDevice(device="MADEUP")
    server.devices.append(made_up)
    server.more = {"BOBSPHONE": cross.vouch(bob.keys()), **cross.answer()}
    work.take([], {"changed": [BOB]}, *CALM[1:])
    server.settle(work, ROOM)
    said(work)
    assert len(server.keys_for(bob)) == 1
    assert server.keys_for(made_up) == []
    assert server.withheld_from(made_up) == ["m.unverified"]


def test_a_device_without_keys_is_told_and_does_not_hold_up_the_others(work, server, bob):
    tablet = FarDevice(device="TABLET")
    server.devices.append(tablet)
    server.without_keys = {"TABLET"}
    work.take([], {"changed": [BOB]}, *CALM[1:])
    server.settle(work, ROOM)
    assert read(server.keys_for(bob)[0], said(work))[1] == 0
    assert server.withheld_from(tablet) == ["m.no_olm"]
    assert work.due(ROOM) == []


def test_two_rooms_do_not_wait_for_each_other_and_both_give_their_key(work, server, bob):
    work.note_encrypted({"!other:x": [SETTINGS]})
    work.note_members("!other:x", frozenset({ALICE, BOB}))
    for request in work.due(ROOM):
        work.answered(request, server.answer(request))
    assert work.due(ROOM)
    assert work.due("!other:x")
    server.settle(work, "!other:x")
    server.settle(work, ROOM)
    sealed = [said(work, room) for room in (ROOM, "!other:x")]
    assert {key.session_id for key in server.keys_for(bob)} == {one["session_id"] for one in sealed}


def test_a_question_that_the_server_refuses_is_not_asked_for_ever(work, server, bob):
    work.take([], {"changed": [BOB]}, *CALM[1:])
    for _ in range(10):
        wanted = work.due(ROOM)
        for request in wanted:
            work.refused(request)
        if not wanted:
            break
    assert work.due(ROOM) == []


def test_one_more_message_is_not_dearer_in_a_large_room(work, server):
    """Nothing is asked of the store for each member, or for each device, once they have the key."""
    crowd = frozenset(f"@person-{number}:house.test" for number in range(120))
    server.devices += [FarDevice(user, "PHONE") for user in sorted(crowd)]
    work.note_members(ROOM, crowd | {ALICE, BOB})
    server.settle(work, ROOM)
    first = said(work)
    statements, tables = [], work._store.tables
    execute, sessions = tables._execute, work._store.olm_sessions
    tables._execute = lambda *args: statements.append(args) or execute(*args)
    work._store.olm_sessions = lambda *args: statements.append(args) or sessions(*args)
    assert said(work)["session_id"] == first["session_id"]
    assert len(statements) < 10
    tables._execute, work._store.olm_sessions = execute, sessions
    server.devices.pop()
    work.take([], {"changed": [max(crowd)]}, *CALM[1:])
    server.settle(work, ROOM)
    assert said(work)["session_id"] != first["session_id"]
