"""What nio's store lacks."""

import pytest

from tests.networks.matrix.encryption.makers import ALICE, ROOM, a_store
from webapp.networks.matrix.encryption import tables as room_of_tables
from webapp.networks.matrix.encryption import waiting
from webapp.networks.matrix.encryption.sealing import Damaged, Sealer
from webapp.networks.matrix.encryption.tables import KnownDevice, RoomKeyFacts

BOB = "@bob:house.test"


@pytest.fixture
def store(tmp_path):
    store = a_store(tmp_path)
    yield store
    store.close()


@pytest.fixture
def tables(store):
    return store.tables


def facts(at: float = 1.0) -> RoomKeyFacts:
    return RoomKeyFacts(ROOM, BOB, "curve", "ed", "olm", 0, at)


def test_a_sealed_value_opens_at_its_own_place_only():
    sealer = Sealer(bytes(32))
    blob = sealer.seal({"a": 1}, "device", "@bob:x", "D")
    assert sealer.unseal(blob, "device", "@bob:x", "D") == {"a": 1}
    for place in (("device", "@bob:x", "E"), ("identity", "@bob:x", "D"), ("device", "@bob:xD", "")):
        with pytest.raises(Damaged):
            sealer.unseal(blob, *place)
    with pytest.raises(Damaged):
        Sealer(bytes([1] * 32)).unseal(blob, "device", "@bob:x", "D")


@pytest.mark.parametrize("blob", [None, "text", b"", b"short", bytes(12), bytes(100)])
def test_what_was_never_sealed_is_damaged(blob):
    with pytest.raises(Damaged):
        Sealer(bytes(32)).unseal(blob, "a")


def test_the_same_event_at_the_same_place_is_no_replay(tables):
    assert not tables.is_replay("session", 0, "$a", 1000)
    assert not tables.is_replay("session", 0, "$a", 1000)
    assert not tables.is_replay("session", 1, "$b", 1000)
    assert not tables.is_replay("other", 0, "$c", 1000)


@pytest.mark.parametrize(("event", "sent_at"), [("$b", 1000), ("$a", 2000), ("$b", 2000)])
def test_another_event_at_the_same_place_is_a_replay_and_the_first_stays_good(tables, event, sent_at):
    assert not tables.is_replay("session", 0, "$a", 1000)
    assert tables.is_replay("session", 0, event, sent_at)
    assert not tables.is_replay("session", 0, "$a", 1000)


def test_replays_are_known_after_a_restart(tmp_path):
    store = a_store(tmp_path)
    assert not store.tables.is_replay("session", 0, "$a", 1000)
    store.close()
    again = a_store(tmp_path)
    assert again.tables.is_replay("session", 0, "$b", 1000)
    again.close()


def test_a_to_device_event_is_new_once_also_after_a_restart(tmp_path):
    store = a_store(tmp_path)
    assert store.tables.is_new(b"digest")
    assert not store.tables.is_new(b"digest")
    store.close()
    again = a_store(tmp_path)
    assert not again.tables.is_new(b"digest")
    assert again.tables.is_new(b"another")
    again.close()


def test_what_only_grows_is_cut_and_the_newest_stays(store, monkeypatch):
    monkeypatch.setattr(room_of_tables, "SEEN_KEPT", 10)
    monkeypatch.setattr(waiting, "KEPT", 10)
    for number in range(30):
        store.tables.is_new(str(number).encode())
        store.waiting.add(ROOM, "session", f"${number}", {"number": number})
    store.tables.forget_old()
    store.waiting.forget_old()
    assert [event["number"] for _, event in store.waiting.of("session", 100)] == list(range(20, 30))
    assert not store.tables.is_new(b"29")
    assert store.tables.is_new(b"0")


def test_notes_on_withheld_keys_do_not_grow_without_end(tables, monkeypatch):
    monkeypatch.setattr(room_of_tables, "WITHHELD_KEPT", 3)
    for number in range(5):
        tables.keep_withheld(ROOM, str(number), "m.unverified")
    assert [tables.withheld(ROOM, str(number)) for number in range(5)] == ["m.unverified"] * 3 + [None] * 2
    assert tables.withheld("!other:x", "0") is None


def test_a_list_that_changes_while_it_is_asked_for_stays_outdated(tables):
    tables.track([BOB, "@carol:x"])
    asked = tables.outdated(10)
    assert asked.keys() == {BOB, "@carol:x"}
    tables.outdate([BOB])
    for user, number in asked.items():
        tables.note_queried(user, number)
    assert tables.outdated(10).keys() == {BOB}
    assert (tables.outdated_of(BOB), tables.outdated_of("@carol:x")) == (2, 0)


def test_tracking_twice_does_not_make_a_list_outdated(tables):
    tables.track([BOB])
    tables.note_queried(BOB, 1)
    tables.track([BOB])
    assert tables.outdated(10) == {}


def test_nobody_is_followed_because_a_server_says_that_their_list_changed(tables):
    tables.outdate(["@stranger:x"])
    assert tables.outdated(10) == {}
    assert tables.outdated_of("@stranger:x") is None


def test_somebody_whom_we_no_longer_follow_must_be_asked_for_anew(tables):
    tables.track([BOB])
    tables.note_queried(BOB, 1)
    tables.untrack([BOB])
    assert tables.outdated_of(BOB) is None
    tables.track([BOB])
    assert tables.outdated(10) == {BOB: 1}


def test_devices_identities_and_facts_are_found_again(tables):
    phone = KnownDevice(BOB, "PHONE", "curve", "ed", {"user_id": BOB})
    tables.keep_device(phone)
    tables.keep_device(KnownDevice("@carol:x", "PHONE", "curve", "ed", {}))
    tables.keep_identity(BOB, {"master": "key"})
    tables.keep_fact("name", [1, None])
    assert tables.devices(BOB) == [phone]
    assert tables.device(BOB, "PHONE") == phone
    assert tables.device(BOB, "TABLET") is None
    assert tables.identity(BOB) == {"master": "key"}
    assert tables.identity("@carol:x") is None
    assert tables.fact("name") == [1, None]
    assert tables.fact("other") is None


def test_room_keys_wait_for_the_backup_until_it_has_them(tables):
    for session in ("a", "b", "c"):
        tables.keep_room_key(session, facts())
    tables.note_backed_up(["b"])
    assert tables.to_back_up(10) == ["a", "c"]
    assert len(tables.to_back_up(1)) == 1
    assert tables.room_key("b") == facts()


def test_an_event_waits_once_until_it_is_shown(store):
    for _ in range(2):
        store.waiting.add(ROOM, "session", "$a", {"body": "x"})
    store.waiting.add("!other:x", "session", "$a", {"body": "y"})
    store.waiting.add(ROOM, "another", "$b", {"body": "z"})
    assert store.waiting.of("session", 10) == [(ROOM, {"body": "x"}), ("!other:x", {"body": "y"})]
    store.waiting.drop(ROOM, "$a")
    assert store.waiting.of("session", 10) == [("!other:x", {"body": "y"})]


def test_who_is_wanted_is_found_behind_thousands_who_are_not(tables):
    crowd = frozenset(f"@a-{number}:x" for number in range(1200))
    statements = []
    execute, tables._execute = tables._execute, lambda *args: statements.append(args) or execute(*args)
    tables.track(crowd | {BOB})
    assert tables.outdated(5, lambda user: user not in crowd) == {BOB: 1}
    assert len(statements) < 10
    assert len(tables.outdated(5)) == 5
    assert tables.outdated(2000) == dict.fromkeys(crowd | {BOB}, 1)
    for user in crowd:
        tables.note_queried(user, 1)
    assert tables.outdated_among(crowd) == {}
    assert tables.outdated_among(frozenset({BOB, "@stranger:x"})) == {BOB: 1}


def test_of_whom_something_was_kept_since_then_is_known(tables):
    before = tables.changes
    tables.keep_identity(BOB, {"master": "1"})
    tables.keep_identity(ALICE, {"master": "2"})
    between = tables.changes
    tables.untrack([BOB])
    assert list(tables.changed_since(before)) == [BOB, ALICE]
    assert list(tables.changed_since(between)) == [BOB]
    assert list(tables.changed_since(tables.changes)) == []
