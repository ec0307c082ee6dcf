"""Keys at rest, and what becomes of them when the file is not what it was (R19)."""

import random
import shutil
import sqlite3
import stat
from contextlib import suppress
from pathlib import Path

import pytest
import vodozemac
from nio.crypto import InboundGroupSession
from peewee import OperationalError

from tests.networks.matrix.encryption.makers import ALICE, DEVICE, KEY, ROOM, a_store, olm_session, room_key
from webapp.networks.matrix.encryption import store as room_of_store
from webapp.networks.matrix.encryption import unpadded
from webapp.networks.matrix.encryption.faults import told_apart
from webapp.networks.matrix.encryption.outcomes import StoreBroken, StoreStuck
from webapp.networks.matrix.encryption.store import FILE, MARK, Store, set_aside
from webapp.networks.matrix.encryption.tables import OLM, KnownDevice

pytestmark = pytest.mark.process  # together they take seconds

BOB = "@bob:house.test"
SECRET = "a secret that may not lie in the file"


@pytest.fixture
def store(tmp_path):
    store = a_store(tmp_path)
    yield store
    store.close()


def filled(folder: Path, user: str = ALICE) -> dict[str, object]:
    """A store with something of everything; what is in it."""
    store = a_store(folder, user=user)
    groups = [vodozemac.GroupSession() for _ in range(5)]
    with store.transaction():
        for group in groups:
            store.keep_room_key(room_key(group), BOB, OLM)
        for number in range(3):
            store.keep_olm_session(f"curve {number}", olm_session(store.account._account), received=True)
        store.encrypted_rooms.keep({f"!{number}:x": {"messages": 100} for number in range(20)})
        store.tables.keep_fact("secret", SECRET)
        for number in range(20):
            store.tables.keep_device(KnownDevice(BOB, f"D{number}", f"curve {number}", f"ed {number}", {"a": SECRET}))
            store.waiting.add(ROOM, "session", f"${number}", {"content": SECRET})
            store.tables.is_new(str(number).encode())
        store.tables.keep_identity(BOB, {"master": SECRET})
        store.tables.track([BOB])
    found = contents(store, [group.session_id for group in groups])
    store.close()
    return found


def contents(store: Store, sessions: list[str]) -> dict[str, object]:
    """Everything that can be read of a store."""
    found: dict[str, object] = {"account": store.account.identity_keys, "rooms": store.encrypted_rooms.by_name()}
    for session in sessions:
        key = store.room_key(ROOM, session)
        found[f"key {session}"] = None if key is None else (key[0].export_session(0), key[1].owner)
    for number in range(3):
        found[f"olm {number}"] = [session.id for session in store.olm_sessions(f"curve {number}")]
    for number in range(20):
        found[f"device {number}"] = store.tables.device(BOB, f"D{number}")
    found["secret"], found["identity"] = store.tables.fact("secret"), store.tables.identity(BOB)
    found["waiting"] = store.waiting.of("session", 100)
    return found


def sessions_of(before: dict[str, object]) -> list[str]:
    return [name.removeprefix("key ") for name in before if name.startswith("key ")]


def opened(folder: Path, before: dict[str, object], user: str = ALICE) -> dict[str, object] | None:
    """What can be read of the store now; None if it says that it is broken."""
    try:
        store = a_store(folder, user=user)
    except StoreBroken:
        return None
    try:
        with store.transaction():
            return contents(store, sessions_of(before))
    except StoreBroken:
        return None
    finally:
        store.close()


# Making and opening


def test_an_account_gets_its_keys_once(tmp_path):
    first = a_store(tmp_path)
    keys = first.account.identity_keys
    first.close()
    again = a_store(tmp_path)
    assert again.account.identity_keys == keys
    again.close()


def test_an_empty_key_is_refused_and_nothing_is_written(tmp_path):
    for key in (b"", b"short"):
        with pytest.raises(ValueError):
            a_store(tmp_path / "new", key=key)
    assert not (tmp_path / "new").exists()


def test_the_file_is_for_us_alone(tmp_path):
    a_store(tmp_path / "folder").close()
    store = a_store(tmp_path / "folder")
    with store.transaction():
        store.tables.keep_fact("a", 1)
    assert stat.S_IMODE((tmp_path / "folder").stat().st_mode) == 0o700
    for file in (tmp_path / "folder").iterdir():
        assert stat.S_IMODE(file.stat().st_mode) == 0o600, file
    store.close()


def test_every_commit_lasts_and_readers_do_not_wait(store):
    assert store._execute("PRAGMA journal_mode", ()) == [("wal",)]
    assert store._execute("PRAGMA synchronous", ()) == [(2,)]


def test_what_is_done_in_a_transaction_that_fails_is_not_kept(store):
    with suppress(RuntimeError), store.transaction():
        store.tables.keep_fact("a", 1)
        store.keep_olm_session("curve", olm_session(), received=True)
        store.account.generate_one_time_keys(1)
        store.save_account()
        raise RuntimeError
    assert store.tables.fact("a") is None
    assert store.olm_sessions("curve") == []
    assert store.account.one_time_keys == {"curve25519": {}}


def test_no_secret_lies_in_the_file(tmp_path):
    filled(tmp_path)
    group = vodozemac.GroupSession()
    store = a_store(tmp_path)
    exported = room_key(group).export_session(0)
    with store.transaction():
        store.keep_room_key(room_key(group), BOB, OLM)
    store.close()
    data = (tmp_path / FILE).read_bytes()
    assert SECRET.encode() not in data
    assert exported.encode() not in data
    assert b"DEFAULT" not in data


# Room keys


def test_a_room_key_is_found_by_its_room_and_id_alone(store):
    group = vodozemac.GroupSession()
    assert store.keep_room_key(room_key(group), BOB, OLM)
    key, facts = store.room_key(ROOM, group.session_id)
    assert key.decrypt(group.encrypt(b"soup").to_base64()) == ("soup", 0)
    assert facts.owner == (BOB, "bob+curve", "bob+ed")
    assert store.room_key("!other:x", group.session_id) is None
    assert store.room_key(ROOM, "unknown") is None


def test_the_first_owner_of_a_room_key_stays_its_owner(store):
    group = vodozemac.GroupSession()
    early = room_key(group, "mallory+curve", "mallory+ed")
    group.encrypt(b"one")
    assert store.keep_room_key(room_key(group), BOB, OLM)
    assert not store.keep_room_key(early, "@mallory:x", OLM)
    assert not store.keep_room_key(room_key(group, "mallory+curve", "mallory+ed"), "@mallory:x", "backup")
    key, facts = store.room_key(ROOM, group.session_id)
    assert (facts.user, key.first_known_index) == (BOB, 1)


def test_an_earlier_place_of_the_same_ratchet_is_taken_and_a_later_one_is_not(store):
    group = vodozemac.GroupSession()
    early = room_key(group)
    said = group.encrypt(b"one").to_base64()
    late = room_key(group)
    assert store.keep_room_key(late, BOB, OLM)
    assert store.keep_room_key(early, BOB, OLM)
    assert not store.keep_room_key(late, BOB, OLM)
    key, facts = store.room_key(ROOM, group.session_id)
    assert key.decrypt(said) == ("one", 0)
    assert facts.first_index == 0


def test_a_key_of_the_same_id_for_another_room_is_not_taken(store):
    group = vodozemac.GroupSession()
    assert store.keep_room_key(room_key(group), BOB, OLM)
    assert not store.keep_room_key(room_key(group, room="!other:x"), BOB, OLM)
    assert store.room_key("!other:x", group.session_id) is None


def test_an_earlier_place_of_another_ratchet_is_not_taken_for_it(store):
    """An exported key is not signed: whoever knows the id can make one with a ratchet of their own."""
    group = vodozemac.GroupSession()
    exported = bytearray(unpadded.decode(room_key(group).export_session(0)))
    exported[10] ^= 1
    forged = InboundGroupSession.import_session(unpadded.encode(bytes(exported)), "bob+ed", "bob+curve", ROOM)
    group.encrypt(b"one")
    assert store.keep_room_key(room_key(group), BOB, OLM)
    assert forged.id == group.session_id
    assert not store.keep_room_key(forged, BOB, "import")
    assert store.room_key(ROOM, group.session_id)[1].first_index == 1


def test_a_restored_key_gets_its_proven_owner_and_keeps_its_beginning(store):
    group = vodozemac.GroupSession()
    restored = room_key(group, "claimed", "claimed")
    said = group.encrypt(b"one").to_base64()
    assert store.keep_room_key(restored, "@claimed:x", "backup")
    assert store.keep_room_key(room_key(group), BOB, OLM)
    key, facts = store.room_key(ROOM, group.session_id)
    assert (facts.owner, facts.source, facts.first_index) == ((BOB, "bob+curve", "bob+ed"), OLM, 0)
    assert key.decrypt(said) == ("one", 0)


# Olm sessions


def test_the_session_that_was_received_from_last_stands_first(store):
    first, second = olm_session(), olm_session()
    store.keep_olm_session("curve", first, received=True)
    store.keep_olm_session("curve", second, received=True)
    assert [session.id for session in store.olm_sessions("curve")] == [second.id, first.id]
    store.keep_olm_session("curve", first, received=True)
    store.keep_olm_session("curve", second, received=False)
    assert [session.id for session in store.olm_sessions("curve")] == [first.id, second.id]


def test_only_the_newest_sessions_with_a_device_are_kept(store):
    sessions = [olm_session() for _ in range(12)]
    store.keep_olm_session("other", sessions[0], received=True)
    for session in sessions[1:]:
        store.keep_olm_session("curve", session, received=True)
    assert [session.id for session in store.olm_sessions("curve")] == [session.id for session in sessions[:3:-1]]
    assert [session.id for session in store.olm_sessions("other")] == [sessions[0].id]


# R19: a file that is not what it was


def test_a_hundred_flipped_bits_give_an_error_or_change_nothing(tmp_path):
    before = filled(tmp_path / "kept")
    other = filled(tmp_path / "other", BOB)
    others_file = (tmp_path / "other" / FILE).read_bytes()
    chance, broken = random.Random(19), 0
    for number in range(100):
        folder = tmp_path / f"flipped {number}"
        shutil.copytree(tmp_path / "kept", folder)
        data = bytearray((folder / FILE).read_bytes())
        bit = chance.randrange(8 * len(data))
        data[bit // 8] ^= 1 << bit % 8
        (folder / FILE).write_bytes(data)
        found = opened(folder, before)
        if found is None:
            broken += 1
            continue
        assert found["account"] == before["account"]
        assert found["rooms"] == before["rooms"], "a room would no longer be encrypted"
        for name, value in found.items():
            assert value in (before[name], None, [], before.get(name)) or is_part(value, before[name]), name
    assert broken >= 5, "the flips hit nothing"  # most of a small file is empty pages
    assert (tmp_path / "other" / FILE).read_bytes() == others_file
    assert opened(tmp_path / "other", other, BOB) == other


def is_part(value: object, before: object) -> bool:
    """A row may be missing after a flip; what is there is as it was."""
    return isinstance(value, list) and isinstance(before, list) and all(one in before for one in value)


@pytest.mark.parametrize("part", [0, 1, 100, 4096, 0.3, 0.5, 0.9])
def test_a_file_that_was_cut_short_is_broken_and_not_begun_anew(tmp_path, part):
    before = filled(tmp_path)
    data = (tmp_path / FILE).read_bytes()
    (tmp_path / FILE).write_bytes(data[: part if isinstance(part, int) else int(part * len(data))])
    assert opened(tmp_path, before) is None


def test_a_deleted_file_is_broken_and_not_begun_anew(tmp_path):
    before = filled(tmp_path)
    (tmp_path / FILE).unlink()
    assert opened(tmp_path, before) is None


def test_a_file_of_nonsense_is_broken(tmp_path):
    before = filled(tmp_path)
    (tmp_path / FILE).write_bytes(random.Random(19).randbytes(50_000))
    assert opened(tmp_path, before) is None


@pytest.mark.parametrize(
    ("key", "user", "device"), [(bytes(32), ALICE, DEVICE), (KEY, BOB, DEVICE), (KEY, ALICE, "OTHER")]
)
def test_a_store_opens_with_its_own_key_for_its_own_device_only(tmp_path, key, user, device):
    filled(tmp_path)
    with pytest.raises(StoreBroken) as caught:
        a_store(tmp_path, key, user, device)
    assert "Sign in again" in caught.value.reason.msgid
    assert opened(tmp_path, {"account": None}) is not None


def test_another_accounts_file_in_its_place_is_broken(tmp_path):
    before = filled(tmp_path / "mine")
    filled(tmp_path / "theirs", BOB)
    shutil.copy(tmp_path / "theirs" / FILE, tmp_path / "mine" / FILE)
    assert opened(tmp_path / "mine", before) is None


@pytest.mark.parametrize(
    "table", ["own_fact", "own_room_key", "accounts", "megolminboundsessions", "own_device", "own_encrypted_room"]
)
def test_missing_rows_of_what_everything_rests_on_are_noticed(tmp_path, table):
    before = filled(tmp_path)
    with sqlite3.connect(tmp_path / FILE) as database:
        database.execute(f"DELETE FROM {table}")
    database.close()
    found = opened(tmp_path, before)
    assert found is None or found["rooms"] == before["rooms"]
    assert (found is None) == (table not in {"own_room_key", "own_device"})


@pytest.mark.parametrize("table", ["own_fact", "accounts"])
def test_half_of_what_makes_an_account_is_noticed_though_nothing_says_that_there_was_one(tmp_path, table):
    before = filled(tmp_path)
    with sqlite3.connect(tmp_path / FILE) as database:
        database.execute(f"DELETE FROM {table}")
    database.close()
    (tmp_path / MARK).unlink()
    assert opened(tmp_path, before) is None


def test_damage_is_noticed_when_the_account_starts_and_not_when_the_page_is_read_one_day(tmp_path):
    filled(tmp_path)
    with sqlite3.connect(tmp_path / FILE) as database:
        (page,) = database.execute("SELECT rootpage FROM sqlite_master WHERE name = 'own_withheld'").fetchone()
        (size,) = database.execute("PRAGMA page_size").fetchone()
    database.close()
    data = bytearray((tmp_path / FILE).read_bytes())
    data[(page - 1) * size : page * size] = random.Random(19).randbytes(size)
    (tmp_path / FILE).write_bytes(data)
    with pytest.raises(StoreBroken):
        a_store(tmp_path)


def test_a_sealed_value_that_is_moved_to_another_row_does_not_open(tmp_path):
    filled(tmp_path)
    with sqlite3.connect(tmp_path / FILE) as database:
        secret = "SELECT value FROM own_fact WHERE name = 'secret'"
        database.execute(f"UPDATE own_fact SET value = ({secret}) WHERE name = 'sum of rooms'")
    database.close()
    with pytest.raises(StoreBroken):
        a_store(tmp_path)


# Which rooms are encrypted


@pytest.mark.parametrize(
    "damage",
    [
        "DELETE FROM own_encrypted_room WHERE room = '!7:x'",
        "UPDATE own_encrypted_room SET room = '!70:x' WHERE room = '!7:x'",
        "UPDATE own_encrypted_room SET value = (SELECT value FROM own_encrypted_room WHERE room = '!8:x')",
        "INSERT INTO own_encrypted_room SELECT '!70:x', value FROM own_encrypted_room WHERE room = '!7:x'",
        "DELETE FROM own_fact WHERE name = 'sum of rooms'",
    ],
)
def test_no_encrypted_room_can_vanish_unnoticed(tmp_path, damage):
    filled(tmp_path)
    with sqlite3.connect(tmp_path / FILE) as database:
        assert database.execute(damage).rowcount > 0
    database.close()
    with pytest.raises(StoreBroken):
        a_store(tmp_path)


def test_a_store_that_keeps_all_encrypted_rooms_in_one_value_is_taken_over_whole(tmp_path):
    rooms = {f"!{number}:x": {"messages": number} if number % 2 else {} for number in range(300)}
    before = filled(tmp_path)
    store = a_store(tmp_path)
    with store.transaction():  # as versions until 0.1.0 wrote it
        store.tables.keep_fact("rooms", rooms)
        store._execute("DELETE FROM own_fact WHERE name = 'sum of rooms'", ())
        store._execute("DROP TABLE own_encrypted_room", ())
    store.close()
    for _ in range(2):
        assert opened(tmp_path, before) == {**before, "rooms": rooms}
    store = a_store(tmp_path)
    with store.transaction():
        store.encrypted_rooms.keep({"!new:x": {"messages": 1}, "!3:x": {"messages": 2}})
    store.close()
    assert opened(tmp_path, before) == {
        **before,
        "rooms": {**rooms, "!new:x": {"messages": 1}, "!3:x": {"messages": 2}},
    }


def test_a_room_noted_in_a_transaction_that_fails_is_not_encrypted_by_it(store):
    with suppress(ZeroDivisionError), store.transaction():
        store.encrypted_rooms.keep({"!soup:x": {}})
        raise ZeroDivisionError
    with store.transaction():
        assert "!soup:x" not in store.encrypted_rooms
        store.encrypted_rooms.keep({"!salad:x": {}})
        assert store.encrypted_rooms.by_name() == {"!salad:x": {}}


def test_a_session_under_the_id_of_another_does_not_open(tmp_path):
    before = filled(tmp_path)
    one, two = sessions_of(before)[:2]
    with sqlite3.connect(tmp_path / FILE) as database:
        other = "SELECT session FROM megolminboundsessions WHERE session_id = ?"
        database.execute(f"UPDATE megolminboundsessions SET session = ({other}) WHERE session_id = ?", (one, two))
    database.close()
    store = a_store(tmp_path)
    with pytest.raises(StoreBroken):
        store.room_key(ROOM, two)
    store.close()


def test_an_olm_session_under_the_id_of_another_does_not_open(tmp_path):
    filled(tmp_path)
    with sqlite3.connect(tmp_path / FILE) as database:
        other = "SELECT session FROM olmsessions WHERE sender_key = 'curve 1'"
        database.execute(f"UPDATE olmsessions SET session = ({other}) WHERE sender_key = 'curve 2'")
    database.close()
    store = a_store(tmp_path)
    with pytest.raises(StoreBroken):
        store.olm_sessions("curve 2")
    store.close()


def test_a_broken_file_is_put_aside_and_kept_and_a_new_device_begins(tmp_path):
    before = filled(tmp_path)
    (tmp_path / FILE).write_bytes(b"nonsense")
    assert opened(tmp_path, before) is None
    for _ in range(2):
        set_aside(tmp_path)
        store = a_store(tmp_path, device="NEW")
        assert store.account.identity_keys != before["account"]
        store.close()
    assert (tmp_path / "keys.broken-1.sqlite").read_bytes() == b"nonsense"
    assert (tmp_path / "keys.broken-2.sqlite").exists()


def test_dying_between_the_file_and_its_first_row_is_no_damage(tmp_path, monkeypatch):
    def die(self):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch, suppress(KeyboardInterrupt):
        patch.setattr(Store, "_new_account", die)
        a_store(tmp_path)
    assert not (tmp_path / MARK).exists()
    a_store(tmp_path).close()


def test_dying_before_the_mark_is_written_is_no_damage(tmp_path, monkeypatch):
    def die(mark, device):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch, suppress(KeyboardInterrupt):
        patch.setattr(room_of_store, "_write_mark", die)
        a_store(tmp_path)
    assert not (tmp_path / MARK).exists()
    a_store(tmp_path).close()
    assert (tmp_path / MARK).exists()


def test_a_full_disk_is_no_damage(store):
    store._execute("PRAGMA max_page_count = 1", ())
    with pytest.raises(StoreStuck) as caught, store.transaction():
        store.tables.keep_fact("large", "x" * 1_000_000)
    assert "Nothing is lost" in caught.value.reason.msgid
    store._execute("PRAGMA max_page_count = 100000", ())
    with store.transaction():
        store.tables.keep_fact("large", "x" * 1_000_000)


def test_what_the_database_says_of_a_damaged_file_is_damage():
    with pytest.raises(StoreBroken), told_apart():
        raise OperationalError("no such table: accounts")


def test_a_folder_that_cannot_be_made_is_no_damage(tmp_path):
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(StoreStuck):
        a_store(tmp_path / "file" / "below")
