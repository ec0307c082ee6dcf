"""The keys of one account at work: text both ways with a device that is written out on vodozemac alone."""

import asyncio
import json

import pytest
import vodozemac

from tests.networks.matrix.encryption.far_device import FarDevice
from tests.networks.matrix.encryption.far_identity import Cross
from tests.networks.matrix.encryption.far_server import FarRoom, FarServer
from tests.networks.matrix.encryption.makers import ALICE, DEVICE, KEY, ROOM
from webapp.networks.matrix.encryption import inbox, megolm
from webapp.networks.matrix.encryption.desk import Desk
from webapp.networks.matrix.encryption.machine import Machine
from webapp.networks.matrix.encryption.outcomes import Closed, KeysNeeded, Opened
from webapp.networks.matrix.encryption.requests import Request
from webapp.networks.matrix.encryption.work import Work

pytestmark = pytest.mark.process  # together they take seconds

BOB, CAROL = "@bob:house.test", "@carol:house.test"
SOUP = {"msgtype": "m.text", "body": "Is there soup?"}
SETTINGS = {"algorithm": "m.megolm.v1.aes-sha2"}
CALM = ({}, {"signed_curve25519": 50}, ["signed_curve25519"])


@pytest.fixture
def bob():
    return FarDevice()


@pytest.fixture
def server(bob):
    return FarServer(bob)


@pytest.fixture
def work(tmp_path, server):
    work = begun(tmp_path, server)
    yield work
    work.close()


def begun(folder, server):
    """Our device, online, in an encrypted room with Bob."""
    work = Work(folder, KEY, ALICE, DEVICE)
    work.note_encrypted({ROOM: [SETTINGS]})
    work.note_members(ROOM, frozenset({ALICE, BOB}))
    server.settle(work)
    return work


def meets(far, work, server):
    """The other device claims one of our keys and begins a session."""
    upload = next(body for body in server.uploads if "one_time_keys" in body)
    key = upload["one_time_keys"].popitem()[1]["key"]
    far.meet(work._store.account.identity_keys["curve25519"], key)


def letter(far, work, kind, content):
    ours = work._store.account.identity_keys
    return far.event(ours["curve25519"], far.payload(ALICE, ours["ed25519"], kind, content))


def hears(work, far, server, room):
    """The other device gives us the key of its room."""
    meets(far, work, server)
    return work.take([letter(far, work, "m.room_key", room.key())], *CALM)


def said(work, room=ROOM, content=SOUP):
    return work.seal(room, "m.room.message", content)


def read(key: vodozemac.InboundGroupSession, sealed):
    opened = key.decrypt(vodozemac.MegolmMessage.from_base64(sealed["ciphertext"]))
    return json.loads(opened.plaintext), opened.message_index


def reason(closed):
    assert isinstance(closed, Closed), closed
    return closed.reason.msgid


# What we say


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


# What others say


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


def test_a_message_from_a_device_that_nobody_knows_is_marked(work, server):
    stranger = FarDevice(BOB, "UNKNOWN")
    room = FarRoom(stranger)
    hears(work, stranger, server, room)
    [opened] = work.open(ROOM, [room.event()])
    assert opened.untrusted.msgid == megolm.UNKNOWN_DEVICE


def introduced(work, server):
    """A first message of somebody of whom nothing is known, whose device describes itself; the room, and what came."""
    carol = FarDevice(CAROL, "CAROLS")
    room = FarRoom(carol)
    meets(carol, work, server)
    ours = work._store.account.identity_keys
    payload = {**carol.payload(ALICE, ours["ed25519"], "m.room_key", room.key()), "sender_device_keys": carol.keys()}
    taken = work.take([carol.event(ours["curve25519"], payload)], *CALM)
    return carol, room, taken


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


def test_nobody_fills_the_disk_with_devices_that_describe_themselves(work, server, monkeypatch):
    monkeypatch.setattr(inbox, "MOST_TOLD", 3)
    ours = work._store.account.identity_keys
    for number in range(5):
        far = FarDevice(CAROL, f"D{number}")
        meets(far, work, server)
        payload = {**far.payload(ALICE, ours["ed25519"], "m.dummy", {}), "sender_device_keys": far.keys()}
        assert work.take([far.event(ours["curve25519"], payload)], *CALM).trouble == 0
    assert work._store.tables.count_devices(CAROL) == 3


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


# Upkeep


def test_a_new_device_puts_its_keys_up_once(work, server):
    assert len(server.uploads) == 1
    assert server.uploads[0]["device_keys"]["device_id"] == DEVICE
    work.take([], {}, {"signed_curve25519": 50}, ["signed_curve25519"])
    assert work.due(None) == []


def test_used_keys_are_replaced(work, server):
    work.take([], {}, {}, [])
    server.settle(work)
    assert server.uploads[1].keys() == {"one_time_keys", "fallback_keys"}


def test_a_list_that_changes_while_it_is_asked_for_is_asked_for_again(work, server, bob):
    work.take([], {"changed": [BOB]}, *CALM[1:])
    [request] = work.due(None)
    work.take([], {"changed": [BOB]}, *CALM[1:])
    assert work.due(None) == [request]
    work.answered(request, server.answer(request))
    [again] = work.due(None)
    assert again.body == request.body
    assert again.key != request.key


def test_an_answer_that_makes_no_sense_breaks_nothing(work, server):
    work.take([], {"changed": [BOB]}, {}, [])
    for reply in (None, [], 5, {"device_keys": 5}, {"one_time_keys": []}):
        for request in work.due(ROOM) + work.due(None):
            work.answered(request, reply)
        assert work._store.tables.device(BOB, "BOBSPHONE").gone is False
        work.answered(Request("unknown", "GET", "/"), reply)


def test_the_machine_does_the_same_from_the_loop(tmp_path, server, bob):
    desk = Desk()

    async def everything():
        machine = await Machine.start(tmp_path, KEY, ALICE, DEVICE, desk)
        await machine.note_encrypted({ROOM: [SETTINGS]})
        await machine.note_members(ROOM, [ALICE, BOB])
        await machine.take([], *CALM)
        while wanted := [*await machine.due(), *await machine.due(ROOM)]:
            for request in wanted:
                await machine.answered(request, server.answer(request))
        sealed = await machine.seal(ROOM, "m.room.message", SOUP)
        [opened] = await machine.open(ROOM, [{"event_id": "$1", "sender": ALICE, "content": sealed}])
        assert await machine.is_encrypted(ROOM)
        assert await machine.late() == []
        await machine.shown([])
        await machine.rotate([ROOM])
        await machine.close()
        return sealed, opened

    sealed, opened = asyncio.run(everything())
    desk.close()
    assert opened == Opened("m.room.message", SOUP)
    assert read(server.keys_for(bob)[0], sealed)[0]["content"] == SOUP


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
