"""A large answer is read room by room, and what makes no sense takes nothing else with it."""

import json
from typing import Any

import pytest

from webapp.networks.matrix.pieces import UNREADABLE, Nonsense, Pieces, each, each_key, read

DEEP = "[" * 50_000 + "]" * 50_000


def looked(text: str) -> Pieces:
    pieces = Pieces(text)
    for _ in pieces.look_through():
        pass
    return pieces


@pytest.mark.parametrize("first", ["rooms", "next_batch"])
def test_rooms_and_the_rest_are_found_in_any_order(first: str) -> None:
    whole = {
        "next_batch": "s1",
        "rooms": {"join": {"!a:b": {"state": 1}, "!c:d": {}}, "leave": {"!e:f": None}, "knock": {}, "odd": 7},
        "to_device": {"events": [{"x": '\\"}]'}]},
    }
    text = json.dumps({first: whole[first], **whole}, indent=1)
    pieces = looked(text)
    assert pieces.parts == {name: value for name, value in whole.items() if name != "rooms"}
    assert list(pieces.rooms()) == [("join", "!a:b", {"state": 1}), ("join", "!c:d", {}), ("leave", "!e:f", None)]


def test_others_get_their_turn_after_each_room() -> None:
    text = json.dumps({"rooms": {"join": {f"!{n}:b": {} for n in range(50)}}})
    assert len(list(Pieces(text).look_through())) >= 50


@pytest.mark.parametrize(
    "text",
    [
        *(
            "",
            "null",
            "[]",
            "{",
            '{"a"}',
            '{"a":}',
            '{"a":1,}',
            '{"a":1 "b":2}',
            "{a:1}",
            '{"rooms":{"join":{"!a"',
            "1",
        ),
        *('{"a":NaN}', '{"a":Infinity}', '{"a":' + "1" * 5000 + "}", '{"rooms":{"join":{"!a:b":{"x":nul}}}}'),
    ],
)
def test_what_is_no_answer_is_nonsense(text: str) -> None:
    with pytest.raises(Nonsense):
        looked(text)


def test_what_is_too_deep_is_left_out_alone() -> None:
    event = '{"type":"m.room.message","content":%s,"sender":"@a:b"}'
    timeline = f"[{event % DEEP},{event % '{}'}]"
    text = '{"rooms":{"join":{"!a:b":{"timeline":{"events":' + timeline + '}},"!c:d":{"x":1}}},"next_batch":"s1"}'
    pieces = looked(text)
    (_, _, broken), (_, _, whole) = pieces.rooms()
    first, second = broken["timeline"]["events"]
    assert first == {"type": "m.room.message", "content": UNREADABLE, "sender": "@a:b"}
    assert second["content"] == {}
    assert whole == {"x": 1}
    assert pieces.parts["next_batch"] == "s1"


def test_an_endless_bomb_is_nonsense() -> None:
    with pytest.raises(Nonsense):
        looked('{"a":' + "[" * 100_000)


def test_a_small_answer_is_read_whole() -> None:
    assert read(' {"a": [1, {"b": null}]} ') == {"a": [1, {"b": None}]}
    for text in ("{} {}", "", "{}x", "<html>"):
        with pytest.raises(Nonsense):
            read(text)


def test_a_long_list_is_read_item_by_item() -> None:
    text = '{"start": "a", "chunk": [{"x": 1}, 2, ' + DEEP + '], "end": {"chunk": [9]}}'
    first, second, third = each(text, "chunk")
    assert (first, second) == ({"x": 1}, 2)
    assert str(UNREADABLE) in str(third)
    assert list(each('{"chunk": 7}', "chunk")) == list(each("{}", "chunk")) == []
    with pytest.raises(Nonsense):
        list(each('{"chunk": [1, 2', "chunk"))


def test_a_backup_of_keys_is_read_key_by_key_and_what_makes_no_sense_in_it_is_left_out() -> None:
    rooms: dict[str, Any] = {
        "!a": {"sessions": {"one": {"x": 1}, "two": 5}, "more": [1]},
        "!b": 5,
        "!c": {"sessions": []},
        "!d": {"sessions": {}},
        "!e": {"sessions": {"three": {}}},
    }
    found = [("!a", "one", {"x": 1}), ("!a", "two", 5), ("!e", "three", {})]
    assert list(each_key(json.dumps({"more": {"rooms": {}}, "rooms": rooms, "last": 1}))) == found
    assert list(each_key("{}")) == []
    assert list(each_key('{"rooms": 5}')) == []
    for nonsense in ("", "[]", '{"rooms": {"!a": {"sessions": {"one": {}', '{"rooms" {}}'):
        with pytest.raises(Nonsense):
            list(each_key(nonsense))
