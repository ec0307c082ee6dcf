"""Encrypted once is encrypted for ever (S20), and nothing goes out before that is known."""

import asyncio
from pathlib import Path
from typing import Any

import pytest

from tests.fake_homeserver import Asked, FakeHomeserver, Told
from tests.networks.following import Following
from tests.networks.matrix.scripted import ROOM, Script, answer, event, followed, room, run, text
from webapp.networks.errors import Refused
from webapp.networks.matrix import checkpoint

pytestmark = pytest.mark.process  # together they take seconds


def encryption(content: Any) -> dict[str, Any]:
    return event("$enc", type="m.room.encryption", state_key="", content=content)


def test_a_homeserver_that_takes_encryption_back_changes_nothing(tmp_path: Path) -> None:
    async def look(seen: Following, fake: FakeHomeserver) -> None:
        await seen.message("second")
        with pytest.raises(Refused):
            await seen.session.perform(text("never"))
        assert [one for one in fake.asked if one.method == "PUT"] == []

    first = answer("s1", {ROOM: room(encryption({"algorithm": "m.megolm.v1.aes-sha2"}))})
    second = answer("s2", {ROOM: room(encryption({}), event("$2", "second"))})
    run(followed(tmp_path, Script(first, second), look))


def test_an_algorithm_that_nobody_knows_is_encryption_all_the_same(tmp_path: Path) -> None:
    async def look(seen: Following, _: FakeHomeserver) -> None:
        await seen.message("x")
        with pytest.raises(Refused):
            await seen.session.perform(text("never"))

    run(followed(tmp_path, Script(answer("s1", {ROOM: room(encryption({"algorithm": 7}), event("$2", "x"))})), look))


def test_nothing_is_said_before_it_is_known_what_was_missed(tmp_path: Path) -> None:
    async def work() -> None:
        released = asyncio.Event()

        async def late(_: Asked) -> Told:
            await released.wait()
            return Told(answer("s2", {ROOM: room(encryption({}))}))

        async def look(seen: Following, fake: FakeHomeserver) -> None:
            saying = asyncio.create_task(seen.session.perform(text("never")))
            await asyncio.sleep(0.2)  # time for what must not happen
            assert not saying.done()
            released.set()
            with pytest.raises(Refused):
                await asyncio.wait_for(saying, 10)
            assert [one for one in fake.asked if one.method == "PUT"] == []

        await followed(tmp_path, late, look, checkpoint.to_bytes("s1"))

    run(work())
