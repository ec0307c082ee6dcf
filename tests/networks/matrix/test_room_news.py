"""What is new of a room, told once."""

import asyncio
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

from tests.fake_homeserver import Asked, FakeHomeserver, Told
from tests.networks.following import Following
from tests.networks.matrix.scripted import ME, ROOM, Script, answer, event, followed, room, run
from webapp.networks.events import ConversationChanged, ReadElsewhere
from webapp.networks.matrix.session import MatrixSession

pytestmark = pytest.mark.process  # together they take seconds


@pytest.mark.parametrize(("count", "read"), [(0, ["$2"]), (1, []), (True, []), ("0", []), (None, [])])
def test_on_a_first_look_what_the_homeserver_counts_as_read_is_read(tmp_path: Path, count: Any, read: Any) -> None:
    async def look(seen: Following, _: FakeHomeserver) -> None:
        await seen.until(lambda: seen.checkpoint)
        assert [one.message.remote_id for one in seen.events(ReadElsewhere)] == read

    told = room(event("$1"), event("$2"), unread_notifications={"notification_count": count})
    run(followed(tmp_path, Script(answer("s1", {ROOM: told})), look))


def test_a_room_is_told_once_and_again_only_when_it_is_another(tmp_path: Path) -> None:
    async def look(seen: Following, _: FakeHomeserver) -> None:
        await seen.message("three")
        names = [change.name for change in seen.events(ConversationChanged)]
        assert names == ["Club", "Society"]

    def named(name: str) -> dict[str, Any]:
        return event("$n" + name, type="m.room.name", state_key="", content={"name": name})

    script = Script(
        answer("s1", {ROOM: room(named("Club"), event("$1"))}),
        answer("s2", {ROOM: room(event("$2", "two"))}),
        answer("s3", {ROOM: room(named("Society"), event("$3", "three"))}),
    )
    run(followed(tmp_path, script, look))


def test_a_room_for_two_is_a_direct_chat_before_the_account_says_so_and_none_when_it_says_so(tmp_path: Path) -> None:
    async def look(seen: Following, _: FakeHomeserver) -> None:
        await seen.message("three")
        kinds = [(change.kind.value, change.partner) for change in seen.events(ConversationChanged)]
        assert kinds == [("direct", "@a:b.org"), ("group", "")]

    content = {"membership": "invite", "is_direct": True}
    asked = event("$m", type="m.room.member", state_key="@a:b.org", sender=ME, content=content)
    script = Script(
        answer("s1", {ROOM: room(asked, event("$1"))}),
        answer("s2", account_data={"events": [{"type": "m.direct", "content": {"@a:b.org": [ROOM]}}]}),
        answer("s3", account_data={"events": [{"type": "m.direct", "content": {}}]}),
        answer("s4", {ROOM: room(event("$3", "three"))}),
    )
    run(followed(tmp_path, script, look))


def bridge(kind: str, name: str, key: str = "b1") -> dict[str, Any]:
    content = {"protocol": {"displayname": name}} if name else {}
    return event(f"$b{kind}{key}{name}", type=kind, state_key=key, content=content)


GONE = [("m.bridge", "", "b2"), ("uk.half-shot.bridge", "")]


def test_a_bridged_room_says_where_it_comes_from_until_the_bridge_is_gone(tmp_path: Path) -> None:
    async def look(seen: Following, _: FakeHomeserver) -> None:
        await seen.message("over")
        assert [change.bridged for change in seen.events(ConversationChanged)] == ["Telegram", "Signal", ""]

    script = Script(
        answer("s1", {ROOM: room(bridge("uk.half-shot.bridge", "Telegram"), event("$1"))}),
        answer("s2", {ROOM: room(bridge("m.bridge", "Signal", "b2"), event("$2"))}),
        answer(
            "s3", {ROOM: room(bridge("m.bridge", "", "b2"), bridge("uk.half-shot.bridge", ""), event("$3", "over"))}
        ),
    )
    run(followed(tmp_path, script, look))


def test_a_direct_chat_that_was_made_here_is_told_of_however_early_the_room_comes(tmp_path: Path) -> None:
    """The room may come before the account says whom it is with, and before we have noted it ourselves."""
    direct = {"account_data": {"events": [{"type": "m.direct", "content": {"@a:b.org": [ROOM]}}]}}

    async def look(seen: Following, fake: FakeHomeserver) -> None:
        await seen.event(ConversationChanged)
        fake.answers["PUT", f"/_matrix/client/v3/user/{quote(ME)}/account_data/m.direct"] = Told({})
        assert isinstance(seen.session, MatrixSession)
        directs = seen.session._actions._directs
        await directs.add("@a:b.org", ROOM)
        assert directs.rooms_with("@a:b.org") == [ROOM]
        noted.set()
        await seen.event(ConversationChanged, lambda event: event.partner == "@a:b.org")

    async def waiting(asked: Asked) -> Told:
        if len(script.asked) == 1:
            await noted.wait()
        return await script(asked)

    noted, script = asyncio.Event(), Script(answer("s1", {ROOM: room(event("$1"))}), answer("s2", **direct))
    run(followed(tmp_path, waiting, look))
