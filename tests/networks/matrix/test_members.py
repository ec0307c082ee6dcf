"""Who is in a room, page by page, on a real homeserver; and a room of very many, which costs the rows nothing."""

import asyncio
from collections.abc import Coroutine
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

from tests.fake_homeserver import Told
from tests.networks.following import Following
from tests.networks.matrix.people import Follow, Person
from tests.networks.matrix.scripted import ROOM, Script, answer, event, followed, room
from webapp.networks.errors import Refused, Unreachable
from webapp.networks.events import ConversationChanged, Member, MembersChanged
from webapp.networks.matrix.room_state import MOST_TOLD

MANY = 50_000
MEMBERS = f"/_matrix/client/v3/rooms/{quote(ROOM)}/members"


def run(work: Coroutine[Any, Any, None]) -> None:
    asyncio.run(work)


async def all_pages(seen: Following, conversation: str, size: int) -> list[Member]:
    found: list[Member] = []
    after = None
    while True:
        page = await seen.session.members(conversation, after, size)
        assert page
        assert len(page.members) <= size
        found += page.members
        after = page.after
        if after is None:
            return found


@pytest.mark.servers
def test_everybody_is_found_page_by_page_with_what_they_may_do(
    alice: Person, bob: Person, carol: Person, follow: Follow
) -> None:
    async def work() -> None:
        async with alice.device() as other, bob.device() as far, follow(alice) as seen:
            garden = await other.make_room(bob.user, carol.user, name="Garden")
            await far.join(garden)
            await seen.event(ConversationChanged, lambda event: event.members == 3)
            found = await all_pages(seen, garden, 1)
            assert [(one.name, one.role, one.present) for one in found] == [
                ("Alice", "owner", True),
                ("Bob", "", True),
                ("Carol", "", False),
            ]
            levels = await other.ask("GET", f"rooms/{quote(garden)}/state/m.room.power_levels/")
            levels["users"][bob.user] = 50
            await other.set_state(garden, "m.room.power_levels", levels)
            told = Member(bob.user, "Bob", "moderator", True)
            await seen.event(MembersChanged, lambda event: told in event.members)
            await far.ask("POST", f"rooms/{garden}/leave")
            await seen.event(MembersChanged, lambda event: bob.user in event.gone)
            assert [one.name for one in await all_pages(seen, garden, 5)] == ["Alice", "Carol"]
            with pytest.raises(Refused):
                await seen.session.members("nonsense", None, 5)

    run(work())


def member(number: int, membership: str = "join") -> dict[str, Any]:
    content = {"membership": membership, "displayname": f"Person {number:05}"}
    return event(f"$m{number}", type="m.room.member", state_key=f"@p{number}:b.org", content=content)


def test_a_room_of_very_many_is_asked_for_once_and_told_in_pages(tmp_path: Path) -> None:
    async def look(seen: Following, fake: Any) -> None:
        chunk = [member(number) for number in range(MANY)] + [{}, 7, member(-1, "leave"), event("$x")]
        fake.answers["GET", MEMBERS] = Told({"chunk": chunk})
        changed = await seen.event(ConversationChanged)
        assert changed.members == MANY
        assert seen.events(MembersChanged) == [], "who joins a crowd is not told one by one"
        first = await seen.session.members(ROOM, None, 100)
        assert first
        assert [one.name for one in first.members] == [f"Person {number:05}" for number in range(100)]
        second = await seen.session.members(ROOM, first.after, 100)
        assert second
        assert second.members[0].name == "Person 00100"
        assert len((await seen.session.members(ROOM, None, 10**9)).members) <= 200
        assert len(fake.asked_for(MEMBERS)) == 1

    summary = {"m.joined_member_count": MANY + MOST_TOLD // 4, "m.invited_member_count": 0}
    script = Script(answer("s1", {ROOM: room(event("$1"), member(5), summary=summary)}))
    run(followed(tmp_path, script, look))


@pytest.mark.parametrize(
    "told", [Told(b"{", 200), Told({}, 502), Told(b'{"chunk": 7}'), Told({"errcode": "M_FORBIDDEN"}, 403)]
)
def test_what_went_wrong_is_told_and_asked_again_the_next_time(tmp_path: Path, told: Told) -> None:
    async def look(seen: Following, fake: Any) -> None:
        fake.answers["GET", MEMBERS] = told
        await seen.until(lambda: seen.checkpoint)
        if told.body == b'{"chunk": 7}':
            assert await all_pages(seen, ROOM, 5) == []
            return
        with pytest.raises((Unreachable, Refused)):
            await seen.session.members(ROOM, None, 5)
        fake.answers["GET", MEMBERS] = Told({"chunk": [member(1)]})
        assert [one.name for one in await all_pages(seen, ROOM, 5)] == ["Person 00001"]

    run(followed(tmp_path, Script(answer("s1", {ROOM: room(event("$1"))})), look))


def test_behind_a_gap_everybody_is_asked_for_again(tmp_path: Path) -> None:
    async def look(seen: Following, fake: Any) -> None:
        fake.answers["GET", MEMBERS] = Told({"chunk": [member(1), member(2)]})
        await seen.until(lambda: seen.checkpoint)
        assert len(await all_pages(seen, ROOM, 5)) == 2
        fake.answers["GET", MEMBERS] = Told({"chunk": [member(2)]})
        assert len(await all_pages(seen, ROOM, 5)) == 2
        asked.set()
        await seen.message("later")
        assert [one.name for one in await all_pages(seen, ROOM, 5)] == ["Person 00002"]

    gap = {"timeline": {"events": [event("$9", "later")], "limited": True}}
    asked, script = asyncio.Event(), Script(answer("s1", {ROOM: room(event("$1"))}), answer("s2", {ROOM: gap}))

    async def waiting(question: Any) -> Told:
        if script.asked:
            await asked.wait()
        return await script(question)

    run(followed(tmp_path, waiting, look))
