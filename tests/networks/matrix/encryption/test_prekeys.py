"""One-time and fallback keys: others can begin a session with us, also when the server has none left."""

import pytest

from tests.networks.matrix.encryption.makers import ALICE, DEVICE, a_store
from webapp.networks.matrix.encryption.prekeys import Prekeys
from webapp.networks.matrix.encryption.signing import is_signed

REPLY = {"one_time_key_counts": {"signed_curve25519": 50}}
FULL = {"signed_curve25519": 50}
UNUSED = ["signed_curve25519"]


@pytest.fixture
def store(tmp_path):
    store = a_store(tmp_path)
    yield store
    store.close()


@pytest.fixture
def up(store):
    """A device that uploaded everything."""
    prekeys = Prekeys(store)
    prekeys.upload()
    prekeys.note_uploaded(REPLY)
    return prekeys


def test_a_new_device_uploads_itself_fifty_keys_and_a_fallback_key_all_signed(store):
    body = Prekeys(store).upload()
    ours = store.account.identity_keys["ed25519"]
    assert body["device_keys"]["device_id"] == DEVICE
    assert len(body["one_time_keys"]) == 50
    assert len(body["fallback_keys"]) == 1
    keys = [*body["one_time_keys"].values(), *body["fallback_keys"].values(), body["device_keys"]]
    assert all(is_signed(key, ALICE, f"ed25519:{DEVICE}", ours) for key in keys)
    assert [key["fallback"] for key in body["fallback_keys"].values()] == [True]
    assert all(name.startswith("signed_curve25519:") for name in [*body["one_time_keys"], *body["fallback_keys"]])


def test_the_same_keys_come_again_until_the_server_has_them_also_after_a_restart(tmp_path):
    store = a_store(tmp_path)
    first, second = Prekeys(store).upload(), Prekeys(store).upload()
    store.close()
    again = a_store(tmp_path)
    third = Prekeys(again).upload()
    again.close()
    assert first == second == third


def test_what_is_up_is_not_uploaded_again(tmp_path, up, store):
    assert up.upload() is None
    store.close()
    again = a_store(tmp_path)
    assert Prekeys(again).upload() is None


@pytest.mark.parametrize("counts", [{}, {"signed_curve25519": 0}, {"curve25519": 50}, {"signed_curve25519": None}])
def test_no_number_means_that_none_are_left(up, counts):
    """nio takes a zero for "unknown", and nobody can begin a session with us any more."""
    up.note_counts(counts, UNUSED)
    assert len(up.upload()["one_time_keys"]) == 50


def test_what_is_missing_is_made_up_for(up):
    up.note_counts({"signed_curve25519": 20}, UNUSED)
    body = up.upload()
    assert body.keys() == {"one_time_keys"}
    assert len(body["one_time_keys"]) == 30


@pytest.mark.parametrize("left", [46, 50, 51, 10**9])
def test_a_key_or_two_are_not_worth_an_upload(up, left):
    up.note_counts({"signed_curve25519": left}, UNUSED)
    assert up.upload() is None


def test_a_used_fallback_key_is_replaced_by_another_one(store):
    prekeys = Prekeys(store)
    [first] = prekeys.upload()["fallback_keys"]
    prekeys.note_uploaded(REPLY)
    prekeys.note_counts(FULL, [])
    body = prekeys.upload()
    assert body.keys() == {"fallback_keys"}
    assert first not in body["fallback_keys"]
    prekeys.note_uploaded(REPLY)
    assert prekeys.upload() is None


def test_a_server_without_fallback_keys_gets_no_new_one_with_every_sync(up):
    up.note_counts(FULL, None)
    assert up.upload() is None


@pytest.mark.parametrize("reply", [{}, {"one_time_key_counts": None}, {"one_time_key_counts": []}])
def test_an_answer_without_numbers_counts_as_done(store, reply):
    prekeys = Prekeys(store)
    prekeys.upload()
    prekeys.note_uploaded(reply)
    assert store.account.shared
