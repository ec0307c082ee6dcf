"""Canonical JSON and signatures: the values that the Matrix specification prints in its appendices, and any others."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from webapp.networks.matrix.encryption import unpadded
from webapp.networks.matrix.encryption.signing import (
    LARGEST,
    NotCanonical,
    SigningKey,
    canonical,
    is_signature,
    is_signed,
    signed,
)

pytestmark = pytest.mark.process  # together they take seconds

SEED = unpadded.decode("YJDBA9Xnr2sVqXD9Vj7XVUnmFZcZrlw8Md7kMW+3XA1")

CANONICAL = [
    ("{}", "{}"),
    ('{"one": 1, "two": "Two"}', '{"one":1,"two":"Two"}'),
    ('{"b": "2", "a": "1"}', '{"a":"1","b":"2"}'),
    (
        """{"auth": {"success": true, "mxid": "@john.doe:example.com", "profile": {"display_name": "John Doe",
        "three_pids": [{"medium": "email", "address": "john.doe@example.org"},
        {"medium": "msisdn", "address": "123456789"}]}}}""",
        '{"auth":{"mxid":"@john.doe:example.com","profile":{"display_name":"John Doe","three_pids":'
        '[{"address":"john.doe@example.org","medium":"email"},{"address":"123456789","medium":"msisdn"}]},'
        '"success":true}}',
    ),
    ('{"a": "日本語"}', '{"a":"日本語"}'),
    ('{"本": 2, "日": 1}', '{"日":1,"本":2}'),
    ('{"a": "\\u65E5"}', '{"a":"日"}'),
    ('{"a": null}', '{"a":null}'),
    ('{"a": -0, "b": 1e10}', '{"a":0,"b":10000000000}'),
]

MINIMAL_EVENT = {
    "room_id": "!x:domain",
    "sender": "@a:domain",
    "origin": "domain",
    "origin_server_ts": 1000000,
    "signatures": {},
    "hashes": {"sha256": "5jM4wQpv6lnBo7CLIghJuHdW+s2CMBJPUOGOC89ncos"},
    "type": "X",
    "content": {},
    "prev_events": [],
    "auth_events": [],
    "depth": 3,
    "unsigned": {"age_ts": 1000000},
}
REDACTED_EVENT = {  # the content of a message is not covered: it is signed by its hash
    "content": {},
    "event_id": "$0:domain",
    "hashes": {"sha256": "onLKD1bGljeBWQhWZ1kaP9SorVmRQNdN5aM2JYU2n/g"},
    "origin": "domain",
    "origin_server_ts": 1000000,
    "type": "m.room.message",
    "room_id": "!r:domain",
    "sender": "@u:domain",
    "signatures": {},
    "unsigned": {"age_ts": 1000000},
}
SIGNATURES = [
    ({}, "K8280/U9SSy9IVtjBuVeLr+HpOB4BQFWbg+UZaADMtTdGYI7Geitb76LTrr5QV/7Xg4ahLwYGYZzuHGZKM5ZAQ"),
    (
        {"one": 1, "two": "Two"},
        "KqmLSbO39/Bzb0QIYE82zqLwsA+PDzYIpIRA2sRQ4sL53+sN6/fpNSoqE7BP7vBZhG6kYdD13EIMJpvhJI+6Bw",
    ),
    (MINIMAL_EVENT, "KxwGjPSDEtvnFgU00fwFz+l6d2pJM6XBIaMEn81SXPTRl16AqLAYqfIReFGZlHi5KLjAWbOoMszkwsQma+lYAg"),
    (REDACTED_EVENT, "Wm+VzmOUOz08Ds+0NTWb1d4CZrVsJSikkeRxh6aCcUwu6pNC78FunoD7KNWzqFn241eYHYMGCA5McEiVPdhzBA"),
]

texts = st.text(st.characters(codec="utf-8"))
foreign = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters()),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=20,
)
proper = st.recursive(
    st.none() | st.booleans() | st.integers(-LARGEST, LARGEST) | texts,
    lambda inner: st.lists(inner) | st.dictionaries(texts, inner),
    max_leaves=20,
)


@pytest.mark.parametrize(("text", "expected"), CANONICAL)
def test_canonical_json_is_what_the_specification_prints(text, expected):
    assert canonical(json.loads(text)) == expected.encode()


@pytest.mark.parametrize("number", [1.5, float("nan"), float("inf"), -0.1, LARGEST + 1, -LARGEST - 1, 1e300])
def test_fractions_and_numbers_beyond_the_range_have_no_canonical_form(number):
    with pytest.raises(NotCanonical):
        canonical({"deep": [{"n": number}]})


@pytest.mark.parametrize("number", [LARGEST, -LARGEST, 0])
def test_the_largest_numbers_have_one(number):
    assert canonical(number) == str(number).encode()


@pytest.mark.parametrize("value", [{1: "a"}, {"a": b"bytes"}, "half \ud83d", {"\udc00": 1}, object()])
def test_what_is_no_json_has_no_canonical_form(value):
    with pytest.raises(NotCanonical):
        canonical(value)


def test_a_value_nested_without_end_is_refused_and_not_a_crash():
    deep = []
    for _ in range(100_000):
        deep = [deep]
    with pytest.raises(NotCanonical):
        canonical(deep)


def test_control_characters_are_escaped_the_short_way():
    assert canonical('\b\t\n\f\r"\\\x00\x1f\x7f/') == b'"\\b\\t\\n\\f\\r\\"\\\\\\u0000\\u001f\x7f/"'


def test_keys_are_sorted_by_code_point_also_beyond_the_first_plane():
    assert canonical({"\U0001f600": 1, "\uffee": 2}) == '{"\uffee":2,"\U0001f600":1}'.encode()


@given(proper)
def test_what_is_canonical_reads_back_as_the_same_and_stays_canonical(value):
    once = canonical(value)
    assert json.loads(once) == value
    assert canonical(json.loads(once)) == once


@pytest.mark.parametrize(("value", "expected"), SIGNATURES)
def test_signatures_are_what_the_specification_prints(value, expected):
    key = SigningKey(SEED)
    assert key.signature(value) == expected
    assert is_signed(signed(value, "domain", "ed25519:1", expected), "domain", "ed25519:1", key.public)


def test_a_key_is_the_same_again_from_its_seed():
    key = SigningKey.new()
    assert SigningKey(key.seed).public == key.public
    assert SigningKey.new().public != key.public


def test_signing_keeps_the_signatures_of_others_and_what_is_unsigned():
    before = {"a": 1, "unsigned": {"age": 5}, "signatures": {"@bob:x": {"ed25519:B": "b"}, "@al:x": {"ed25519:0": "0"}}}
    after = signed(before, "@al:x", "ed25519:A", "s")
    assert after["unsigned"] == {"age": 5}
    assert after["signatures"] == {"@bob:x": {"ed25519:B": "b"}, "@al:x": {"ed25519:0": "0", "ed25519:A": "s"}}
    assert before["signatures"]["@al:x"] == {"ed25519:0": "0"}


def test_what_was_added_to_the_unsigned_part_does_not_break_a_signature():
    key = SigningKey.new()
    value = signed({"a": 1}, "@al:x", "ed25519:A", key.signature({"a": 1}))
    assert is_signed({**value, "unsigned": {"device_display_name": "Phone"}}, "@al:x", "ed25519:A", key.public)


@pytest.mark.parametrize("change", [{"a": 2}, {"b": 1}, {"a": True}])
def test_a_change_breaks_the_signature(change):
    key = SigningKey.new()
    value = signed({"a": 1}, "@al:x", "ed25519:A", key.signature({"a": 1}))
    assert not is_signed({**value, **change}, "@al:x", "ed25519:A", key.public)


def test_a_signature_counts_only_for_its_signer_its_key_id_and_its_key():
    key = SigningKey.new()
    value = signed({"a": 1}, "@al:x", "ed25519:A", key.signature({"a": 1}))
    assert is_signed(value, "@al:x", "ed25519:A", key.public)
    assert not is_signed(value, "@bob:x", "ed25519:A", key.public)
    assert not is_signed(value, "@al:x", "ed25519:B", key.public)
    assert not is_signed(value, "@al:x", "ed25519:A", SigningKey.new().public)


@given(foreign, foreign, foreign)
def test_checking_foreign_shapes_says_no_and_never_raises(value, signatures, public):
    assert not is_signed(value, "@al:x", "ed25519:A", public)
    assert not is_signed({"signatures": signatures}, "@al:x", "ed25519:A", public)
    assert not is_signed({"signatures": {"@al:x": signatures}, "a": value}, "@al:x", "ed25519:A", public)
    assert not is_signature({"a": value}, signatures, public)


@given(st.binary(max_size=80))
def test_unpadded_base64_reads_back_with_and_without_padding(data):
    text = unpadded.encode(data)
    assert "=" not in text
    assert unpadded.decode(text) == unpadded.decode(text + "=" * (-len(text) % 4), len(data)) == data


@pytest.mark.parametrize("text", [None, 5, "ä", "a b", "A", "QUJD\n", "QU=JD", "-_-_"])
def test_what_is_not_base64_is_said_so(text):
    with pytest.raises(ValueError):
        unpadded.decode(text)


@pytest.mark.parametrize("text", ["", "Zg", "Zm8", "Zm9v", "Zm9vYg", "Zm9vYmE", "Zm9vYmFy"])
def test_unpadded_base64_is_what_the_specification_prints(text):
    assert unpadded.encode(b"foobar"[: len(text) * 3 // 4]) == text
