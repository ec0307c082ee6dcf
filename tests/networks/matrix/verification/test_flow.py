"""A verification between two sides, and everything that somebody in between, or one of the two, may try."""

from typing import Any

import pytest

from tests.networks.matrix.verification.between import (
    ALICE,
    ALICE_KEYS,
    BOB,
    BOB_KEYS,
    LETTERS,
    NOW,
    ROOM,
    Between,
    Side,
)
from webapp.networks.matrix.verification.sas import Cancel, Confirmed, Keys, Party
from webapp.networks.matrix.verification.seen import Phase
from webapp.networks.matrix.verification.ways import Way, named_in_letter, named_in_room, step_of


@pytest.mark.parametrize("way", [LETTERS, ROOM])
@pytest.mark.parametrize("starter", ["alice", "bob"])
def test_both_see_the_same_and_both_are_confirmed(way: Way, starter: str) -> None:
    between = Between(way)
    between.compare(starter)
    assert between.alice.flow.phase is between.bob.flow.phase is Phase.COMPARING
    assert len(between.alice.flow.emoji) == 7
    assert between.alice.flow.emoji == between.bob.flow.emoji
    assert between.alice.flow.numbers == between.bob.flow.numbers
    between.alice.flow.match()
    between.carry()
    assert between.alice.flow.confirmed is None, "nobody is confirmed before both sides said so"
    between.bob.flow.match()
    between.carry()
    assert between.alice.flow.phase is between.bob.flow.phase is Phase.DONE
    assert between.alice.flow.confirmed == Confirmed(BOB_KEYS.device_key, BOB_KEYS.master_key)
    assert between.bob.flow.confirmed == Confirmed(ALICE_KEYS.device_key, ALICE_KEYS.master_key)


@pytest.mark.parametrize("way", [LETTERS, ROOM])
def test_every_message_names_its_verification(way: Way) -> None:
    between = Between(way)
    between.compare()
    between.alice.flow.match()
    between.bob.flow.match()
    between.carry()
    named = named_in_room if way.room else named_in_letter
    sent = between.alice.flow.out + between.bob.flow.out
    assert {letter.step for letter in sent} >= {"ready", "start", "accept", "key", "mac", "done"}
    assert all(named(letter.content) == way.transaction for letter in sent)


def test_when_both_start_at_once_the_smaller_user_counts_and_both_see_the_same() -> None:
    between = Between()
    between.bob.flow.accept(NOW)
    between.carry()
    between.alice.flow.start()
    between.bob.flow.start()
    between.carry()
    assert between.alice.flow.emoji == between.bob.flow.emoji != ()
    assert [letter.step for letter in between.bob.flow.out].count("accept") == 1
    assert "accept" not in [letter.step for letter in between.alice.flow.out]


def test_between_two_devices_of_one_person_the_smaller_device_counts() -> None:
    between = Between()
    for side, device in ((between.alice, "ALICEDEV"), (between.bob, "BOBDEV")):
        side.flow.user, side.flow._we = ALICE.user, Party(ALICE.user, device)
    between.bob.flow.accept(NOW)
    between.carry()
    between.bob.flow.start()
    between.alice.flow.start()
    between.carry()
    assert between.alice.flow.emoji == between.bob.flow.emoji != ()
    assert "accept" in [letter.step for letter in between.bob.flow.out]


def test_two_starts_of_different_methods_end_it() -> None:
    between = Between(start=lambda content: content | {"method": "m.other.v1"})
    between.bob.flow.accept(NOW)
    between.carry()
    between.alice.flow.start()
    between.bob.flow.start()
    between.carry()
    between.ended(Cancel.UNEXPECTED)


def test_strings_that_do_not_match_end_it_for_both() -> None:
    between = Between()
    between.compare()
    between.alice.flow.differ()
    between.carry()
    between.ended(Cancel.SAS)


@pytest.mark.parametrize("who", ["alice", "bob"])
def test_either_person_may_end_it(who: str) -> None:
    between = Between()
    between.compare()
    getattr(between, who).flow.cancel()
    between.carry()
    between.ended(Cancel.USER)
    assert getattr(between, who).flow.by_us


def test_a_person_may_decline() -> None:
    between = Between()
    between.bob.flow.cancel()
    between.carry()
    between.ended(Cancel.USER)


# What somebody in between may try


def _other_key(content: dict[str, Any]) -> dict[str, Any]:
    from webapp.networks.matrix.verification.sas import Exchange

    return content | {"key": Exchange(ALICE, BOB, "x", True).public_key}


def test_a_key_that_was_exchanged_on_the_way_is_not_the_promised_one() -> None:
    between = Between(key=_other_key)
    between.compare()
    assert between.alice.flow.code == Cancel.COMMITMENT


def test_a_start_that_was_changed_on_the_way_breaks_the_promise() -> None:
    between = Between(start=lambda content: content | {"hashes": ["sha256", "md5"]})
    between.compare()
    between.ended(Cancel.COMMITMENT)


@pytest.mark.parametrize(
    "change",
    [
        lambda mac: mac | {"mac": {**mac["mac"], "ed25519:BOBDEV": "A" * 43}},
        lambda mac: mac | {"mac": {**mac["mac"], "ed25519:MALLORY": "A" * 43}},
        lambda mac: mac | {"keys": "A" * 43},
        lambda mac: mac | {"mac": {key: value for key, value in mac["mac"].items() if "DEV" not in key}},
    ],
)
def test_macs_that_were_changed_on_the_way_confirm_nothing(change: Any) -> None:
    between = Between(mac=lambda mac: change(mac) if "ed25519:BOBDEV" in mac["mac"] else mac)
    between.compare()
    between.alice.flow.match()
    between.bob.flow.match()
    between.carry()
    assert between.alice.flow.confirmed is None
    assert between.alice.flow.code == Cancel.KEYS


def test_a_mac_for_keys_that_nobody_knows_confirms_nothing() -> None:
    between = Between()
    between.bob.ours = Keys("MALLORYDEV", "mallory+key", "mallory+master")
    between.compare()
    between.alice.flow.match()
    between.bob.flow.match()
    between.carry()
    assert (between.alice.flow.confirmed, between.alice.flow.code) == (None, Cancel.KEYS)


def test_a_device_that_is_called_like_the_master_key_confirms_nothing() -> None:
    """CVE-2022-39250: the server names a device after its own master key, and has it taken for the person's."""
    named = Keys("mallory+master", "mallory+device", "mallory+master")
    between = Between()
    between.alice.knows["mallory+master"] = named
    between.alice.ask(LETTERS, ("mallory+master",))
    between.bob.we, between.bob.ours = Party(BOB.user, "mallory+master"), named
    between.bob.asked(LETTERS, {"from_device": "ALICEDEV", "methods": ["m.sas.v1"]})
    between.compare()
    between.alice.flow.match()
    between.bob.flow.match()
    between.carry()
    assert (between.alice.flow.confirmed, between.alice.flow.code) == (None, Cancel.KEYS)


@pytest.mark.parametrize(
    "keys", [Keys("BOBDEV", "another", "bob+master+key"), Keys("BOBDEV", "bob+device+key", "another"), None]
)
@pytest.mark.parametrize("when", ["before the mac", "before the match"])
def test_keys_that_change_on_the_way_end_it(keys: Keys | None, when: str) -> None:
    between = Between()
    between.compare()
    if when == "before the match":
        between.bob.flow.match()
        between.carry()
    if keys is None:
        del between.alice.knows["BOBDEV"]
    else:
        between.alice.knows["BOBDEV"] = keys
    between.alice.flow.match()
    between.bob.flow.match()
    between.carry()
    assert (between.alice.flow.confirmed, between.alice.flow.code) == (None, Cancel.KEYS)


def test_a_device_that_nobody_knows_cannot_agree() -> None:
    between = Between(ready=lambda content: content | {"from_device": "MALLORY"})
    between.bob.flow.accept(NOW)
    between.carry()
    between.ended(Cancel.KEYS)


def test_another_device_cannot_begin_in_the_place_of_the_one_that_agreed() -> None:
    between = Between(start=lambda content: content | {"from_device": "MALLORY"})
    between.compare(starter="bob")
    between.ended(Cancel.UNEXPECTED)


ORDER = ["ready", "start", "accept", "key", "mac", "done"]


@pytest.mark.parametrize("step", [*ORDER, "request", "nonsense"])
@pytest.mark.parametrize("phase", [Phase.WAITING, Phase.ASKED, Phase.READY, Phase.STARTED, Phase.COMPARING])
def test_what_comes_out_of_turn_ends_it_and_confirms_nothing(phase: Phase, step: str) -> None:
    between = Between()
    side = between.bob if phase is Phase.ASKED else between.alice
    if phase not in {Phase.WAITING, Phase.ASKED}:
        between.bob.flow.accept(NOW)
        between.carry()
    if phase is Phase.STARTED:
        side.flow.start()
    if phase is Phase.COMPARING:
        between.compare()
    assert side.flow.phase is phase
    right = {Phase.WAITING: "ready", Phase.READY: "start", Phase.STARTED: "accept", Phase.COMPARING: "mac"}
    side.flow.hear(step, {"from_device": side.they.device})
    expected = {Cancel.UNEXPECTED} if right.get(phase) != step else {Cancel.UNKNOWN_METHOD, Cancel.INVALID}
    assert side.flow.code in expected
    assert side.flow.confirmed is None


@pytest.mark.parametrize("step", ["ready", "start", "accept", "key", "mac"])
def test_a_message_that_is_said_twice_ends_it(step: str) -> None:
    between = Between()
    between.compare()
    between.alice.flow.match()
    between.carry()
    sender, hearer = (
        (between.bob, between.alice) if step in {"ready", "accept", "key"} else (between.alice, between.bob)
    )
    hearer.flow.hear(step, sender.says(step))
    assert hearer.flow.code == Cancel.UNEXPECTED


@pytest.mark.parametrize(
    "nonsense", [{}, {"key": 7}, {"mac": []}, {"method": None, "methods": {}}, {"from_device": []}]
)
def test_messages_without_sense_never_raise(nonsense: dict[str, Any]) -> None:
    for step in ORDER:
        between = Between(**{step: lambda _content: dict(nonsense)})
        between.compare()
        between.alice.flow.match()
        between.bob.flow.match()
        between.carry()
        assert step == "done" or between.alice.flow.confirmed is None or between.bob.flow.confirmed is None


def test_a_start_without_canonical_form_ends_it() -> None:
    between = Between(start=lambda content: content | {"n": 1.5})
    between.compare()
    between.ended(Cancel.INVALID)


# Time


@pytest.mark.parametrize(("at", "stands"), [(-599, True), (-601, False), (299, True), (301, False)])
def test_a_question_that_is_too_old_or_from_the_future_is_none(at: float, stands: bool) -> None:
    bob = Side(BOB, ALICE, BOB_KEYS, {"ALICEDEV": ALICE_KEYS})
    found = bob.asked(LETTERS, {"from_device": "ALICEDEV", "methods": ["m.sas.v1"]}, NOW + at)
    assert (found is not None) is stands


@pytest.mark.parametrize("methods", [None, [], ["m.qr_code.scan.v1"], "m.sas.v1"])
def test_a_question_that_we_cannot_answer_with_yes_is_left_to_our_other_devices(methods: object) -> None:
    bob = Side(BOB, ALICE, BOB_KEYS, {"ALICEDEV": ALICE_KEYS})
    assert bob.asked(LETTERS, {"from_device": "ALICEDEV", "methods": methods}) is None


def test_a_question_that_nobody_answers_goes_away_after_two_minutes_without_a_word() -> None:
    between = Between()
    between.bob.flow.tick(NOW + 119)
    assert between.bob.flow.phase is Phase.ASKED
    between.bob.flow.tick(NOW + 120)
    assert between.bob.flow.code == Cancel.TIMEOUT
    assert between.bob.flow.out == []


def test_a_question_from_nine_minutes_ago_has_one_minute_left() -> None:
    bob = Side(BOB, ALICE, BOB_KEYS, {"ALICEDEV": ALICE_KEYS})
    bob.asked(LETTERS, {"from_device": "ALICEDEV", "methods": ["m.sas.v1"]}, NOW - 540)
    bob.flow.tick(NOW + 61)
    assert bob.flow.is_over


def test_the_whole_may_take_ten_minutes() -> None:
    between = Between()
    between.compare()
    between.alice.flow.tick(NOW + 599)
    assert between.alice.flow.phase is Phase.COMPARING
    between.alice.flow.tick(NOW + 600)
    between.carry()
    between.ended(Cancel.TIMEOUT)


# Several devices


def test_the_first_device_that_agrees_counts_and_the_others_are_told() -> None:
    alice = Side(ALICE, BOB, ALICE_KEYS, {"BOBDEV": BOB_KEYS, "TABLET": Keys("TABLET", "tablet+key")})
    alice.ask(LETTERS, ("BOBDEV", "TABLET", "LAPTOP"))
    assert alice.flow.out[0].devices == ("BOBDEV", "TABLET", "LAPTOP")
    alice.flow.hear("ready", {"from_device": "TABLET", "methods": ["m.sas.v1"]})
    told = alice.flow.out[-1]
    assert (told.step, told.content["code"], told.devices) == ("cancel", "m.accepted", ("BOBDEV", "LAPTOP"))
    alice.flow.hear("ready", {"from_device": "BOBDEV", "methods": ["m.sas.v1"]})
    assert (alice.flow.phase, alice.flow.device) == (Phase.READY, "TABLET")
    alice.flow.start()
    assert alice.flow.out[-1].devices == ("TABLET",)


def test_what_another_device_of_ours_answered_is_over_for_us() -> None:
    between = Between(ROOM)
    between.bob.flow.answered_elsewhere()
    assert (between.bob.flow.code, between.bob.flow.out) == (Cancel.ACCEPTED, [])
    between = Between()
    between.bob.flow.hear("cancel", {"code": "m.accepted"})
    assert (between.bob.flow.code, between.bob.flow.by_us) == (Cancel.ACCEPTED, False)


def test_our_own_question_is_none_to_us() -> None:
    ourselves = Side(ALICE, ALICE, ALICE_KEYS, {"ALICEDEV": ALICE_KEYS})
    assert ourselves.asked(LETTERS, {"from_device": "ALICEDEV", "methods": ["m.sas.v1"]}) is None


# The ways


@pytest.mark.parametrize(
    ("kind", "step"),
    [
        ("m.key.verification.key", "key"),
        ("m.key.verification.request", "request"),
        ("m.key.verification.party", ""),
        ("m.room.message", ""),
        ("key", ""),
    ],
)
def test_what_is_a_step_of_a_verification(kind: str, step: str) -> None:
    assert step_of(kind) == step


@pytest.mark.parametrize(
    "relation",
    [None, [], {}, {"rel_type": "m.replace", "event_id": "$e"}, {"rel_type": "m.reference", "event_id": 7}, "$e"],
)
def test_a_message_that_names_no_verification_belongs_to_none(relation: object) -> None:
    assert named_in_room({"m.relates_to": relation}) == ""
    assert named_in_letter({"transaction_id": relation if relation != "$e" else "x" * 300}) == ""
