"""A room says which network it comes from, whatever else stands in its state."""

from typing import Any

import pytest

from webapp.networks.matrix.bridges import LONGEST, bridged_from


def bridge(protocol: object, kind: str = "m.bridge") -> dict[str, Any]:
    return {"type": kind, "state_key": "org.matrix.appservice-irc://irc/x", "content": {"protocol": protocol}}


@pytest.mark.parametrize(
    ("protocol", "name"),
    [
        ({"id": "telegram", "displayname": "Telegram"}, "Telegram"),
        ({"id": "whatsapp"}, "WhatsApp"),
        ({"id": "signal", "displayname": ""}, "Signal"),
        ({"id": "zulip"}, "Zulip"),
        ({"id": "irc", "displayname": "  Libera\n  Chat\u202e\u0000 "}, "Libera Chat"),
        ({"displayname": "x" * 500}, "x" * LONGEST),
    ],
)
def test_a_bridged_room_says_where_it_comes_from(protocol: object, name: str) -> None:
    assert bridged_from([{"type": "m.room.name", "content": {"name": "Soup"}}, bridge(protocol)]) == name
    assert bridged_from([bridge(protocol, "uk.half-shot.bridge")]) == name


def test_the_newer_kind_counts_first() -> None:
    both = [bridge({"id": "irc"}, "uk.half-shot.bridge"), bridge({"id": "signal"})]
    assert bridged_from(both) == bridged_from(reversed(both)) == "Signal"


@pytest.mark.parametrize("protocol", [None, [], "telegram", 7, {}, {"id": 7, "displayname": {}}, {"id": "\u0000"}])
def test_what_makes_no_sense_is_no_bridge(protocol: object) -> None:
    assert bridged_from([bridge(protocol), {"type": "m.bridge", "content": None}, {}]) == ""


def test_a_bridge_that_was_taken_away_is_none() -> None:
    assert bridged_from([{"type": "m.bridge", "state_key": "x", "content": {}}]) == ""
