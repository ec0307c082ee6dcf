"""Whose devices are whose: lists that are followed, first keys that count, and what a server may make up."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.networks.matrix.encryption.far_device import FarDevice
from tests.networks.matrix.encryption.far_identity import Cross
from tests.networks.matrix.encryption.makers import a_store
from webapp.networks.matrix.encryption import devices as room_of_devices
from webapp.networks.matrix.encryption.devices import note_lists, note_query, of_key, present, read_device
from webapp.networks.matrix.encryption.identities import Identity, identity, is_signed_by_owner

BOB = "@bob:house.test"


@pytest.fixture
def tables(tmp_path):
    store = a_store(tmp_path)
    store.tables.track([BOB])
    yield store.tables
    store.close()


def answer(tables, *devices, **more):
    """Bob's list comes from the server."""
    listed = {keys["device_id"]: keys for keys in devices}
    note_query(tables, {BOB: tables.outdated_of(BOB)}, {"device_keys": {BOB: listed}, **more})


def named(tables):
    return sorted(known.device for known in present(tables, BOB))


def test_a_list_that_was_answered_is_known_and_no_longer_outdated(tables):
    phone = FarDevice()
    answer(tables, {**phone.keys(), "unsigned": {"device_display_name": "Phone"}})
    assert named(tables) == ["BOBSPHONE"]
    assert of_key(tables, BOB, phone.curve).ed25519 == phone.ed
    assert of_key(tables, BOB, phone.curve).signed == phone.keys()
    assert of_key(tables, BOB, FarDevice().curve) is None
    assert tables.outdated(10) == {}


def test_what_an_owner_calls_a_device_is_known_made_fit_to_be_shown_and_may_change(tables):
    phone = FarDevice()
    for told, expected in (("Phone", "Phone"), ("A\u202e\x00" + "b" * 500, "A" + "b" * 99), (5, ""), (None, "")):
        answer(tables, {**phone.keys(), "unsigned": {"device_display_name": told}})
        [known] = present(tables, BOB)
        assert known.name == expected
    answer(tables, {**phone.keys(), "unsigned": "nothing"})


def test_every_list_that_changed_is_asked_for_again_whoever_was_loaded(tables):
    answer(tables, FarDevice().keys())
    note_lists(tables, {"changed": [BOB, "@stranger:x", 5, None], "left": None})
    assert tables.outdated(10).keys() == {BOB}


def test_with_whom_we_share_no_room_any_more_is_followed_no_more(tables):
    answer(tables)
    note_lists(tables, {"left": [BOB]})
    assert tables.outdated_of(BOB) is None


@pytest.mark.parametrize("lists", [{"changed": "@bob:house.test"}, {"changed": {}}, {"left": 5}])
def test_lists_that_make_no_sense_change_nothing(tables, lists):
    answer(tables)
    note_lists(tables, lists)
    assert tables.outdated_of(BOB) == 0


def test_a_device_that_is_not_named_any_more_is_gone_and_may_come_back(tables):
    phone, tablet = FarDevice(), FarDevice(device="TABLET")
    answer(tables, phone.keys(), tablet.keys())
    answer(tables, tablet.keys())
    assert named(tables) == ["TABLET"]
    assert of_key(tables, BOB, phone.curve).gone
    answer(tables, phone.keys(), tablet.keys())
    assert named(tables) == ["BOBSPHONE", "TABLET"]


def test_a_device_keeps_the_keys_that_it_first_came_with(tables):
    first, second = FarDevice(), FarDevice()
    answer(tables, first.keys())
    answer(tables, second.keys())
    assert of_key(tables, BOB, first.curve).ed25519 == first.ed
    assert of_key(tables, BOB, second.curve) is None


def test_a_device_may_not_change_its_curve_key_under_the_same_signature_key(tables):
    phone = FarDevice()
    answer(tables, phone.keys())
    other = FarDevice().curve
    keys = {f"curve25519:{phone.device}": other, f"ed25519:{phone.device}": phone.ed}
    answer(tables, phone.keys(keys=keys))
    assert of_key(tables, BOB, phone.curve) is not None
    assert of_key(tables, BOB, other) is None


@pytest.mark.parametrize(
    "changes",
    [
        {"user_id": "@carol:house.test"},
        {"device_id": "OTHER"},
        {"keys": {}},
        {"keys": {"curve25519:BOBSPHONE": "AAAA", "ed25519:BOBSPHONE": "AAAA"}},
        {"keys": None},
    ],
)
def test_a_device_that_describes_another_is_none(changes):
    phone = FarDevice()
    assert read_device(BOB, phone.device, phone.keys()) is not None
    assert read_device(BOB, phone.device, phone.keys(**changes)) is None


def test_a_device_that_the_server_changed_is_none():
    phone = FarDevice()
    assert read_device(BOB, phone.device, {**phone.keys(), "algorithms": []}) is None
    assert read_device(BOB, phone.device, {**phone.keys(), "signatures": {}}) is None


@pytest.mark.parametrize("device", ["", "x" * 256, "line\nbreak", "zero\x00"])
def test_a_device_with_an_impossible_name_is_none(device):
    phone = FarDevice(device=device)
    assert read_device(BOB, device, phone.keys()) is None


def test_a_person_with_thousands_of_devices_does_not_make_us_keep_them(tables, monkeypatch):
    monkeypatch.setattr(room_of_devices, "MOST_DEVICES", 3)
    answer(tables, *(FarDevice(device=f"D{number}").keys() for number in range(5)))
    assert len(named(tables)) == 3


def test_nobody_is_learned_of_who_was_not_asked_for(tables):
    carol = FarDevice("@carol:house.test", "C")
    note_query(tables, {BOB: 1}, {"device_keys": {"@carol:house.test": {"C": carol.keys()}}})
    assert tables.devices("@carol:house.test") == []


def test_whose_server_is_silent_stays_outdated_and_loses_nothing(tables):
    phone = FarDevice()
    answer(tables, phone.keys())
    tables.outdate([BOB])
    note_query(tables, tables.outdated(10), {"device_keys": {}, "failures": {"house.test": {}}})
    assert named(tables) == ["BOBSPHONE"]
    assert tables.outdated(10).keys() == {BOB}


def test_a_device_that_its_owner_vouches_for_is_told_from_one_that_the_server_made_up(tables):
    cross, phone, made_up = Cross(), FarDevice(), FarDevice(device="MADEUP")
    answer(tables, cross.vouch(phone.keys()), made_up.keys(), **cross.answer())
    owner = identity(tables, BOB)
    vouched = {known.device: is_signed_by_owner(known, owner) for known in present(tables, BOB)}
    assert vouched == {"BOBSPHONE": True, "MADEUP": False}


def test_a_device_that_is_vouched_for_later_is_seen_to_be(tables):
    cross, phone = Cross(), FarDevice()
    answer(tables, phone.keys(), **cross.answer())
    answer(tables, cross.vouch(phone.keys()), **cross.answer())
    [known] = present(tables, BOB)
    assert is_signed_by_owner(known, identity(tables, BOB))


def test_a_self_signing_key_that_the_master_key_did_not_sign_vouches_for_nobody(tables):
    cross, mallory, phone = Cross(), Cross(), FarDevice()
    forged = {**cross.answer(), "self_signing_keys": mallory.answer()["self_signing_keys"]}
    answer(tables, mallory.vouch(phone.keys()), **forged)
    assert identity(tables, BOB) == Identity(cross.master.public)
    [known] = present(tables, BOB)
    assert not is_signed_by_owner(known, identity(tables, BOB))


def test_a_changed_master_key_is_noted_and_the_first_stays(tables):
    cross, other, phone = Cross(), Cross(), FarDevice()
    answer(tables, cross.vouch(phone.keys()), **cross.answer())
    answer(tables, other.vouch(FarDevice(device="NEW").keys()), cross.vouch(phone.keys()), **other.answer())
    owner = identity(tables, BOB)
    assert owner == Identity(cross.master.public, cross.signing.public, other.master.public)
    vouched = {known.device: is_signed_by_owner(known, owner) for known in present(tables, BOB)}
    assert vouched == {"BOBSPHONE": True, "NEW": False}


def test_a_server_that_leaves_the_master_key_out_takes_nothing_back(tables):
    cross = Cross()
    answer(tables, **cross.answer())
    for less in ({}, {"master_keys": cross.answer()["master_keys"]}):
        answer(tables, **less)
        assert identity(tables, BOB) == Identity(cross.master.public, cross.signing.public)


@pytest.mark.parametrize(
    "change",
    [{"user_id": "@carol:house.test"}, {"usage": ["self_signing"]}, {"usage": "master"}, {"keys": {}}, {"keys": None}],
)
def test_a_master_key_that_is_somebody_elses_or_for_something_else_is_none(tables, change):
    cross = Cross()
    answer(tables, master_keys={BOB: {**cross.key("master", cross.master), **change}})
    assert identity(tables, BOB) is None


def test_a_master_key_whose_name_is_another_key_is_none(tables):
    cross = Cross()
    keys = {f"ed25519:{cross.master.public}": cross.signing.public}
    answer(tables, master_keys={BOB: {**cross.key("master", cross.master), "keys": keys}})
    assert identity(tables, BOB) is None


def test_who_is_not_mentioned_keeps_what_is_known_and_is_not_asked_for_without_end(tables):
    answer(tables, FarDevice().keys())
    tables.outdate([BOB])
    for reply in ({}, {"device_keys": {}}, {"device_keys": {BOB: None}}):
        note_query(tables, {BOB: 1}, reply)
    assert named(tables) == ["BOBSPHONE"]
    assert tables.outdated(10) == {}


@pytest.mark.parametrize("which", ["master", "signing"])
def test_a_device_that_is_called_like_a_cross_signing_key_is_refused(tables, which):
    cross = Cross()
    answer(tables, FarDevice(device=getattr(cross, which).public).keys(), **cross.answer())
    assert present(tables, BOB) == []


foreign = st.recursive(
    st.none() | st.integers() | st.text(max_size=5) | st.sampled_from([BOB, "BOBSPHONE"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["user_id", "keys", "usage", BOB, "BOBSPHONE", "signatures"]), inner, max_size=3
        )
    ),
    max_leaves=10,
)


@given(foreign, foreign, foreign)
@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
def test_foreign_answers_teach_us_nothing_and_never_raise(tables, devices, masters, signing):
    tables.outdate([BOB])
    reply = {"device_keys": {BOB: devices}, "master_keys": {BOB: masters}, "self_signing_keys": signing}
    note_query(tables, tables.outdated(1), reply)
    note_query(tables, {BOB: 1}, {"device_keys": devices, "master_keys": masters, "failures": signing})
    assert present(tables, BOB) == []
    assert identity(tables, BOB) is None
