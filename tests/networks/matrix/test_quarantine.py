"""Only what has the shape of an event is let through, and the rest is counted."""

from datetime import UTC, datetime
from typing import Any

import pytest

from webapp.networks.matrix.quarantine import Quarantine, events_in

GOOD: dict[str, Any] = {
    "event_id": "$1",
    "type": "m.room.message",
    "sender": "@anna:example.org",
    "origin_server_ts": 1_700_000_000_000,
    "content": {"body": "hi"},
    "unsigned": {"transaction_id": "t1"},
}
BAD: list[tuple[str, object]] = [
    *[("event_id", value) for value in (None, 1, "", "1", "$" + "x" * 300, "$\ud800", "$a b")],
    *[("type", value) for value in (None, 1, [], "x" * 256, "\ud800")],
    *[("sender", value) for value in (None, {}, "anna", "@anna", "@\ud800:b.org", "!r:b.org")],
    *[("origin_server_ts", value) for value in (None, "1", True, 1.5, [])],
    *[("content", value) for value in (None, [], "x", 1)],
    *[("state_key", value) for value in (1, [], "x" * 256, "\udfff")],
]


def test_a_good_event_is_read() -> None:
    heard = Quarantine().heard(GOOD)
    assert heard is not None
    assert (heard.name, heard.type, heard.sender) == ("$1", "m.room.message", "@anna:example.org")
    assert heard.at == datetime(2023, 11, 14, 22, 13, 20, tzinfo=UTC)
    assert (heard.transaction_id, heard.state_key) == ("t1", None)


@pytest.mark.parametrize(("key", "value"), BAD)
def test_a_bad_one_is_left_out_and_counted(key: str, value: object) -> None:
    quarantine = Quarantine()
    assert quarantine.all_of({"events": [{**GOOD, key: value}, GOOD]}) == [quarantine.heard(GOOD)]
    assert quarantine.left_out == 1


@pytest.mark.parametrize("event", [None, 1, "x", [], {}])
def test_what_is_no_object_is_no_event(event: object) -> None:
    assert Quarantine().heard(event) is None


@pytest.mark.parametrize("section", [None, 1, [], "x", {}, {"events": None}, {"events": {}}])
def test_a_section_that_is_none_has_no_events(section: object) -> None:
    assert events_in(section) == []


@pytest.mark.parametrize(("milliseconds", "year"), [(-1, 1970), (10**30, 9999), (0, 1970)])
def test_a_time_that_no_clock_shows_is_bounded(milliseconds: int, year: int) -> None:
    heard = Quarantine().heard({**GOOD, "origin_server_ts": milliseconds})
    assert heard is not None
    assert heard.at.year == year


@pytest.mark.parametrize(
    "unsigned", [None, [], {"transaction_id": 1}, {"transaction_id": ""}, {"transaction_id": "\ud800"}]
)
def test_an_id_of_ours_that_makes_no_sense_is_none(unsigned: object) -> None:
    heard = Quarantine().heard({**GOOD, "unsigned": unsigned})
    assert heard is not None
    assert heard.transaction_id is None


def test_what_a_person_sees_before_joining_needs_neither_id_nor_time() -> None:
    stripped = {"type": "m.room.name", "sender": "@a:b.org", "state_key": "", "content": {"name": "x"}}
    assert Quarantine().heard(stripped) is None
    assert Quarantine().heard(stripped, stripped=True) is not None


@pytest.mark.parametrize("fault", [TypeError, ValueError, KeyError, IndexError, AttributeError, RecursionError])
def test_what_turns_out_to_make_no_sense_is_left_out(fault: type[Exception]) -> None:
    quarantine = Quarantine()
    with quarantine.around():
        raise fault
    assert quarantine.left_out == 1
