"""Messages from device to device, with the other device written out on vodozemac: both ways, and forged."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.networks.matrix.encryption.far_device import FarDevice
from tests.networks.matrix.encryption.makers import ALICE, a_store
from webapp.networks.matrix.encryption.devices import read_device
from webapp.networks.matrix.encryption.olm import Forged, NotForUs, Unreadable, begin, seal, unseal
from webapp.networks.matrix.encryption.ours import device_keys
from webapp.networks.matrix.encryption.signing import is_signed

BOB = "@bob:house.test"
CONTENT = {"session_id": "s"}


@pytest.fixture
def store(tmp_path):
    store = a_store(tmp_path)
    yield store
    store.close()


@pytest.fixture
def bob():
    return FarDevice()


def known(far):
    return read_device(far.user, far.device, far.keys())


def meets(far, store):
    """The other device begins a session with us."""
    store.account.generate_one_time_keys(1)
    key = next(iter(store.account.one_time_keys["curve25519"].values()))
    store.account.mark_keys_as_published()
    store.save_account()
    far.meet(store.account.identity_keys["curve25519"], key)


def letter(far, store, kind="m.room_key", content=CONTENT, event=None, **changes):
    """A to-device event from the other device."""
    ours = store.account.identity_keys
    payload = {**far.payload(ALICE, ours["ed25519"], kind, content), **changes}
    return {**far.event(ours["curve25519"], payload), **(event or {})}


def test_what_another_device_sends_is_read_and_known_to_be_from_it(store, bob):
    meets(bob, store)
    arrival = unseal(store, letter(bob, store))
    assert (arrival.type, arrival.content, arrival.user) == ("m.room_key", CONTENT, BOB)
    assert (arrival.sender_key, arrival.device_key) == (bob.curve, bob.ed)
    assert arrival.told is None


def test_a_device_may_describe_itself(store, bob):
    meets(bob, store)
    assert unseal(store, letter(bob, store, sender_device_keys=bob.keys())).told == known(bob)


def test_both_sides_go_on_in_one_session(store, bob):
    meets(bob, store)
    unseal(store, letter(bob, store))
    answer = seal(store, known(bob), "m.dummy", {})
    assert bob.reads(answer)["type"] == "m.dummy"
    for number in range(3):
        arrival = unseal(store, letter(bob, store, content={"n": number}))
        assert arrival.content == {"n": number}
    assert len(store.olm_sessions(bob.curve)) == 1


def test_we_begin_a_session_with_a_claimed_key_and_the_other_side_knows_whose_it_is(store, bob):
    assert seal(store, known(bob), "m.room_key", CONTENT) is None
    assert begin(store, known(bob), bob.one_time_key())
    sent = seal(store, known(bob), "m.room_key", CONTENT)
    plain = bob.reads(sent)
    ours = store.account.identity_keys
    assert sent["sender_key"] == ours["curve25519"]
    assert (plain["type"], plain["content"], plain["sender"]) == ("m.room_key", CONTENT, ALICE)
    assert (plain["recipient"], plain["recipient_keys"]) == (BOB, {"ed25519": bob.ed})
    assert plain["keys"] == {"ed25519": ours["ed25519"]}
    assert plain["sender_device_keys"] == device_keys(store)
    assert is_signed(plain["sender_device_keys"], ALICE, "ed25519:HOUSE", ours["ed25519"])


def test_a_session_lasts_over_a_restart_and_no_ratchet_is_used_twice(tmp_path, bob):
    store = a_store(tmp_path)
    assert begin(store, known(bob), bob.one_time_key())
    sent = [seal(store, known(bob), "m.dummy", {"n": 0})]
    store.close()
    again = a_store(tmp_path)
    sent.append(seal(again, known(bob), "m.dummy", {"n": 1}))
    again.close()
    assert [bob.reads(content)["content"]["n"] for content in sent] == [0, 1]


def test_a_one_time_key_is_good_once_also_after_a_restart(tmp_path, bob):
    store = a_store(tmp_path)
    store.account.generate_one_time_keys(1)
    key = next(iter(store.account.one_time_keys["curve25519"].values()))
    store.save_account()
    carol = FarDevice("@carol:house.test", "C")
    for far in (bob, carol):
        far.meet(store.account.identity_keys["curve25519"], key)
    letters = [letter(far, store) for far in (bob, carol)]
    unseal(store, letters[0])
    store.close()
    again = a_store(tmp_path)
    with pytest.raises(Unreadable):
        unseal(again, letters[1])
    again.close()


def test_a_letter_in_an_older_session_is_read(store, bob):
    for _ in range(2):
        meets(bob, store)
        unseal(store, letter(bob, store))
        bob.reads(seal(store, known(bob), "m.dummy", {}))
    bob.sessions.reverse()
    late = letter(bob, store, content={"n": 1})
    assert late["content"]["ciphertext"][store.account.identity_keys["curve25519"]]["type"] == 1
    assert unseal(store, late).content == {"n": 1}


def test_letters_that_come_in_another_order_are_read(store, bob):
    meets(bob, store)
    letters = [letter(bob, store, content={"n": number}) for number in range(4)]
    assert [unseal(store, letters[number]).content["n"] for number in (2, 0, 3, 1)] == [2, 0, 3, 1]


def test_the_session_that_was_heard_from_last_is_answered_in(store, bob):
    meets(bob, store)
    unseal(store, letter(bob, store))
    meets(bob, store)
    unseal(store, letter(bob, store))
    assert bob.reads(seal(store, known(bob), "m.dummy", {}))["type"] == "m.dummy"
    assert len(store.olm_sessions(bob.curve)) == 2


def test_the_same_letter_twice_does_not_open_twice(store, bob):
    meets(bob, store)
    unseal(store, letter(bob, store))
    bob.reads(seal(store, known(bob), "m.dummy", {}))
    event = letter(bob, store)
    unseal(store, event)
    with pytest.raises(Unreadable):
        unseal(store, event)


@pytest.mark.parametrize(
    "claimed",
    [None, {}, {"signed_curve25519:A": {"key": "AAAA"}}, {"signed_curve25519:A": 5}, {"curve25519:A": "AAAA"}],
)
def test_a_claimed_key_that_is_none_begins_nothing(store, bob, claimed):
    assert not begin(store, known(bob), claimed)
    assert store.olm_sessions(bob.curve) == []


def test_a_claimed_key_that_the_device_did_not_sign_begins_nothing(store, bob):
    """Else the server could give a key of its own, and read what we send first."""
    mallory = FarDevice()
    assert not begin(store, known(bob), mallory.one_time_key())
    key = bob.one_time_key()
    [(name, value)] = key.items()
    other = next(iter(mallory.one_time_key().values()))["key"]
    assert not begin(store, known(bob), {name: {**value, "key": other}})
    assert begin(store, known(bob), key)


@pytest.mark.parametrize(
    "changes",
    [
        {"sender": "@carol:house.test"},
        {"sender": None},
        {"recipient": BOB},
        {"recipient_keys": {"ed25519": "A" * 43}},
        {"recipient_keys": None},
        {"keys": {}},
        {"keys": None},
        {"type": "m.room.encrypted"},
        {"type": None},
        {"sender_device_keys": {}},
        {"sender_device_keys": 5},
    ],
)
def test_a_letter_that_says_something_else_of_itself_is_forged(store, bob, changes):
    meets(bob, store)
    with pytest.raises(Forged):
        unseal(store, letter(bob, store, **changes))


def test_a_letter_that_the_server_passes_off_as_somebody_elses_is_forged(store, bob):
    meets(bob, store)
    with pytest.raises(Forged):
        unseal(store, letter(bob, store, event={"sender": "@carol:house.test"}))


def test_a_device_that_describes_another_user_or_other_keys_is_forged(store, bob):
    """CVE-2026-45056: the user, the device and both keys must be those of the Olm sender."""
    meets(bob, store)
    carol, twin = FarDevice("@carol:house.test"), FarDevice()
    swapped = bob.keys(keys={"curve25519:BOBSPHONE": twin.curve, "ed25519:BOBSPHONE": bob.ed})
    unsigned = {**bob.keys(), "signatures": {}}
    for described in (carol.keys(), twin.keys(), swapped, unsigned):
        with pytest.raises(Forged):
            unseal(store, letter(bob, store, sender_device_keys=described))


def test_a_room_message_as_a_letter_is_not_taken(store, bob):
    """CVE-2022-39251: only Olm is spoken from device to device."""
    meets(bob, store)
    event = letter(bob, store)
    event["content"]["algorithm"] = "m.megolm.v1.aes-sha2"
    with pytest.raises(NotForUs):
        unseal(store, event)


def test_a_letter_for_another_device_is_not_for_us(store, bob):
    meets(bob, store)
    event = letter(bob, store)
    event["content"]["ciphertext"] = {"another key": event["content"]["ciphertext"].popitem()[1]}
    with pytest.raises(NotForUs):
        unseal(store, event)


def test_a_letter_under_another_sender_key_does_not_open(store, bob):
    meets(bob, store)
    event = letter(bob, store)
    event["content"]["sender_key"] = FarDevice().curve
    with pytest.raises(Unreadable):
        unseal(store, event)


def test_a_letter_without_a_session_does_not_open_and_hurts_nothing(store, bob):
    stranger = FarDevice("@carol:house.test", "C")
    meets(stranger, store)
    meets(bob, store)
    unseal(store, letter(bob, store))
    event = letter(stranger, store)
    ours = store.account.identity_keys["curve25519"]
    event["content"]["ciphertext"][ours]["type"] = 1
    with pytest.raises(Unreadable):
        unseal(store, event)
    assert unseal(store, letter(bob, store)).user == BOB


@pytest.mark.parametrize("payload", [b"no json", b"[]", b"null", b"[" * 100_000, b"\xff\xfe"])
def test_a_letter_with_nonsense_in_it_is_forged(store, bob, payload):
    meets(bob, store)
    with pytest.raises(Forged):
        unseal(store, bob.event(store.account.identity_keys["curve25519"], payload))


values = st.none() | st.integers() | st.text(max_size=20) | st.lists(st.none()) | st.dictionaries(st.text(), st.none())


@given(values, values, values, values)
@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
def test_foreign_shapes_raise_nothing_else(store, bob, content, ciphertext, kind, body):
    ours = store.account.identity_keys["curve25519"]
    whole = {"algorithm": "m.olm.v1.curve25519-aes-sha2", "sender_key": bob.curve, "ciphertext": ciphertext}
    message = {**whole, "ciphertext": {ours: {"type": kind, "body": body}}}
    first, next_one = ({**whole, "ciphertext": {ours: {"type": n, "body": body}}} for n in (0, 1))
    for said in (content, whole, message, first, next_one):
        with pytest.raises((NotForUs, Unreadable)):
            unseal(store, {"sender": BOB, "content": said})
