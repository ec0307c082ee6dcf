"""The backup of room keys, as values: what is taken out of it, given to it, and never given to somebody else's."""

import base64
import json

import pytest
import vodozemac

from tests.networks.matrix.encryption.far_device import FarDevice, base64ed
from tests.networks.matrix.encryption.far_identity import Cross
from tests.networks.matrix.encryption.far_server import FarRoom, FarServer
from tests.networks.matrix.encryption.makers import ALICE, DEVICE, KEY, ROOM, room_key
from webapp.networks.matrix.encryption import megolm, secrets
from webapp.networks.matrix.encryption.backup import ALGORITHM
from webapp.networks.matrix.encryption.outcomes import Opened
from webapp.networks.matrix.encryption.secrets import BACKUP
from webapp.networks.matrix.encryption.signing import is_signed
from webapp.networks.matrix.encryption.standing import BackupState
from webapp.networks.matrix.encryption.tables import OLM
from webapp.networks.matrix.encryption.work import Work

BOB = "@bob:house.test"


class FarBackup:
    """A backup on the server, made by another device of ours, written out from the specification."""

    def __init__(self, version="1"):
        self.private, self.version = vodozemac.Curve25519SecretKey(), version
        self.public = self.private.public_key()

    @property
    def secret(self):
        return base64ed(self.private.to_bytes())

    def told(self, by=None):
        auth = {"public_key": self.public.to_base64()}
        return {"version": self.version, "algorithm": ALGORITHM, "auth_data": by.by_master(auth) if by else auth}

    def entry(self, group, at=0, **changes):
        """A room key as it lies there."""
        plain = {
            "algorithm": "m.megolm.v1.aes-sha2",
            "sender_key": FarDevice().curve,
            "sender_claimed_keys": {"ed25519": FarDevice().ed},
            "forwarding_curve25519_key_chain": [],
            "session_key": vodozemac.InboundGroupSession(group.session_key).export_at(at).to_base64(),
            **changes,
        }
        message = vodozemac.PkEncryption.from_key(self.public).encrypt(json.dumps(plain).encode())
        parts = {"ciphertext": message.ciphertext, "mac": message.mac, "ephemeral": message.ephemeral_key}
        data = {name: base64ed(part) for name, part in parts.items()}
        return {"first_message_index": at, "forwarded_count": 0, "is_verified": True, "session_data": data}

    def read(self, entry):
        """What somebody put there."""
        raw = {name: entry["session_data"][name] for name in ("ciphertext", "mac", "ephemeral")}
        message = vodozemac.Message.from_base64(raw["ciphertext"], raw["mac"], raw["ephemeral"])
        return json.loads(vodozemac.PkDecryption.from_key(self.private).decrypt(message))


@pytest.fixture
def ours():
    return Cross(ALICE, ours=True)


@pytest.fixture
def work(tmp_path, ours):
    server = FarServer(FarDevice())
    server.identities.append(ours)
    work = Work(tmp_path, KEY, ALICE, DEVICE)
    server.settle(work)
    yield work
    work.close()


@pytest.fixture
def far():
    return FarBackup()


def unlocked(work, far, told=None):
    work.own.backup.note(told or far.told())
    assert work.own.keep(BACKUP, far.secret)
    return work.own.backup


# Which backup is ours


def test_where_there_is_none_nothing_is_read_or_written(work):
    assert work.own.backup.note({}) is BackupState.NONE
    assert not work.own.backup.needs_restore()
    assert work.own.backup.next_upload(50) == ([], {"rooms": {}})


def test_a_backup_that_our_identity_signed_is_ours_and_locked_until_we_have_its_key(work, far, ours):
    work.own.claim(ours.secret(secrets.MASTER))
    assert work.own.backup.note(far.told(by=ours)) is BackupState.LOCKED
    assert not work.own.keep(BACKUP, FarBackup().secret)
    assert work.own.keep(BACKUP, far.secret)
    assert work.own.backup.state() is BackupState.OPEN


@pytest.mark.parametrize("signer", [None, Cross(ALICE), Cross(BOB)])
def test_a_backup_that_another_identity_made_is_foreign(work, far, ours, signer):
    work.own.claim(ours.secret(secrets.MASTER))
    assert work.own.backup.note(far.told(by=signer)) is BackupState.FOREIGN


def test_a_signature_of_our_identity_counts_once_that_is_confirmed_and_not_before(work, far, ours):
    assert work.own.backup.note(far.told(by=ours)) is BackupState.FOREIGN
    work.own.claim(ours.secret(secrets.MASTER))
    assert work.own.backup.state() is BackupState.LOCKED


def test_a_server_that_puts_its_own_backup_in_place_of_ours_gets_no_keys(work, far):
    backup = unlocked(work, far)
    with work._store.transaction():
        work._store.keep_room_key(room_key(vodozemac.GroupSession()), BOB, OLM)
    assert len(backup.next_upload(50)[0]) == 1
    assert backup.note(FarBackup("2").told()) is BackupState.FOREIGN
    assert backup.next_upload(50) == ([], {"rooms": {}})


@pytest.mark.parametrize(
    "told",
    [
        {"version": 5},
        {"version": "1", "algorithm": "m.other", "auth_data": {"public_key": "A" * 43}},
        {"version": "1", "algorithm": ALGORITHM, "auth_data": None},
        {"version": "1", "algorithm": ALGORITHM, "auth_data": {"public_key": "short", "signatures": 5}},
    ],
)
def test_a_version_that_makes_no_sense_is_not_used(work, told):
    assert work.own.backup.note(told) in {BackupState.NONE, BackupState.FOREIGN}
    assert not work.own.keep(BACKUP, FarBackup().secret)


# Out of it


def test_keys_are_restored_and_what_waited_for_them_is_read(work, far):
    room = FarRoom(FarDevice())
    entry, event = far.entry(room.group), room.event("soup")
    work.open(ROOM, [event])
    backup = unlocked(work, far)
    assert backup.needs_restore()
    assert backup.take([(ROOM, room.group.session_id, entry)]) == 1
    [late] = work.late(50)
    assert late.opened.content["body"] == "soup"
    assert late.opened.untrusted.msgid == megolm.RESTORED
    assert backup.next_upload(50)[0] == []
    backup.note_restored("1")
    assert not backup.needs_restore()
    backup.note(far.told() | {"version": "2"})
    assert backup.needs_restore()


def test_what_makes_no_sense_in_a_backup_hurts_no_other_key(work, far):
    backup, good, bad = unlocked(work, far), vodozemac.GroupSession(), vodozemac.GroupSession()
    entry = far.entry(bad)
    deep: list[object] = []
    for _ in range(10_000):
        deep = [deep]
    broken = [
        *(None, 5, "x", [], {}, deep, {"session_data": 5}, {"session_data": {"ciphertext": 5}}),
        {**entry, "session_data": {**entry["session_data"], "mac": "AAAAAAAAAAA"}},
        {**entry, "session_data": {**entry["session_data"], "ephemeral": "x"}},
        {**entry, "session_data": {**entry["session_data"], "ciphertext": "A" * 1_000_000}},
        FarBackup().entry(bad),
        far.entry(bad, session_key="nonsense"),
        far.entry(bad, algorithm="m.other"),
        far.entry(good),
    ]
    keys = [(ROOM, bad.session_id, value) for value in broken]
    assert backup.take([*keys, (ROOM, good.session_id, far.entry(good))]) == 1
    with work._store.transaction():
        assert work._store.room_key(ROOM, bad.session_id) is None
        assert work._store.room_key(ROOM, good.session_id) is not None


def test_what_is_here_already_is_passed_over_when_reading_goes_on_after_a_kill(work, far):
    backup, group = unlocked(work, far), vodozemac.GroupSession()
    entry = far.entry(group)
    assert backup.take([(ROOM, group.session_id, entry)]) == 1
    unreadable = {**entry, "session_data": {}}
    assert backup.take([(ROOM, group.session_id, unreadable)]) == 1


def test_an_earlier_place_comes_out_of_the_backup_and_a_better_one_goes_into_it(work, far):
    backup, group = unlocked(work, far), vodozemac.GroupSession()
    first = far.entry(group)
    group.encrypt(b"one")
    with work._store.transaction():
        work._store.keep_room_key(room_key(group), BOB, OLM)
    assert backup.take([(ROOM, group.session_id, first)]) == 1
    with work._store.transaction():
        key, facts = work._store.room_key(ROOM, group.session_id)
    assert (key.first_known_index, facts.first_index, facts.user, facts.source) == (0, 0, BOB, OLM)
    assert backup.next_upload(50)[0] == []

    other = vodozemac.GroupSession()
    mine = room_key(other)
    other.encrypt(b"one")
    late = far.entry(other, at=1)
    with work._store.transaction():
        work._store.keep_room_key(mine, BOB, OLM)
    assert backup.take([(ROOM, other.session_id, late)]) == 1
    assert backup.next_upload(50)[0] == [other.session_id]


# Into it


def test_keys_go_into_the_backup_once_as_the_specification_says_and_again_into_a_new_one(work, far):
    backup, group = unlocked(work, far), vodozemac.GroupSession()
    group.encrypt(b"one")
    with work._store.transaction():
        work._store.keep_room_key(room_key(group, FarDevice().curve, "claimed"), BOB, OLM)
    sessions, body = backup.next_upload(50)
    entry = body["rooms"][ROOM]["sessions"][group.session_id]
    assert sessions == [group.session_id]
    assert (entry["first_message_index"], entry["forwarded_count"], entry["is_verified"]) == (1, 0, True)
    plain = far.read(json.loads(json.dumps(entry)))
    assert plain["algorithm"] == "m.megolm.v1.aes-sha2"
    assert plain["sender_claimed_keys"] == {"ed25519": "claimed"}
    exported = vodozemac.InboundGroupSession.import_session(vodozemac.ExportedSessionKey(plain["session_key"]))
    assert exported.session_id == group.session_id
    assert backup.next_upload(50)[0] == sessions  # until the server has them
    backup.note_uploaded(sessions)
    assert backup.next_upload(50)[0] == []
    new = FarBackup("2")
    unlocked(work, new)
    assert backup.next_upload(50)[0] == sessions
    assert work.own.standing().behind == 1


def test_a_new_backup_is_signed_by_our_device_and_our_identity_and_survives_a_kill_before_the_server_answered(
    work, ours, tmp_path
):
    work.own.claim(ours.secret(secrets.MASTER))
    work.own.keep(secrets.MASTER, ours.secret(secrets.MASTER))
    secret, body = work.own.backup.prepare()
    auth = body["auth_data"]
    assert is_signed(auth, ALICE, f"ed25519:{ours.master.public}", ours.master.public)
    assert is_signed(auth, ALICE, f"ed25519:{DEVICE}", work._store.account.identity_keys["ed25519"])
    private = vodozemac.Curve25519SecretKey.from_bytes(base64.b64decode(secret + "="))
    assert private.public_key().to_base64() == auth["public_key"]
    work.close()
    again = Work(tmp_path, KEY, ALICE, DEVICE)
    assert again.own.backup.prepare()[0] == secret
    assert again.own.backup.note({"version": "7", **body}) is BackupState.OPEN
    assert not again.own.backup.needs_restore()
    assert isinstance(again.own.secrets()[BACKUP], str)
    again.close()


def test_what_was_restored_can_be_read_by_whoever_is_named(work, far):
    """A key from a backup has no proven sender, so it is not held against the one who is named."""
    room = FarRoom(FarDevice())
    unlocked(work, far).take([(ROOM, room.group.session_id, far.entry(room.group))])
    [found] = work.open(ROOM, [room.event("soup")])
    assert isinstance(found, Opened)
