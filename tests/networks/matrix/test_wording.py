"""What a text becomes on its way out."""

import asyncio
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.networks.matrix.people import settled
from webapp.networks.actions import SendText
from webapp.networks.matrix.rooms import Rooms
from webapp.networks.matrix.wording import content, mentioned

ROOM = "!garden:example.org"
ANNA, BERT, TWIN = "@anna:example.org", "@bert:example.org", "@bert2:example.org"


@pytest.fixture
def rooms(tmp_path: Path) -> Iterator[Rooms]:
    made = Rooms(tmp_path)
    made.put_member(ROOM, ANNA, ("Anna Maria", "join"))
    made.put_member(ROOM, BERT, ("Bert", "join"))
    made.put_member(ROOM, "@gone:example.org", ("Gone", "leave"))
    made.put_member("!other:example.org", "@carl:example.org", ("Carl", "join"))
    asyncio.run(settled(made))
    yield made
    asyncio.run(made.close())


def said(body: str, formatted: str | None = None) -> SendText:
    return SendText(ROOM, "1", body, datetime.now(UTC), formatted)


@pytest.mark.parametrize(
    ("body", "users"),
    [
        ("Hello", []),
        ("Hello @Bert", [BERT]),
        ("@bert: look", [BERT]),
        ("@Anna Maria, look", [ANNA]),
        ("(@Anna Maria and @BERT!)", [ANNA, BERT]),
        ("@Anna", []),
        ("ask @new:elsewhere.example, please", ["@new:elsewhere.example"]),
        ("@bert:example.org and @Bert", [BERT]),
        ("mail to bert@Bert or a@bert:example.org", []),
        ("@Gone and @Carl are not here", []),
        ("@", []),
        ("@ Bert", []),
    ],
)
def test_a_text_means_whom_it_names_behind_an_at(rooms: Rooms, body: str, users: list[str]) -> None:
    assert sorted(mentioned(rooms, ROOM, body)) == sorted(users)


def test_a_name_that_two_have_means_nobody(rooms: Rooms) -> None:
    rooms.put_member(ROOM, TWIN, ("bert", "invite"))
    asyncio.run(settled(rooms))
    assert mentioned(rooms, ROOM, "Hello @Bert") == []


def test_no_text_means_more_people_than_a_list_may_have(rooms: Rooms) -> None:
    body = " ".join(f"@person{n}:example.org" for n in range(1000))
    assert len(mentioned(rooms, ROOM, body)) == 20


def test_formatted_text_goes_out_in_both_ways(rooms: Rooms) -> None:
    made = content(rooms, ROOM, said("**Soup**", "<p><strong>Soup</strong></p>"))
    assert made == {
        "msgtype": "m.text",
        "body": "**Soup**",
        "m.mentions": {},
        "format": "org.matrix.custom.html",
        "formatted_body": "<p><strong>Soup</strong></p>",
    }


def test_plain_text_goes_out_plain_and_says_whom_it_means(rooms: Rooms) -> None:
    assert content(rooms, ROOM, said("@Bert?")) == {
        "msgtype": "m.text",
        "body": "@Bert?",
        "m.mentions": {"user_ids": [BERT]},
    }
