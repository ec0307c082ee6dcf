"""The first screen, while the homeserver gathers the rest."""

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.fake_homeserver import Asked, FakeHomeserver, Told
from tests.networks.following import Following
from tests.networks.matrix.people import Follow, Person, surroundings
from webapp.networks.contract import Credentials
from webapp.networks.events import ConversationChanged, ConversationKind, Origin
from webapp.networks.matrix import network
from webapp.networks.matrix.first_look import FEATURE, PLACE, ROOMS, seen_in

ME, ROOM = "@me:b.org", "!room:b.org"
CREATED = [{"type": "m.room.create", "state_key": "", "content": {"room_version": "11"}}]
KNOWS = Told({"versions": ["v1.11"], "unstable_features": {FEATURE: True}})


def room(stamp: int, **more: Any) -> dict[str, Any]:
    return {"name": f"Room {stamp}", "bump_stamp": stamp, "required_state": CREATED, **more}


def test_the_newest_come_last_so_that_they_stand_on_top() -> None:
    found = seen_in({"rooms": {"!b:x": room(2), "!c:x": room(3), "!a:x": room(1)}})
    assert [(one.conversation, one.name) for one in found] == [
        ("!a:x", "Room 1"),
        ("!b:x", "Room 2"),
        ("!c:x", "Room 3"),
    ]


def test_a_chat_of_two_is_called_after_the_other_one() -> None:
    anna = {"user_id": "@anna:x", "displayname": "Anna"}
    [found] = seen_in({"rooms": {"!a:x": room(1, name=None, is_dm=True, heroes=[anna])}})
    assert (found.kind, found.name, found.partner) == (ConversationKind.DIRECT, "Anna", "@anna:x")


def test_a_room_without_a_name_is_called_after_its_people() -> None:
    heroes = [{"user_id": "@anna:x", "displayname": "Anna"}, {"user_id": "@bert:x"}]
    [found] = seen_in({"rooms": {"!a:x": room(1, name="", heroes=heroes)}})
    assert (found.kind, found.name, found.partner) == (ConversationKind.GROUP, "Anna, @bert:x", None)


@pytest.mark.parametrize(
    "more",
    [
        {"invite_state": []},
        {"stripped_state": []},
        {"required_state": []},
        {"required_state": [{"type": "m.room.create", "content": {"type": "m.space"}}]},
        {"name": ""},
    ],
    ids=["invitation", "other invitation", "unknown", "space", "nameless"],
)
def test_what_is_no_conversation_yet_is_left_to_the_rest(more: dict[str, Any]) -> None:
    assert seen_in({"rooms": {"!a:x": room(1, **more)}}) == []


NONSENSE: list[Any] = [None, 7, "x", [], {}, [None, {"user_id": 7}], {"content": []}, True, -(2**70)]


@pytest.mark.parametrize("value", NONSENSE)
def test_nonsense_is_left_out(value: Any) -> None:
    assert seen_in({"rooms": value}) == []
    assert seen_in({"rooms": {"!a:x": value, "no room": room(1)}}) == []
    for key in ("name", "heroes", "is_dm", "bump_stamp", "required_state"):
        seen_in({"rooms": {"!a:x": {**room(1), key: value}}})


def test_a_homeserver_that_tells_of_more_than_was_asked_is_not_believed() -> None:
    assert len(seen_in({"rooms": {f"!r{n}:x": room(n) for n in range(500)}})) == ROOMS


def looked(folder: Path, answers: dict[tuple[str, str], Any]) -> tuple[list[Any], list[str]]:
    """The conversations that a session tells of before the homeserver has everything, and what was asked."""

    async def work() -> tuple[list[Any], list[str]]:
        async with FakeHomeserver() as fake:
            gathered = asyncio.Event()

            async def everything(asked: Asked) -> Told:
                if "since" in asked.query:
                    await gathered.wait()
                return Told({"next_batch": "s1"})

            fake.answers["GET", "/_matrix/client/v3/account/whoami"] = Told({"user_id": ME, "device_id": "D"})
            fake.answers["GET", "/_matrix/client/v3/sync"] = everything
            fake.answers.update(answers)
            secrets = {"homeserver": fake.url, "token": "t", "device": "D"}
            async with Following(network.session(Credentials(ME, secrets), surroundings(folder))) as seen:
                await seen.until(lambda: seen.checkpoint)
                gathered.set()
                return seen.events(ConversationChanged, Origin.BACKFILL), [one.path for one in fake.asked]

    return asyncio.run(work())


def test_it_is_told_before_everything_else(tmp_path: Path) -> None:
    answers = {("GET", "/_matrix/client/versions"): KNOWS, ("POST", PLACE): Told({"rooms": {ROOM: room(1)}})}
    seen, _ = looked(tmp_path, answers)
    assert [one.conversation for one in seen] == [ROOM]


@pytest.mark.parametrize("answer", [Told({}, 404), Told({}, 500), Told(b"<html>"), Told([])])
def test_a_homeserver_that_cannot_do_it_is_followed_all_the_same(tmp_path: Path, answer: Told) -> None:
    broken = {("GET", "/_matrix/client/versions"): KNOWS, ("POST", PLACE): answer}
    assert looked(tmp_path, broken)[0] == []


def test_a_homeserver_that_does_not_say_so_is_not_asked(tmp_path: Path) -> None:
    seen, asked = looked(tmp_path, {})
    assert seen == []
    assert PLACE not in asked


@pytest.mark.servers
def test_a_real_homeserver_names_the_newest_at_once(
    alice: Person, bob: Person, follow: Follow, person: Callable[[str], Person]
) -> None:
    async def work() -> None:
        async with alice.device() as phone, bob.device() as other:
            old = await phone.make_room(name="Old")
            talk = await phone.make_room(bob.user, direct=True)
            await phone.ask("PUT", f"user/{alice.user}/account_data/m.direct", {bob.user: [talk]})
            await other.join(talk)
            await phone.make_room(name="Space", creation_content={"type": "m.space"})
            new = await phone.make_room(name="New")
            await phone.say(old, "before")
            await other.say(talk, "hello")
            await phone.say(new, "after")
            async with follow(alice) as seen:
                await seen.until(lambda: seen.checkpoint)
                told = seen.events(ConversationChanged, Origin.BACKFILL)
                assert [(one.name, one.kind) for one in told] == [
                    ("Old", ConversationKind.GROUP),
                    ("Bob", ConversationKind.DIRECT),
                    ("New", ConversationKind.GROUP),
                ]
                assert told[1].partner == bob.user

    asyncio.run(work())
