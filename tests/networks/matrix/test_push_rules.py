"""What the person wants to be told of is judged as the specification says, also where the server cannot look."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from webapp.networks.matrix.globs import matches, occurs
from webapp.networks.matrix.push_rules import KINDS, Circumstances, PushRules, Verdict

AROUND = Circumstances(members=5, name="Alice")
TOLD, CALLED, NOTHING = Verdict(notify=True), Verdict(notify=True, highlight=True), Verdict()
HIGHLIGHT = ["notify", {"set_tweak": "sound", "value": "default"}, {"set_tweak": "highlight"}]


def rule(*conditions: dict[str, Any], actions: object = ("notify",), **more: Any) -> dict[str, Any]:
    return {"rule_id": "r", "conditions": list(conditions), "actions": list(actions), "enabled": True} | more


def rules(**kinds: list[dict[str, Any]]) -> PushRules:
    return PushRules({"global": kinds})


def text(body: str = "soup", **more: Any) -> dict[str, Any]:
    content = {"msgtype": "m.text", "body": body}
    return {"type": "m.room.message", "room_id": "!r:x", "sender": "@bob:x", "content": content} | more


def match(key: str, pattern: object) -> dict[str, Any]:
    return {"kind": "event_match", "key": key, "pattern": pattern}


@pytest.mark.parametrize(
    ("pattern", "like", "unlike"),
    [
        ("m.room.message", ["m.room.message", "M.Room.Message"], ["m.room.messages", "xm.room.message", ""]),
        ("m.*", ["m.", "m.room.message"], ["am.room"]),
        ("*.example", ["a.example", ".example"], ["example", "a.example.org"]),
        ("a?c", ["abc", "a?c"], ["ac", "abbc"]),
        ("a*b*c", ["abc", "a b c", "aXbXbXc"], ["acb", "ab", "abcd"]),
        ("*", ["", "anything"], []),
        ("", [""], ["a"]),
        ("a.c", ["a.c"], ["abc"]),
        ("*ab", ["ab", "abab", "xab"], ["aba"]),
    ],
)
def test_a_pattern_is_like_the_whole_text(pattern: str, like: list[str], unlike: list[str]) -> None:
    assert [one for one in like if not matches(pattern, one)] == []
    assert [one for one in unlike if matches(pattern, one)] == []


@pytest.mark.parametrize(
    ("pattern", "like", "unlike"),
    [
        (
            "alice",
            ["alice", "Hello Alice!", "alice's", "(alice)", "ALICE?", "über-alice"],
            ["malice", "alice_", "alices"],
        ),
        ("cak*", ["cake", "a cake.", "the cakes"], ["pancake"]),
        ("c?ke", ["cake", "coke here"], ["cke", "pancake"]),
        ("hot*soup", ["hot soup", "hot, very hot soup!"], ["hotels have soups", "soup hot"]),
        ("a", ["a", "b a c"], ["ab"]),
    ],
)
def test_a_pattern_occurs_between_the_borders_of_words(pattern: str, like: list[str], unlike: list[str]) -> None:
    assert [one for one in like if not occurs(pattern, one)] == []
    assert [one for one in unlike if occurs(pattern, one)] == []


@pytest.mark.timeout(60)
def test_no_pattern_takes_for_ever() -> None:
    assert not occurs("a*" * 400 + "b", "a" * 65_536)
    assert not matches("*a?" * 300 + "b", "a" * 65_536)
    assert not matches("a" * 2_000, "a" * 2_000)


@given(st.text(max_size=30), st.text(alphabet="ab*?", max_size=12))
def test_a_text_is_like_itself_and_like_a_star_around_it(text_: str, pattern: str) -> None:
    assert matches("*", text_)
    assert matches(pattern.replace("*", "x"), pattern.replace("*", "x"))
    assert matches(f"*{pattern}*", f"b{pattern}a")


def test_the_kinds_are_asked_in_order_and_the_first_that_fits_decides() -> None:
    of_a_kind = {
        "override": rule(match("room_id", "!other:x"), actions=[]),
        "content": {"rule_id": "c", "pattern": "soup", "actions": HIGHLIGHT, "enabled": True},
        "room": {"rule_id": "!r:x", "actions": [], "enabled": True},
        "sender": {"rule_id": "@bob:x", "actions": HIGHLIGHT, "enabled": True},
        "underride": rule(match("type", "m.room.message")),
    }
    judged = rules(**{kind: [of_a_kind[kind]] for kind in reversed(KINDS)})
    assert judged.judge(text("is there soup?"), AROUND) == CALLED
    assert judged.judge(text("is there bread?"), AROUND) == NOTHING
    assert judged.judge(text("soup", room_id="!other:x"), AROUND) == NOTHING
    assert judged.judge(text("bread", room_id="!third:x"), AROUND) == CALLED
    assert judged.judge(text("bread", room_id="!third:x", sender="@eve:x"), AROUND) == TOLD
    assert judged.judge(text("bread", room_id="!third:x", type="m.sticker", sender="@eve:x"), AROUND) == NOTHING


@pytest.mark.parametrize(
    ("condition", "true_of", "false_of"),
    [
        (match("content.body", "soup"), [text("the Soup")], [text("soups"), text(content={"body": 7})]),
        (match("type", "m.room.*"), [text()], [text(type="m.sticker"), {}]),
        ({"kind": "contains_display_name"}, [text("hi alice")], [text("hi malice")]),
        ({"kind": "room_member_count", "is": "5"}, [text()], []),
        ({"kind": "room_member_count", "is": "<=5"}, [text()], []),
        ({"kind": "room_member_count", "is": ">5"}, [], [text()]),
        ({"kind": "room_member_count", "is": "many"}, [], [text()]),
        ({"kind": "event_property_is", "key": "content.on", "value": True}, [text(content={"on": True})], [
            text(content={"on": 1}), text(content={"on": "true"}), text()]),
        ({"kind": "event_property_is", "key": r"content.m\.mentions.room", "value": True},
         [text(content={"m.mentions": {"room": True}})], [text(content={"m": {"mentions": {"room": True}}})]),
        ({"kind": "event_property_contains", "key": r"content.m\.mentions.user_ids", "value": "@alice:x"},
         [text(content={"m.mentions": {"user_ids": ["@eve:x", "@alice:x"]}})],
         [text(content={"m.mentions": {"user_ids": "@alice:x"}}), text(content={"m.mentions": []}), text()]),
        ({"kind": "sender_notification_permission", "key": "room"}, [], [text()]),
        ({"kind": "something new"}, [], [text()]),
        ({}, [], [text()]),
    ],
)  # fmt: skip
def test_a_condition_is_true_of_what_it_says(
    condition: dict[str, Any], true_of: list[dict[str, Any]], false_of: list[dict[str, Any]]
) -> None:
    judged = rules(override=[rule(condition)])
    assert [one for one in true_of if not judged.judge(one, AROUND).notify] == []
    assert [one for one in false_of if judged.judge(one, AROUND).notify] == []


def test_a_name_with_a_star_in_it_stands_for_itself() -> None:
    judged = rules(override=[rule({"kind": "contains_display_name"}, actions=HIGHLIGHT)])
    star = Circumstances(members=2, name="A*")
    assert judged.judge(text("hello A* there"), star) == CALLED
    assert judged.judge(text("hello Alexander there"), star) == NOTHING
    assert judged.judge(text("hello"), Circumstances(members=2, name="")) == NOTHING


def test_the_whole_room_is_called_only_by_those_who_may() -> None:
    judged = rules(override=[rule({"kind": "sender_notification_permission", "key": "room"}, actions=HIGHLIGHT)])
    assert judged.judge(text("@room"), Circumstances(5, "Alice", may_notify_room=True)) == CALLED
    assert judged.judge(text("@room"), AROUND) == NOTHING


def test_a_rule_that_is_off_or_says_not_to_highlight_does_not() -> None:
    quiet = ["notify", {"set_tweak": "highlight", "value": False}]
    assert rules(override=[rule(actions=HIGHLIGHT, enabled=False)]).judge(text(), AROUND) == NOTHING
    assert rules(override=[rule(actions=quiet)]).judge(text(), AROUND) == TOLD


def test_a_room_is_silent_by_either_of_the_two_ways_that_programs_use() -> None:
    muted = rule(match("room_id", "!muted:x"), actions=["dont_notify"])
    only_names = {"rule_id": "!quiet:x", "actions": [], "enabled": True}
    loud = {"rule_id": "!loud:x", "actions": ["notify"], "enabled": True}
    judged = rules(override=[muted, rule(actions=[])], room=[only_names, loud])
    rooms = ("!muted:x", "!quiet:x", "!loud:x", "!other:x")
    assert [room for room in rooms if judged.is_silent(room)] == ["!muted:x", "!quiet:x"]


@pytest.mark.parametrize(
    "content",
    [
        *(None, [], "x", {"global": 7}, {"global": {"override": {}}}, {"global": {"override": [None, 7, {}]}}),
        *({"global": {"override": [rule(actions=("notify",)) | {"conditions": "x"}]}},),
        *({"global": {"override": [rule() | {"conditions": [7]}]}}, {"global": {"content": [{"pattern": 7}]}}),
        *({"global": {"override": [rule() | {"enabled": "yes"}]}}, {"global": {"room": [{"rule_id": None}]}}),
    ],
)
def test_what_makes_no_sense_is_no_rule(content: object) -> None:
    assert PushRules(content).judge(text(), AROUND) == NOTHING
    assert not PushRules(content).is_silent("!r:x")


@pytest.mark.parametrize("name", [".m.rule.contains_display_name", ".m.rule.contains_user_name", ".m.rule.roomnotif"])
def test_nothing_is_guessed_where_an_event_says_itself_whom_it_calls(name: str) -> None:
    guess = rules(override=[rule(match("content.body", "alice"), actions=HIGHLIGHT, rule_id=name)])
    assert guess.judge(text("hello Alice"), AROUND) == CALLED
    said = {"msgtype": "m.text", "body": "hello Alice", "m.mentions": {}}
    assert guess.judge(text(content=said), AROUND) == NOTHING
