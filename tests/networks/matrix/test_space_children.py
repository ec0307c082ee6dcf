"""What a space says is foreign: what makes no sense is in no space, and nothing grows without end."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from webapp.networks.events import SpaceChanged
from webapp.networks.matrix.line import Line
from webapp.networks.matrix.quarantine import Heard, Quarantine
from webapp.networks.matrix.rooms import Rooms
from webapp.networks.matrix.spaces import CHILD, MOST_CHILDREN, MOST_SPACES, Spaces

HERE = {"via": ["x"]}


@pytest.fixture
def spaces(tmp_path: Path) -> Spaces:
    return Spaces(cast(Line, SimpleNamespace(rooms=Rooms(tmp_path))))


def child(room: str, content: Any) -> Heard:
    facts = {"event_id": "$1", "type": CHILD, "sender": "@a:x", "origin_server_ts": 1, "state_key": room}
    heard = Quarantine().heard({**facts, "content": content})
    assert heard
    return heard


@pytest.mark.parametrize("content", [{}, {"via": []}, {"via": "x"}, {"via": [7, None]}, {"via": {"x": 1}}])
def test_a_room_that_nobody_leads_to_is_not_in_it(spaces: Spaces, content: dict[str, Any]) -> None:
    spaces.note("!s:x", "School", [child("!one:x", HERE), child("!two:x", HERE), child("!one:x", content)])
    assert spaces.news() == [SpaceChanged("!s:x", "School", ("!two:x",))]
    assert spaces.news() == []


@pytest.mark.parametrize("room", ["", "one", "@anna:x", "#one:x"])
def test_what_is_no_room_is_in_no_space(spaces: Spaces, room: str) -> None:
    spaces.note("!s:x", "School", [child(room, HERE)])
    assert spaces.news() == [SpaceChanged("!s:x", "School")]


def test_a_space_holds_only_so_many_and_there_are_only_so_many(spaces: Spaces) -> None:
    inner = [child(f"!i{n}:x", HERE) for n in range(MOST_CHILDREN + 5)]
    spaces.note("!inner:x", "Inner", inner)
    spaces.note("!outer:x", "Outer", [child("!inner:x", HERE), *(child(f"!o{n}:x", HERE) for n in range(100))])
    for n in range(MOST_SPACES):
        spaces.note(f"!s{n}:x", "Small", [])
    told = {event.space: event for event in spaces.news() if isinstance(event, SpaceChanged)}
    assert len(told) == MOST_SPACES
    assert [len(told[one].conversations) for one in ("!inner:x", "!outer:x")] == [MOST_CHILDREN] * 2
