"""Who may do what, from state that is foreign: what makes no sense gives nobody any power."""

from typing import Any

import pytest

from webapp.networks.matrix.keeping import MARKED, MARKED_OLD, is_marked, note
from webapp.networks.matrix.powers import MOST, Powers
from webapp.networks.matrix.room import Room
from webapp.networks.matrix.rooms import Rooms
from webapp.networks.matrix.wishes import LARGEST, Wishes

ANNA, BOB = "@anna:x", "@bob:x"
NONSENSE = (None, 1, "x", [], {"users": []}, {"users": {"anna": 100, 7: 100, ANNA: None}}, {"users": {ANNA: [100]}})


def levels(content: dict[str, Any]) -> Powers:
    powers = Powers()
    powers.note_levels(content)
    return powers


@pytest.mark.parametrize(
    ("level", "role", "may"),
    [(100, "admin", True), (150, "admin", True), (50, "moderator", True), ("50", "moderator", True), (49, "", False)],
)
def test_a_level_is_a_word(level: object, role: str, may: bool) -> None:
    powers = levels({"users": {ANNA: level}})
    assert (powers.role(ANNA), powers.may_notify_room(ANNA)) == (role, may)
    assert (powers.role(BOB), powers.may_notify_room(BOB)) == ("", False)


def test_everybody_may_have_a_level_and_calling_the_room_one_of_its_own() -> None:
    powers = levels({"users_default": 50, "notifications": {"room": 60}, "users": {ANNA: 0}})
    assert [powers.role(who) for who in (ANNA, BOB)] == ["", "moderator"]
    assert not powers.may_notify_room(BOB)


@pytest.mark.parametrize("content", [one for one in NONSENSE if isinstance(one, dict)])
def test_nonsense_gives_nobody_any_power(content: dict[str, Any]) -> None:
    powers = levels(content)
    assert [powers.role(who) for who in (ANNA, BOB)] == ["", ""]


@pytest.mark.parametrize("level", [True, 1e9, "1e3", "٣٣٣", "9" * 400, {}, None])
def test_a_level_that_is_no_number_is_none(level: object) -> None:
    assert levels({"users": {ANNA: level}}).level(ANNA) == 0


def test_only_the_mightiest_of_very_many_are_remembered() -> None:
    powers = levels({"users": {f"@u{n}:x": n for n in range(2 * MOST)}})
    assert len(powers.users) == MOST
    assert powers.level(f"@u{2 * MOST - 1}:x") == 2 * MOST - 1


@pytest.mark.parametrize(("version", "role"), [("12", "owner"), ("11", ""), (None, ""), (12, ""), ("x", "")])
def test_who_created_a_new_kind_of_room_stands_above_all(version: object, role: str) -> None:
    powers = Powers()
    powers.note_creation({"room_version": version, "additional_creators": [BOB, 7]}, ANNA)
    assert [powers.role(who) for who in (ANNA, BOB, "@eve:x")] == [role, role, ""]


def test_what_is_remembered_of_a_room_is_the_same_when_it_is_read_again() -> None:
    room = Room("!r:x")
    room.powers.note_levels({"users": {ANNA: 100}})
    room.marks[MARKED] = True
    assert Room.from_dict(room.to_dict()) == room


@pytest.mark.parametrize("content", NONSENSE)
def test_account_data_that_makes_no_sense_changes_nothing(content: object, tmp_path) -> None:
    room, wishes = Room("!r:x"), Wishes(Rooms(tmp_path))
    for kind in ("m.tag", MARKED, MARKED_OLD):
        note(room, {"type": kind, "content": content})
    assert (room.tags, is_marked(room)) == ([], False)
    assert wishes.note(content if isinstance(content, dict) else {}) == set()
    assert not wishes.is_silent("!r:x")


def test_rules_without_end_are_none(tmp_path) -> None:
    wishes = Wishes(Rooms(tmp_path))
    rule = {"rule_id": "!r:x", "actions": [], "pad": "x" * LARGEST}
    assert wishes.note({"global": {"room": [rule]}}) == set()
    assert wishes.note({"global": {"room": [rule | {"pad": ""}]}}) == {"!r:x"}
    assert Wishes(wishes._rooms).is_silent("!r:x"), "also when the session begins again"
