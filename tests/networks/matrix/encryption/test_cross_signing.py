"""Our own private keys, who is who, and what we tell others about it."""

import json

import pytest
import vodozemac

from tests.networks.matrix.encryption.far_device import FarDevice
from tests.networks.matrix.encryption.far_identity import Cross
from tests.networks.matrix.encryption.far_server import FarServer
from tests.networks.matrix.encryption.makers import ALICE, DEVICE, KEY
from webapp.networks.matrix.encryption import cross_signing, identities, secrets, unpadded
from webapp.networks.matrix.encryption.identities import identity
from webapp.networks.matrix.encryption.secrets import BACKUP, MASTER, SELF_SIGNING, USER_SIGNING
from webapp.networks.matrix.encryption.signing import is_signed, signed
from webapp.networks.matrix.encryption.work import Work
from webapp.networks.sealing import Trust

BOB = "@bob:house.test"


@pytest.fixture
def ours():
    return Cross(ALICE, ours=True)


@pytest.fixture
def bobs():
    return Cross(BOB)


@pytest.fixture
def server(ours, bobs):
    server = FarServer(FarDevice())
    server.identities += [ours, bobs]
    return server


@pytest.fixture
def work(tmp_path, server):
    work = Work(tmp_path, KEY, ALICE, DEVICE)
    work.note_members("!soup:x", frozenset({ALICE, BOB}))
    server.settle(work)
    yield work
    work.close()


@pytest.fixture
def store(work):
    with work._store.transaction():
        yield work._store


def look_again(work, server, *users):
    work.take([], {"changed": list(users)}, {}, None)
    server.settle(work)


def unlocked(work, ours, *names):
    """We have our private keys, and our identity is confirmed."""
    with work._store.transaction():
        for name in names or (MASTER, SELF_SIGNING, USER_SIGNING):
            assert secrets.keep(work._store, name, ours.secret(name))
        assert cross_signing.confirm(work._store, ALICE, ours.master.public)


def trust(work, user):
    with work._store.transaction():
        return identities.trust(work._store, user)


# Secrets


@pytest.mark.parametrize("name", [MASTER, SELF_SIGNING, USER_SIGNING])
def test_a_private_key_is_kept_if_it_fits_what_the_server_names(store, ours, bobs, name):
    assert secrets.get(store, name) is None
    for wrong in (bobs.secret(name), "", "nonsense!", "A" * 43):
        assert not secrets.keep(store, name, wrong)
    assert secrets.get(store, name) is None
    assert secrets.keep(store, name, ours.secret(name) + "=")
    assert secrets.get(store, name) == ours.secret(name)


def test_one_key_is_not_taken_for_another(store, ours):
    assert not secrets.keep(store, SELF_SIGNING, ours.secret(MASTER))
    assert not secrets.keep(store, "m.other", ours.secret(MASTER))
    assert secrets.get(store, "m.other") is None


def test_private_keys_of_an_identity_that_was_replaced_are_not_given_out(work, store, ours):
    assert secrets.keep(store, MASTER, ours.secret(MASTER))
    identities.keep(store.tables, ALICE, identities.Identity(Cross(ALICE).master.public))
    assert secrets.get(store, MASTER) is None


def test_the_key_of_the_backup_is_kept_if_it_fits_the_backup(store):
    key = vodozemac.Curve25519SecretKey()
    secret = unpadded.encode(key.to_bytes())
    assert not secrets.keep(store, BACKUP, secret)
    store.tables.keep_fact(secrets.BACKUP_FACT, {"version": "1", "public_key": key.public_key().to_base64()})
    assert secrets.keep(store, BACKUP, secret)
    assert secrets.get(store, BACKUP) == secret
    store.tables.keep_fact(secrets.BACKUP_FACT, {"version": "2", "public_key": "A" * 43})
    assert secrets.get(store, BACKUP) is None


def test_private_keys_do_not_lie_open_on_the_disk(work, ours, tmp_path):
    unlocked(work, ours)
    for file in tmp_path.iterdir():
        assert ours.secret(MASTER).encode() not in file.read_bytes()


# Our own identity, and our device


def test_our_identity_is_ours_once_it_is_confirmed(work, ours):
    assert trust(work, ALICE) is Trust.UNCONFIRMED
    with work._store.transaction():
        assert not cross_signing.confirm(work._store, ALICE, Cross(ALICE).master.public)
        assert not cross_signing.confirm(work._store, ALICE, "")
    assert trust(work, ALICE) is Trust.UNCONFIRMED
    unlocked(work, ours)
    assert trust(work, ALICE) is Trust.CONFIRMED


def test_our_device_is_signed_and_confirmed_once_we_have_the_key_for_it(work, server, ours):
    unlocked(work, ours)
    server.settle(work)
    [body] = server.signatures
    device = body[ALICE][DEVICE]
    assert is_signed(device, ALICE, f"ed25519:{ours.signing.public}", ours.signing.public)
    assert device["keys"][f"ed25519:{DEVICE}"] == work._store.account.identity_keys["ed25519"]
    server.uploads[0]["device_keys"] = device
    look_again(work, server, ALICE)
    with work._store.transaction():
        assert identities.is_confirmed(work._store, work._store.tables.device(ALICE, DEVICE))
    assert len(server.signatures) == 1


def test_a_signature_that_the_server_takes_and_forgets_is_not_sent_for_ever(work, server, ours):
    unlocked(work, ours)
    for _ in range(3):
        look_again(work, server, ALICE)
    assert len(server.signatures) == 1


def test_our_device_is_not_signed_by_an_identity_that_nobody_confirmed(work, server, ours):
    with work._store.transaction():
        secrets.keep(work._store, SELF_SIGNING, ours.secret(SELF_SIGNING))
    server.settle(work)
    assert server.signatures == []


def test_our_device_is_not_signed_under_keys_that_are_not_ours(work, server, ours):
    """A server that shows another device under our device's name gets no signature for it."""
    server.uploads.clear()
    server.devices.append(FarDevice(ALICE, DEVICE))
    with work._store.transaction():
        work._store.tables._execute("DELETE FROM own_device WHERE user = ?", (ALICE,))
    look_again(work, server, ALICE)
    unlocked(work, ours)
    server.settle(work)
    assert server.signatures == []


# Other people


def test_somebody_without_cross_signing_is_unknown(work):
    assert trust(work, "@carol:house.test") is Trust.UNKNOWN


def test_whom_we_verified_is_confirmed_here_and_told_to_the_server(work, server, ours, bobs):
    unlocked(work, ours)
    assert trust(work, BOB) is Trust.UNCONFIRMED
    with work._store.transaction():
        assert cross_signing.confirm(work._store, BOB, bobs.master.public)
    assert trust(work, BOB) is Trust.CONFIRMED
    server.settle(work)
    master = next(body for body in server.signatures if BOB in body)[BOB][bobs.master.public]
    assert is_signed(master, ALICE, f"ed25519:{ours.vouching.public}", ours.vouching.public)
    plain = {name: value for name, value in master.items() if name != "signatures"}
    assert plain == bobs.answer()["master_keys"][BOB]
    look_again(work, server, BOB)
    assert trust(work, BOB) is Trust.CONFIRMED
    assert len([body for body in server.signatures if BOB in body]) == 1


def test_a_device_is_confirmed_if_its_owner_is_and_vouches_for_it(work, server, ours, bobs):
    server.more = {"BOBSPHONE": bobs.vouch(server.devices[0].keys())}
    server.devices.append(FarDevice(device="OTHER"))
    look_again(work, server, BOB)

    def confirmed(device):
        with work._store.transaction():
            return identities.is_confirmed(work._store, work._store.tables.device(BOB, device))

    assert not confirmed("BOBSPHONE")
    unlocked(work, ours)
    with work._store.transaction():
        cross_signing.confirm(work._store, BOB, bobs.master.public)
    assert confirmed("BOBSPHONE")
    assert not confirmed("OTHER")


def test_whom_we_verified_on_another_device_of_ours_is_confirmed_if_the_signature_is_good(work, server, ours, bobs):
    key = bobs.answer()["master_keys"][BOB]
    by_us = signed(key, ALICE, f"ed25519:{ours.vouching.public}", ours.vouching.signature(key))
    by_nobody = signed(key, ALICE, f"ed25519:{ours.vouching.public}", bobs.vouching.signature(key))
    server.identities.remove(bobs)
    server.more = {"master_keys": {BOB: by_nobody}}
    look_again(work, server, BOB)
    unlocked(work, ours, MASTER)
    assert trust(work, BOB) is Trust.UNCONFIRMED
    server.more = {"master_keys": {BOB: by_us}}
    look_again(work, server, BOB)
    assert trust(work, BOB) is Trust.CONFIRMED


def test_nobody_is_confirmed_by_an_identity_that_is_not_confirmed_itself(work, server, ours, bobs):
    key = bobs.answer()["master_keys"][BOB]
    by_us = signed(key, ALICE, f"ed25519:{ours.vouching.public}", ours.vouching.signature(key))
    server.identities.remove(bobs)
    server.more = {"master_keys": {BOB: by_us}}
    look_again(work, server, BOB)
    assert trust(work, BOB) is Trust.UNCONFIRMED


def test_what_was_verified_before_the_key_was_here_is_signed_when_it_comes_also_after_a_restart(
    work, server, ours, bobs, tmp_path
):
    with work._store.transaction():
        assert cross_signing.confirm(work._store, BOB, bobs.master.public)
    server.settle(work)
    assert server.signatures == []
    work.close()
    again = Work(tmp_path, KEY, ALICE, DEVICE)
    unlocked(again, ours)
    server.settle(again)
    assert BOB in server.signatures[0]
    assert trust(again, BOB) is Trust.CONFIRMED
    again.close()


def test_a_changed_identity_is_changed_until_the_person_knows_and_then_not_confirmed(work, server, ours, bobs):
    unlocked(work, ours)
    with work._store.transaction():
        cross_signing.confirm(work._store, BOB, bobs.master.public)
    server.settle(work)
    new = Cross(BOB)
    server.identities[1] = new
    look_again(work, server, BOB)
    assert trust(work, BOB) is Trust.CHANGED
    with work._store.transaction():
        identities.acknowledge(work._store, BOB)
    assert trust(work, BOB) is Trust.UNCONFIRMED
    server.settle(work)
    with work._store.transaction():
        assert identity(work._store.tables, BOB).self_signing == new.signing.public
    assert trust(work, BOB) is Trust.UNCONFIRMED


def test_verifying_a_changed_identity_acknowledges_it(work, server, ours, bobs):
    unlocked(work, ours)
    new = server.identities[1] = Cross(BOB)
    look_again(work, server, BOB)
    with work._store.transaction():
        assert cross_signing.confirm(work._store, BOB, new.master.public)
    server.settle(work)
    assert trust(work, BOB) is Trust.CONFIRMED


def test_our_own_identity_replaced_elsewhere_vouches_for_nobody_any_more(work, server, ours, bobs):
    unlocked(work, ours)
    with work._store.transaction():
        cross_signing.confirm(work._store, BOB, bobs.master.public)
    server.identities[0] = Cross(ALICE, ours=True)
    look_again(work, server, ALICE)
    assert trust(work, ALICE) is Trust.CHANGED
    assert trust(work, BOB) is Trust.UNCONFIRMED
    with work._store.transaction():
        identities.acknowledge(work._store, ALICE)
    assert trust(work, ALICE) is Trust.UNCONFIRMED


@pytest.mark.parametrize("signatures", [5, None, {ALICE: 5}, {ALICE: {"x" * 1000: "y"}}, {ALICE: {"ed25519:A": 5}}])
def test_signatures_that_make_no_sense_confirm_nobody_and_hurt_nothing(work, server, ours, bobs, signatures):
    server.identities.remove(bobs)
    server.more = {"master_keys": {BOB: {**bobs.key("master", bobs.master), "signatures": signatures}}}
    look_again(work, server, BOB)
    unlocked(work, ours)
    assert trust(work, BOB) is Trust.UNCONFIRMED


def test_an_enormous_master_key_is_known_and_never_kept_whole(work, server, bobs):
    server.identities.remove(bobs)
    server.more = {"master_keys": {BOB: {**bobs.key("master", bobs.master), "more": "x" * 100_000}}}
    look_again(work, server, BOB)
    with work._store.transaction():
        known = identity(work._store.tables, BOB)
    assert known.master == bobs.master.public
    assert len(json.dumps(known.signed)) < 10_000
