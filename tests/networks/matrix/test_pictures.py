"""What rooms and people look like, on a real homeserver; and what a strange one cannot make of it."""

import asyncio
from collections.abc import Coroutine
from io import BytesIO
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from PIL import Image

from tests.fake_homeserver import Told
from tests.networks.following import Following
from tests.networks.matrix.people import Follow, Person
from tests.networks.matrix.plain_far_side import PlainFarSide
from tests.networks.matrix.scripted import ROOM, Script, answer, event, followed, room
from webapp.networks.errors import Refused, Unreachable
from webapp.networks.events import ConversationChanged, LooksChanged
from webapp.networks.matrix import room_state
from webapp.networks.matrix.pictures import LARGEST

MXC = "mxc://b.org/abc"
THUMBNAIL = "/_matrix/client/v1/media/thumbnail/b.org/abc"


def run(work: Coroutine[Any, Any, None]) -> None:
    asyncio.run(work)


async def upload(device: PlainFarSide, colour: str) -> str:
    """A picture on the homeserver; returns its name there."""
    out = BytesIO()
    Image.new("RGB", (400, 300), colour).save(out, "PNG")
    headers = {"Authorization": f"Bearer {device.token}", "Content-Type": "image/png"}
    where = f"{device.url}/_matrix/media/v3/upload"
    async with device._http.post(where, data=out.getvalue(), headers=headers) as told:
        name: str = (await told.json())["content_uri"]
        return name


async def looks_like(seen: Following, conversation: str, ref: str) -> None:
    await seen.event(ConversationChanged, lambda event: (event.conversation, event.picture) == (conversation, ref))


@pytest.mark.servers
def test_a_room_looks_like_its_picture_and_a_direct_chat_like_the_other_person(
    alice: Person, bob: Person, follow: Follow
) -> None:
    async def work() -> None:
        async with alice.device() as other, bob.device() as far, follow(alice) as seen:
            red, blue = await upload(far, "red"), await upload(far, "blue")
            await far.ask("PUT", f"profile/{quote(bob.user)}/avatar_url", {"avatar_url": red})
            garden = await other.make_room(name="Garden")
            await other.set_state(garden, "m.room.avatar", {"url": blue})
            await looks_like(seen, garden, blue)
            await other.set_state(garden, "m.room.avatar", {})
            await looks_like(seen, garden, "")
            direct = await other.make_room(bob.user, direct=True)
            await other.ask("PUT", f"user/{alice.user}/account_data/m.direct", {bob.user: [direct]})
            await far.join(direct)
            await looks_like(seen, direct, red)
            with Image.open(BytesIO(await seen.session.picture(red))) as found:
                assert (found.size, found.convert("RGB").getpixel((48, 48))) == ((96, 96), (255, 0, 0))
            with pytest.raises(Refused):
                await seen.session.picture(red + "x")

    run(work())


def looks_of(seen: Following, who: str) -> list[str]:
    return [picture for event in seen.events(LooksChanged) for user, picture in event.looks if user == who]


@pytest.mark.servers
def test_people_look_like_themselves_also_where_there_are_many_and_it_is_told_once(
    alice: Person, bob: Person, follow: Follow, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def work() -> None:
        async with alice.device() as other, bob.device() as far, follow(alice) as seen:
            red, blue = await upload(far, "red"), await upload(far, "blue")
            await far.ask("PUT", f"profile/{quote(bob.user)}/avatar_url", {"avatar_url": red})
            garden = await other.make_room(bob.user, name="Garden")
            await far.join(garden)
            for number in range(3):
                await far.say(garden, f"number {number}")
            await seen.message("number 2")
            await seen.until(lambda: looks_of(seen, bob.user) == [red])
            monkeypatch.setattr(room_state, "MOST_TOLD", 0)
            await far.ask("PUT", f"profile/{quote(bob.user)}/avatar_url", {"avatar_url": blue})
            await seen.until(lambda: looks_of(seen, bob.user) == [red, blue])
            await far.ask("PUT", f"profile/{quote(bob.user)}/avatar_url", {"avatar_url": ""})
            await seen.until(lambda: looks_of(seen, bob.user) == [red, blue, ""])
            assert looks_of(seen, alice.user) == []

    run(work())


@pytest.mark.parametrize(
    "url",
    [
        "https://evil.example/a.png",
        "mxc://b.org",
        "mxc://b.org/",
        "mxc://b.org/../x",
        "mxc:///a",
        7,
        None,
        [],
        MXC + "?a",
    ],
)
def test_what_names_no_picture_is_none(tmp_path: Path, url: object) -> None:
    async def look(seen: Following, fake: Any) -> None:
        assert (await seen.event(ConversationChanged)).picture == ""
        if isinstance(url, str):
            with pytest.raises(Refused):
                await seen.session.picture(url)
        assert not [one for one in fake.asked if "media" in one.path]

    state = event("$2", type="m.room.avatar", state_key="", content={"url": url})
    run(followed(tmp_path, Script(answer("s1", {ROOM: room(event("$1"), state)})), look))


@pytest.mark.parametrize(
    ("told", "error"),
    [
        (Told({"errcode": "M_NOT_FOUND"}, 404), Refused),
        (Told(b"<html>", 200), None),
        (Told(b"", 307, {"Location": "https://evil.example/"}), Unreachable),
        (Told(b"x" * (LARGEST + 1)), Unreachable),
        (Told({}, 502), Unreachable),
    ],
)
def test_a_strange_homeserver_is_asked_with_our_token_and_nobody_else_is(
    tmp_path: Path, told: Told, error: type[Exception] | None
) -> None:
    async def look(seen: Following, fake: Any) -> None:
        fake.answers["GET", THUMBNAIL] = told
        await seen.until(lambda: seen.checkpoint)
        if error is None:
            assert await seen.session.picture(MXC) == told.body
        else:
            with pytest.raises(error):
                await seen.session.picture(MXC)
        (asked,) = fake.asked_for(THUMBNAIL)
        assert asked.headers["Authorization"] == "Bearer t"

    run(followed(tmp_path, Script(answer("s1")), look))
