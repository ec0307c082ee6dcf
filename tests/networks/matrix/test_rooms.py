"""What is known of rooms, when a page that asks for members writes beside the loop around sync."""

import asyncio
import threading
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from tests.fake_homeserver import FakeHomeserver, Told
from tests.networks.matrix.people import settled, surroundings
from webapp.networks.contract import Credentials
from webapp.networks.matrix import room_news, session
from webapp.networks.matrix.line import Line
from webapp.networks.matrix.quarantine import Quarantine
from webapp.networks.matrix.room import Room
from webapp.networks.matrix.room_news import RoomNews
from webapp.networks.matrix.rooms import Rooms
from webapp.networks.matrix.translate import Revealed

ROOM, ANNA = "!soup:house.test", "@anna:house.test"


def test_a_list_of_members_that_fails_in_the_middle_takes_nothing_with_it_and_leaves_nothing(tmp_path: Path) -> None:
    rooms, inside, go = Rooms(tmp_path), threading.Event(), threading.Event()

    def members() -> Iterator[tuple[str, str, str, str]]:
        yield ROOM, ANNA, "Anna", "join"
        inside.set()
        go.wait(5)
        raise ZeroDivisionError

    def fill() -> None:
        with suppress(ZeroDivisionError):
            rooms._fill(ROOM, members())

    async def scene() -> None:
        rooms.put(Room(ROOM, name="Soup"))
        await rooms.prepare("s1")
        filling = asyncio.create_task(asyncio.to_thread(fill))
        await asyncio.to_thread(inside.wait, 5)
        settling = asyncio.create_task(rooms.settle())
        await asyncio.wait({settling}, timeout=0.2)
        go.set()
        await asyncio.gather(filling, settling)
        await rooms.close()

    asyncio.run(scene())
    again = Rooms(tmp_path, "s1")
    assert again.get(ROOM).name == "Soup"
    assert again.member(ROOM, ANNA) is None
    asyncio.run(again.close())


def test_a_list_of_members_counts_more_than_what_was_laid_ready_before(tmp_path: Path) -> None:
    async def scene() -> None:
        rooms = Rooms(tmp_path)
        rooms.put_member(ROOM, ANNA, ("Anna", "join"))
        await rooms.prepare("s1")
        await rooms.fill(ROOM, [("@bob:house.test", "Bob", "join")])
        await rooms.settle()
        assert [user for user, _, _ in rooms.page(ROOM, "", 10)] == ["@bob:house.test"]
        await rooms.close()

    asyncio.run(scene())


def test_a_message_that_can_be_read_late_and_makes_no_sense_is_left_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def bent(*_: object) -> Any:
        raise TypeError

    monkeypatch.setattr(room_news, "opened_late", bent)
    rooms = Rooms(tmp_path)
    asyncio.run(settled(rooms))
    line = cast(Line, SimpleNamespace(rooms=rooms, quarantine=Quarantine(), me="@me:house.test"))
    news = RoomNews(line, cast(Any, None), cast(Any, None), cast(Any, None))
    event = {"event_id": "$1", "type": "m.room.encrypted", "sender": ANNA, "origin_server_ts": 1, "content": {}}
    assert news.late(ROOM, event, Revealed("m.room.message", {})) == []
    assert line.quarantine.left_out == 1
    asyncio.run(rooms.close())


def test_what_was_opened_is_closed_again_where_the_rest_cannot_be(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A disk that is full for a night is tried again and again."""
    closed: list[str] = []

    class Keys:
        async def close(self) -> None:
            closed.append("keys")

    async def open_keys(*_: object) -> Any:
        return Keys()

    class FullRooms:
        def __init__(self, *_: object) -> None:
            raise OSError("no space left")

    async def scene() -> None:
        async with FakeHomeserver() as fake:
            me = {"user_id": ANNA, "device_id": "D"}
            fake.answers["GET", "/_matrix/client/v3/account/whoami"] = Told(me)
            secrets = {"homeserver": fake.url, "token": "t", "device": "D"}
            opening = session.MatrixSession(Credentials(ANNA, secrets), surroundings(tmp_path))
            monkeypatch.setattr(session, "open_keys", open_keys)
            monkeypatch.setattr(session, "Rooms", FullRooms)
            with pytest.raises(OSError, match="no space"):
                await opening.open(None)
            await opening.close()

    asyncio.run(scene())
    assert closed == ["keys"]
