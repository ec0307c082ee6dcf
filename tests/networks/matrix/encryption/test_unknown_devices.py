"""Devices of which it is not certain whose they are: what they say is marked, and they get nothing."""

import pytest

from tests.networks.matrix.encryption.far_device import FarDevice
from tests.networks.matrix.encryption.far_identity import Cross
from tests.networks.matrix.encryption.far_server import FarRoom, FarServer
from tests.networks.matrix.encryption.makers import ALICE, DEVICE, KEY, ROOM
from tests.networks.matrix.encryption.two_devices import BOB, CALM, CAROL, begun, hears, meets, reason, said
from webapp.networks.matrix.encryption import inbox, megolm
from webapp.networks.matrix.encryption.work import Work

pytestmark = pytest.mark.process  # together they take seconds


def introduced(work, server):
    """A first message of somebody of whom nothing is known, whose device describes itself; the room, and what came."""
    carol = FarDevice(CAROL, "CAROLS")
    room = FarRoom(carol)
    meets(carol, work, server)
    ours = work._store.account.identity_keys
    payload = {**carol.payload(ALICE, ours["ed25519"], "m.room_key", room.key()), "sender_device_keys": carol.keys()}
    taken = work.take([carol.event(ours["curve25519"], payload)], *CALM)
    return carol, room, taken


def test_a_message_from_a_device_that_nobody_knows_is_marked(work, server):
    stranger = FarDevice(BOB, "UNKNOWN")
    room = FarRoom(stranger)
    hears(work, stranger, server, room)
    [opened] = work.open(ROOM, [room.event()])
    assert opened.untrusted.msgid == megolm.UNKNOWN_DEVICE


def test_what_a_device_says_of_itself_shows_nothing_before_its_owners_list_was_asked_for(work, server):
    carol, room, taken = introduced(work, server)
    assert taken.strangers == {CAROL}
    assert reason(work.open(ROOM, [room.event("soup")])[0]) == megolm.ASKED_FOR
    assert work.late(50) == []
    assert [list(request.body["device_keys"]) for request in work.due(None)] == [[CAROL]]
    assert not work.ripening
    server.devices.append(carol)
    server.settle(work)
    assert work.ripening
    [late] = work.late(50)
    assert (late.opened.content["body"], late.opened.untrusted) == ("soup", None)


@pytest.mark.parametrize("refused", [True, False])
def test_a_device_whose_owners_list_cannot_be_had_is_one_that_nobody_knows(work, server, refused):
    _, room, _ = introduced(work, server)
    assert reason(work.open(ROOM, [room.event("soup")])[0]) == megolm.ASKED_FOR
    [request] = work.due(None)
    if refused:
        work.refused(request)
    else:
        work.answered(request, {"device_keys": {}, "failures": {CAROL.partition(":")[2]: {}}})
    [late] = work.late(50)
    assert late.opened.untrusted.msgid == megolm.UNKNOWN_DEVICE


def test_a_device_that_its_owners_list_does_not_name_is_one_that_nobody_knows_also_after_a_kill(tmp_path, server):
    work = begun(tmp_path, server)
    _, room, _ = introduced(work, server)
    event = room.event("soup")
    assert reason(work.open(ROOM, [event])[0]) == megolm.ASKED_FOR
    work.close()
    again = Work(tmp_path, KEY, ALICE, DEVICE)
    assert again.late(50) == []
    assert reason(again.open(ROOM, [event])[0]) == megolm.ASKED_FOR
    server.settle(again)
    assert [late.opened.untrusted.msgid for late in again.late(50)] == [megolm.UNKNOWN_DEVICE]
    again.note_members("!other:x", frozenset({ALICE, CAROL}))
    server.settle(again, "!other:x")
    said(again, "!other:x")
    assert CAROL not in {user for _, user, _, _ in server.letters}, "it got a key all the same"
    again.close()


def test_a_device_of_somebody_of_whom_the_server_says_nothing_gets_no_key(work, server):
    introduced(work, server)
    [request] = work.due(None)
    work.answered(request, {"device_keys": {}})
    work.note_members(ROOM, frozenset({ALICE, CAROL}))
    server.settle(work, ROOM)
    said(work)
    assert CAROL not in {user for _, user, _, _ in server.letters}


def test_who_speaks_first_does_not_stand_in_line_with_a_crowd(work, server):
    work.note_members("!other:x", frozenset(f"@a{number}:house.test" for number in range(400)))
    carol, room, _ = introduced(work, server)
    work.open(ROOM, [room.event("soup")])
    server.devices.append(carol)
    for request in work.due(None):
        while work.answered(request, server.answer(request)):
            pass
    assert [late.opened.content["body"] for late in work.late(50)] == ["soup"]


def test_nobody_fills_the_disk_with_devices_that_describe_themselves(work, server, monkeypatch):
    monkeypatch.setattr(inbox, "MOST_TOLD", 3)
    ours = work._store.account.identity_keys
    for number in range(5):
        far = FarDevice(CAROL, f"D{number}")
        meets(far, work, server)
        payload = {**far.payload(ALICE, ours["ed25519"], "m.dummy", {}), "sender_device_keys": far.keys()}
        assert work.take([far.event(ours["curve25519"], payload)], *CALM).trouble == 0
    assert work._store.tables.count_devices(CAROL) == 3


def test_somebody_whose_server_is_silent_does_not_keep_others_from_being_asked_for(work, server):
    silent = frozenset(f"@a{number}:silent.test" for number in range(300))
    work.note_members("!other:x", silent)
    asked = 0
    while wanted := work.due(None):
        for request in wanted:
            asked += 1
            while work.answered(request, {"failures": {"silent.test": {}}}):
                pass
    work.follow(CAROL)
    assert [list(request.body["device_keys"]) for request in work.due(None)] == [[CAROL]]
    assert asked < 5


def test_a_message_from_a_device_that_its_owner_did_not_confirm_is_marked(work, server, bob):
    cross, made_up = Cross(), FarDevice(device="MADEUP")
    server.devices.append(made_up)
    server.more = {"BOBSPHONE": cross.vouch(bob.keys()), **cross.answer()}
    work.take([], {"changed": [BOB]}, *CALM[1:])
    server.settle(work)
    rooms = [FarRoom(far) for far in (bob, made_up)]
    for room in rooms:
        hears(work, room.far, server, room)
    doubts = [work.open(ROOM, [room.event()])[0].untrusted for room in rooms]
    assert doubts[0] is None
    assert doubts[1].msgid == megolm.UNCONFIRMED_DEVICE


def test_whoever_looks_at_devices_has_them_asked_for_also_of_who_was_silent_and_of_strangers(tmp_path):
    phone = FarDevice("@dora:far.test", "DORASPHONE")
    server = FarServer(phone)
    work = begun(tmp_path, server)
    work.look_at(phone.user)
    for request in work.due(None):
        work.answered(request, {"failures": {"far.test": {}}})
    server.settle(work)
    assert (work.devices_of(phone.user).devices, work.devices_of(phone.user).current) == ((), False)
    for _ in range(2):
        before = len(server.asked)
        work.look_at(phone.user)
        server.settle(work)
        assert [one.id for one in work.devices_of(phone.user).devices] == ["DORASPHONE"]
        assert (work.devices_of(phone.user).current, len(server.asked)) == (True, before + 1)
    work.close()
