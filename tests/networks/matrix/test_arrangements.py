"""How the person keeps a room, in step with their other programs on a real homeserver, and what calls them."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any
from urllib.parse import quote

import pytest

from tests.networks.following import Following
from tests.networks.matrix.people import Follow, Person
from tests.networks.matrix.plain_far_side import PlainFarSide, Refusal
from webapp.networks.actions import Arrange
from webapp.networks.events import ConversationArranged, ConversationChanged

pytestmark = [pytest.mark.servers, pytest.mark.anyio]

NOTHING: dict[str, bool] = {"pinned": False, "muted": False, "low": False, "marked_unread": False}


def run(work: Coroutine[Any, Any, None]) -> None:
    asyncio.run(work)


def place(device: PlainFarSide, room: str, rest: str) -> str:
    return f"user/{quote(device.user)}/rooms/{quote(room)}/{rest}"


def rule(room: str, kind: str = "room") -> str:
    return f"pushrules/global/{kind}/{quote(room)}"


async def silence(device: PlainFarSide, room: str, kind: str = "room") -> None:
    """As other programs do it: the room's own rule keeps what calls one by name, an override keeps nothing."""
    only = {"conditions": [{"kind": "event_match", "key": "room_id", "pattern": room}]} if kind == "override" else {}
    await device.ask("PUT", rule(room, kind), {"actions": [], **only})


async def state(device: PlainFarSide, room: str) -> dict[str, bool]:
    """How another program of the person sees the room."""
    tags = (await device.ask("GET", place(device, room, "tags")))["tags"]
    rules = await device.ask("GET", "pushrules/")
    silent = [one for one in rules["global"]["room"] if one["rule_id"] == room and one["enabled"]]
    try:
        mark = await device.ask("GET", place(device, room, "account_data/m.marked_unread"))
    except Refusal:
        mark = {}
    muted = any("notify" not in one["actions"] for one in silent)
    named = {"pinned": "m.favourite" in tags, "low": "m.lowpriority" in tags}
    return {**named, "muted": muted, "marked_unread": mark.get("unread") is True}


Does = Callable[[PlainFarSide, str], Coroutine[Any, Any, Any]]
MADE_AND_UNDONE: list[tuple[str, Does, Does]] = [
    (
        "pinned",
        lambda far, room: far.ask("PUT", place(far, room, "tags/m.favourite"), {"order": 0.25}),
        lambda far, room: far.ask("DELETE", place(far, room, "tags/m.favourite")),
    ),
    (
        "low",
        lambda far, room: far.ask("PUT", place(far, room, "tags/m.lowpriority"), {}),
        lambda far, room: far.ask("DELETE", place(far, room, "tags/m.lowpriority")),
    ),
    (
        "marked_unread",
        lambda far, room: far.ask("PUT", place(far, room, "account_data/m.marked_unread"), {"unread": True}),
        lambda far, room: far.ask("PUT", place(far, room, "account_data/m.marked_unread"), {"unread": False}),
    ),
    (
        "marked_unread",
        lambda far, room: far.ask("PUT", place(far, room, "account_data/com.famedly.marked_unread"), {"unread": True}),
        lambda far, room: far.ask("PUT", place(far, room, "account_data/com.famedly.marked_unread"), {"unread": False}),
    ),
    ("muted", silence, lambda far, room: far.ask("DELETE", rule(room))),
    (
        "muted",
        lambda far, room: silence(far, room, "override"),
        lambda far, room: far.ask("DELETE", rule(room, "override")),
    ),
]


@pytest.mark.parametrize(("what", "does", "undoes"), MADE_AND_UNDONE)
async def test_another_program_of_the_person_is_followed(
    alice: Person, follow: Follow, what: str, does: Does, undoes: Does
) -> None:
    async with alice.device() as other, follow(alice) as seen:
        room = await other.make_room(name="Garden")
        await seen.event(ConversationChanged, lambda event: event.conversation == room)
        await does(other, room)
        told = ConversationArranged(room, **(NOTHING | {what: True}))
        await seen.event(ConversationArranged, lambda event: event == told)
        await undoes(other, room)
        await seen.until(lambda: seen.events(ConversationArranged)[-1] == ConversationArranged(room, **NOTHING))


async def test_what_was_so_before_is_told_with_the_first_look_and_only_once(alice: Person, follow: Follow) -> None:
    async with alice.device() as other:
        plain, kept = await other.make_room(name="Plain"), await other.make_room(name="Kept")
        for _, does, _ in MADE_AND_UNDONE:
            await does(other, kept)
        async with follow(alice) as seen:
            await seen.until(lambda: seen.checkpoint)
            whole = ConversationArranged(kept, pinned=True, muted=True, low=True, marked_unread=True)
            assert seen.events(ConversationArranged) == [whole]
            changed = [one.conversation for one in seen.events(ConversationChanged)]
            assert plain in changed
        async with follow(alice, seen.checkpoint) as again:
            await other.say(kept, "Hello")
            await again.message("Hello")
            assert again.events(ConversationArranged) == []


@pytest.mark.parametrize("what", NOTHING)
async def test_what_is_decided_here_is_so_there_and_comes_back_the_same(
    alice: Person, follow: Follow, what: str
) -> None:
    async with alice.device() as other, follow(alice) as seen:
        room = await other.make_room(name="Garden")
        await seen.event(ConversationChanged, lambda event: event.conversation == room)
        for on in (True, True, False, False):
            wanted = NOTHING | {what: on}
            await seen.session.perform(Arrange(room, **wanted))
            assert await state(other, room) == wanted
            if on:
                await seen.until(lambda: seen.events(ConversationArranged)[-1:] != [])
            told = ConversationArranged(room, **wanted)
            await seen.until(lambda told=told: seen.events(ConversationArranged)[-1] == told)


async def test_what_other_programs_have_set_up_finer_is_left_as_it_is(alice: Person, follow: Follow) -> None:
    async with alice.device() as other, follow(alice) as seen:
        room = await other.make_room(name="Garden")
        await seen.event(ConversationChanged, lambda event: event.conversation == room)
        await other.ask("PUT", place(other, room, "tags/m.favourite"), {"order": 0.25})
        await other.ask("PUT", place(other, room, "tags/u.work"), {})
        await silence(other, room, "override")
        await seen.session.perform(Arrange(room, pinned=True, muted=True, low=False, marked_unread=False))
        tags = (await other.ask("GET", place(other, room, "tags")))["tags"]
        assert (tags["m.favourite"], set(tags)) == ({"order": 0.25}, {"m.favourite", "u.work"})
        rules = (await other.ask("GET", "pushrules/"))["global"]
        assert [one["rule_id"] for one in rules["room"]] == []
        await seen.session.perform(Arrange(room, **NOTHING))
        rules = (await other.ask("GET", "pushrules/"))["global"]
        assert room not in [one["rule_id"] for one in rules["override"]]


async def test_a_rule_that_was_switched_off_works_again_when_it_is_needed(alice: Person, follow: Follow) -> None:
    async with alice.device() as other, follow(alice) as seen:
        room = await other.make_room(name="Garden")
        await seen.event(ConversationChanged, lambda event: event.conversation == room)
        await silence(other, room)
        await other.ask("PUT", f"{rule(room)}/enabled", {"enabled": False})
        await seen.session.perform(Arrange(room, **(NOTHING | {"muted": True})))
        assert (await state(other, room))["muted"]


async def test_a_mark_of_the_older_kind_is_taken_away_where_it_was_made(alice: Person, follow: Follow) -> None:
    async with alice.device() as other, follow(alice) as seen:
        room = await other.make_room(name="Garden")
        old = place(other, room, "account_data/com.famedly.marked_unread")
        await other.ask("PUT", old, {"unread": True})
        await seen.event(ConversationArranged, lambda event: event.marked_unread)
        await seen.session.perform(Arrange(room, **NOTHING))
        assert await other.ask("GET", old) == {"unread": False}


# What calls


async def in_a_group(
    alice: Person, bob: Person, follow: Follow, work: Callable[..., Coroutine[Any, Any, None]]
) -> None:
    """Alice and Bob are in a group of hers; our session follows it."""
    async with alice.device() as other, bob.device() as far, follow(alice) as seen:
        room = await other.make_room(bob.user, name="Garden")
        await far.join(room)
        await seen.event(ConversationChanged, lambda event: event.conversation == room)
        await work(other, far, seen, room)


async def rules_are_there(seen: Following, far: PlainFarSide, room: str) -> None:
    """A message that comes after a change of the rules shows that the change has come."""
    await far.say(room, "rules")
    await seen.message("rules")


def test_a_word_that_the_person_waits_for_calls_them(alice: Person, bob: Person, follow: Follow) -> None:
    async def work(other: PlainFarSide, far: PlainFarSide, seen: Following, room: str) -> None:
        highlight = ["notify", {"set_tweak": "highlight"}]
        await other.ask("PUT", "pushrules/global/content/soup", {"pattern": "soup", "actions": highlight})
        await rules_are_there(seen, far, room)
        await far.say(room, "There is soup!")
        await far.say(room, "There is cake, Alice", **{"m.mentions": {"user_ids": [alice.user]}})
        await far.say(room, "There is nothing")
        heard = [await seen.message(body) for body in ("There is soup!", "There is cake, Alice", "There is nothing")]
        assert [message.mention for message in heard] == [True, True, False]
        assert [message.quiet for message in heard] == [False] * 3

    run(in_a_group(alice, bob, follow, work))


def test_in_a_silent_room_only_what_names_the_person_calls_and_all_is_there_to_be_read(
    alice: Person, bob: Person, follow: Follow
) -> None:
    async def work(other: PlainFarSide, far: PlainFarSide, seen: Following, room: str) -> None:
        named = {"m.mentions": {"user_ids": [alice.user]}}
        await silence(other, room)
        await rules_are_there(seen, far, room)
        await far.say(room, "Alice, the room is silent", **named)
        silent = await seen.message("Alice, the room is silent")
        await silence(other, room, "override")
        await far.say(room, "more rules")
        await seen.message("more rules")
        await far.say(room, "Alice, it is quite silent", **named)
        quite = await seen.message("Alice, it is quite silent")
        assert [(one.mention, one.quiet) for one in (silent, quite)] == [(True, False), (False, False)]

    run(in_a_group(alice, bob, follow, work))


def test_whom_the_person_does_not_want_to_hear_raises_nothing(alice: Person, bob: Person, follow: Follow) -> None:
    async def work(other: PlainFarSide, far: PlainFarSide, seen: Following, room: str) -> None:
        await other.ask("PUT", f"pushrules/global/sender/{quote(bob.user)}", {"actions": []})
        await other.say(room, "rules")
        await seen.message("rules")
        await far.say(room, "Do you hear me?")
        assert (await seen.message("Do you hear me?")).quiet

    run(in_a_group(alice, bob, follow, work))


def test_only_who_may_calls_the_whole_room(alice: Person, bob: Person, follow: Follow) -> None:
    async def work(other: PlainFarSide, far: PlainFarSide, seen: Following, room: str) -> None:
        all_of_you = {"m.mentions": {"room": True}}
        await far.say(room, "All come here", **all_of_you)
        before = await seen.message("All come here")
        levels = await other.ask("GET", f"rooms/{quote(room)}/state/m.room.power_levels/")
        levels["users"][bob.user] = 50
        await other.set_state(room, "m.room.power_levels", levels)
        await far.say(room, "All come here now", **all_of_you)
        after = await seen.message("All come here now")
        assert [before.mention, after.mention] == [False, True]

    run(in_a_group(alice, bob, follow, work))


async def test_who_may_is_known_from_the_first_look_however_long_ago_it_was_said(
    alice: Person, bob: Person, follow: Follow
) -> None:
    async with alice.device() as other, bob.device() as far:
        room = await other.make_room(bob.user, power_level_content_override={"users": {bob.user: 50}})
        await far.join(room)
        for number in range(25):
            await far.say(room, f"number {number}")
        async with follow(alice) as seen:
            await seen.message("number 24")
            await far.say(room, "All come here", **{"m.mentions": {"room": True}})
            assert (await seen.message("All come here")).mention
