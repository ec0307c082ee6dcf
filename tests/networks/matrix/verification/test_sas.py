"""Short authentication strings, against the other side written out from the specification with other tools."""

import hmac
import json
from hashlib import sha256

import pytest
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from hypothesis import given, settings
from hypothesis import strategies as st

from webapp.networks.matrix.encryption import unpadded
from webapp.networks.matrix.verification.emoji import EMOJI
from webapp.networks.matrix.verification.sas import (
    Cancel,
    Cancelled,
    Exchange,
    Keys,
    Party,
    check_choice,
    choose,
    commitment,
    offer,
)

ALICE, BOB = Party("@alice:example.org", "ALICEDEV"), Party("@bob:example.org", "BOBDEV")
ALICE_KEYS = Keys("ALICEDEV", "alice+device+key", "alice+master+key")
BOB_KEYS = Keys("BOBDEV", "bob+device+key", "bob+master+key")
START = {"from_device": "BOBDEV", "transaction_id": "t1", **offer()}


class Bob:
    """The other side by the words of the specification, without vodozemac."""

    def __init__(self, started: bool) -> None:
        self.started = started
        self._private = X25519PrivateKey.generate()
        self.public = unpadded.encode(self._private.public_key().public_bytes_raw())

    def sees(self, alice: str) -> None:
        self._alice = alice
        self._shared = self._private.exchange(X25519PublicKey.from_public_bytes(unpadded.decode(alice)))

    def sas_bytes(self, length: int) -> int:
        bob, alice = f"@bob:example.org|BOBDEV|{self.public}", f"@alice:example.org|ALICEDEV|{self._alice}"
        sides = f"{bob}|{alice}" if self.started else f"{alice}|{bob}"
        info = f"MATRIX_KEY_VERIFICATION_SAS|{sides}|t1".encode()
        return int.from_bytes(HKDF(SHA256(), length, None, info).derive(self._shared), "big")

    def emoji(self) -> list[int]:
        number = self.sas_bytes(6)
        return [number >> shift & 63 for shift in range(42, 0, -6)]

    def decimals(self) -> tuple[int, ...]:
        number = self.sas_bytes(5)
        return tuple((number >> shift & 8191) + 1000 for shift in (27, 14, 1))

    def mac(self, what: str, key_id: str, bobs: bool = True) -> str:
        bob, alice = "@bob:example.orgBOBDEV", "@alice:example.orgALICEDEV"
        info = f"MATRIX_KEY_VERIFICATION_MAC{bob + alice if bobs else alice + bob}t1{key_id}".encode()
        key = HKDF(SHA256(), 32, None, info).derive(self._shared)
        return unpadded.encode(hmac.digest(key, what.encode(), sha256))

    def macs(self, **keys: str) -> dict[str, object]:
        """The content of a MAC message for these keys, by their ids without ``ed25519:``."""
        ids = {f"ed25519:{name}": key for name, key in keys.items()}
        listed = ",".join(sorted(ids))
        return {"mac": {i: self.mac(key, i) for i, key in ids.items()}, "keys": self.mac(listed, "KEY_IDS")}


def met(we_started: bool = False, transaction: str = "t1") -> tuple[Exchange, Bob]:
    ours, bob = Exchange(ALICE, BOB, transaction, we_started), Bob(not we_started)
    ours.take_key(bob.public)
    bob.sees(ours.public_key)
    return ours, bob


def cancelled(step, *arguments):
    with pytest.raises(Cancelled) as caught:
        step(*arguments)
    return caught.value.code


@pytest.mark.parametrize("we_started", [True, False])
def test_both_sides_see_the_same_emoji_and_numbers(we_started):
    ours, bob = met(we_started)
    assert [EMOJI.index(emoji) for emoji in ours.emoji()] == bob.emoji()
    assert ours.decimals() == bob.decimals()


@pytest.mark.parametrize(
    ("we", "they", "transaction", "started"),
    [
        (Party("@alice:example.com", "ALICEDEV"), BOB, "t1", False),
        (Party("@alice:example.org", "OTHER"), BOB, "t1", False),
        (ALICE, Party("@bob:example.org", "OTHER"), "t1", False),
        (ALICE, BOB, "t2", False),
        (ALICE, BOB, "t1", True),
    ],
)
def test_who_takes_part_and_who_began_changes_what_is_seen(we, they, transaction, started):
    ours, bob = Exchange(we, they, transaction, started), Bob(True)
    ours.take_key(bob.public)
    bob.sees(ours.public_key)
    assert ours.decimals() != bob.decimals()


def test_somebody_in_between_is_seen():
    ours, mallory = met()
    theirs, bob = met()
    assert ours.decimals() != theirs.decimals()
    assert mallory.emoji() != bob.emoji()


@pytest.mark.parametrize(
    "key", [None, 7, "", "AAAA", unpadded.encode(bytes(32)), unpadded.encode(b"\x01" + bytes(31)), "€" * 43]
)
def test_a_key_that_is_none_or_a_weak_one_ends_it(key):
    assert cancelled(Exchange(ALICE, BOB, "t1", True).take_key, key) is Cancel.INVALID


def test_our_own_key_and_a_second_one_end_it():
    ours = Exchange(ALICE, BOB, "t1", True)
    assert cancelled(ours.take_key, ours.public_key) is Cancel.INVALID
    ours, _ = met()
    assert cancelled(ours.take_key, Bob(True).public) is Cancel.INVALID


def test_nothing_is_shown_before_the_keys_are_exchanged():
    ours = Exchange(ALICE, BOB, "t1", True)
    for step in (ours.emoji, ours.decimals, lambda: ours.confirm(ALICE_KEYS)):
        assert cancelled(step) is Cancel.INVALID


def test_the_commitment_is_over_the_key_in_base64_and_the_canonical_start():
    text = json.dumps(START, sort_keys=True, separators=(",", ":"))
    expected = unpadded.encode(sha256(("the+key" + text).encode()).digest())
    assert commitment("the+key", START) == expected


def test_the_side_that_started_holds_the_other_to_its_commitment():
    ours, bob = met(we_started=True)
    ours.check_commitment(commitment(bob.public, START), START)
    assert cancelled(ours.check_commitment, commitment(Bob(True).public, START), START) is Cancel.COMMITMENT
    changed = {**START, "hashes": ["sha256", "other"]}
    assert cancelled(ours.check_commitment, commitment(bob.public, START), changed) is Cancel.COMMITMENT


@pytest.mark.parametrize("promised", [None, 5, "", "ä\udc00", [], "A" * 43])
def test_a_commitment_that_makes_no_sense_ends_it(promised):
    ours, _ = met(we_started=True)
    assert cancelled(ours.check_commitment, promised, START) is Cancel.COMMITMENT


def test_a_start_that_has_no_canonical_form_ends_it():
    assert cancelled(commitment, "key", {**START, "n": 1.5}) is Cancel.INVALID


def test_what_we_offer_is_what_we_accept():
    assert check_choice(choose(START)) == ["emoji", "decimal"]


@pytest.mark.parametrize(
    "change",
    [
        {"method": "m.reciprocate.v1"},
        {"key_agreement_protocols": ["curve25519"]},
        {"hashes": []},
        {"hashes": "sha256"},
        {"message_authentication_codes": ["hkdf-hmac-sha256"]},
        {"short_authentication_string": None},
        {"short_authentication_string": ["emoji"]},
        {"key_agreement_protocols": {"curve25519-hkdf-sha256": 1}},
    ],
)
def test_methods_that_we_do_not_speak_end_it(change):
    assert cancelled(choose, {**START, **change}) is Cancel.UNKNOWN_METHOD


@pytest.mark.parametrize(
    "change",
    [
        {"key_agreement_protocol": "curve25519"},
        {"hash": "md5"},
        {"hash": ["sha256"]},
        {"message_authentication_code": "hkdf-hmac-sha256"},
        {"short_authentication_string": []},
        {"short_authentication_string": "emoji"},
        {"short_authentication_string": ["colours"]},
    ],
)
def test_the_other_side_cannot_choose_what_we_did_not_offer(change):
    assert cancelled(check_choice, {**choose(START), **change}) is Cancel.UNKNOWN_METHOD


def test_our_macs_are_those_of_the_specification():
    ours, bob = met()
    content = ours.confirm(ALICE_KEYS)
    assert content["mac"] == {
        "ed25519:ALICEDEV": bob.mac("alice+device+key", "ed25519:ALICEDEV", bobs=False),
        "ed25519:alice+master+key": bob.mac("alice+master+key", "ed25519:alice+master+key", bobs=False),
    }
    assert content["keys"] == bob.mac("ed25519:ALICEDEV,ed25519:alice+master+key", "KEY_IDS", bobs=False)


def test_without_a_master_key_we_confirm_the_device_alone():
    ours, _ = met()
    assert ours.confirm(Keys("ALICEDEV", "key"))["mac"].keys() == {"ed25519:ALICEDEV"}


def test_what_their_macs_vouch_for_is_confirmed():
    ours, bob = met()
    both = ours.confirmed(bob.macs(**{"BOBDEV": "bob+device+key", "bob+master+key": "bob+master+key"}), BOB_KEYS)
    assert (both.device_key, both.master_key) == ("bob+device+key", "bob+master+key")
    one = ours.confirmed(bob.macs(BOBDEV="bob+device+key"), BOB_KEYS)
    assert (one.device_key, one.master_key) == ("bob+device+key", None)
    other = ours.confirmed(bob.macs(**{"bob+master+key": "bob+master+key"}), BOB_KEYS)
    assert (other.device_key, other.master_key) == (None, "bob+master+key")


def test_keys_that_we_do_not_know_of_are_left_out():
    ours, bob = met()
    content = bob.macs(BOBDEV="bob+device+key", OTHERDEV="another")
    assert ours.confirmed(content, BOB_KEYS).device_key == "bob+device+key"


@pytest.mark.parametrize(
    "keys",
    [
        {"BOBDEV": "another key"},
        {"BOBDEV": "bob+device+key", "bob+master+key": "another key"},
        {"BOBDEV": "another key", "bob+master+key": "bob+master+key"},
        {"OTHERDEV": "bob+device+key"},
    ],
)
def test_other_keys_than_those_we_know_end_it(keys):
    ours, bob = met()
    assert cancelled(ours.confirmed, bob.macs(**keys), BOB_KEYS) is Cancel.KEYS


def test_a_mac_that_was_taken_out_or_put_in_is_noticed():
    ours, bob = met()
    content = bob.macs(**{"BOBDEV": "bob+device+key", "bob+master+key": "bob+master+key"})
    less = {"mac": {"ed25519:BOBDEV": content["mac"]["ed25519:BOBDEV"]}, "keys": content["keys"]}
    more = {"mac": {**content["mac"], "ed25519:X": "AAAA"}, "keys": content["keys"]}
    for changed in (less, more):
        assert cancelled(ours.confirmed, changed, BOB_KEYS) is Cancel.KEYS


def test_our_own_macs_sent_back_confirm_nothing():
    ours, _ = met()
    echo = ours.confirm(BOB_KEYS)
    assert cancelled(ours.confirmed, echo, BOB_KEYS) is Cancel.KEYS


def test_a_device_named_like_the_master_key_is_refused():
    """CVE-2022-39250: the server makes a device whose id is the master key, and passes its key off as the other."""
    ours, bob = met()
    for key in ("the servers key", "bob+master+key"):
        twisted = Keys("bob+master+key", key, "bob+master+key")
        assert cancelled(ours.confirmed, bob.macs(**{"bob+master+key": key}), twisted) is Cancel.KEYS


def test_without_a_master_key_none_is_confirmed():
    ours, bob = met()
    content = bob.macs(**{"BOBDEV": "bob+device+key", "None": "x"})
    assert ours.confirmed(content, Keys("BOBDEV", "bob+device+key")).master_key is None


@pytest.mark.parametrize(
    "content",
    [
        {},
        {"mac": None, "keys": ""},
        {"mac": {}, "keys": ""},
        {"mac": [], "keys": ""},
        {"mac": {f"ed25519:{number}": "A" for number in range(101)}, "keys": "A"},
    ],
)
def test_macs_that_make_no_sense_end_it(content):
    ours, _ = met()
    assert cancelled(ours.confirmed, content, BOB_KEYS) is Cancel.INVALID


@given(
    st.dictionaries(st.sampled_from(["ed25519:BOBDEV", "ed25519:x"]), st.none() | st.text() | st.integers(), min_size=1)
)
@settings(max_examples=50)
def test_foreign_macs_never_confirm_and_never_crash(macs):
    ours, bob = met()
    content = {"mac": macs, "keys": bob.mac(",".join(sorted(macs)), "KEY_IDS")}
    assert cancelled(ours.confirmed, content, BOB_KEYS) is Cancel.KEYS


def test_a_mac_that_is_cut_short_does_not_count():
    ours, bob = met()
    content = bob.macs(BOBDEV="bob+device+key")
    content["mac"]["ed25519:BOBDEV"] = content["mac"]["ed25519:BOBDEV"][:8]
    assert cancelled(ours.confirmed, content, BOB_KEYS) is Cancel.KEYS


def test_the_emoji_are_the_64_of_the_specification():
    assert len({emoji.symbol for emoji in EMOJI}) == len({emoji.word for emoji in EMOJI}) == 64
    picked = {0: ("🐶", "Dog"), 1: ("🐱", "Cat"), 21: ("☁️", "Cloud"), 34: ("🔧", "Spanner"), 62: ("📁", "Folder")}
    for number, emoji in picked.items():
        assert (EMOJI[number].symbol, EMOJI[number].word) == emoji
