"""Spaces on a real homeserver: names under which conversations stand, also by way of a space in a space."""

import asyncio
from collections.abc import Coroutine
from typing import Any

import pytest

from tests.networks.following import Following
from tests.networks.matrix.people import Follow, Person
from tests.networks.matrix.plain_far_side import PlainFarSide
from webapp.networks.actions import AcceptInvitation, DeclineInvitation, LeaveSpace, StartDirect
from webapp.networks.events import (
    ConversationChanged,
    ConversationGone,
    ConversationKind,
    InvitationReceived,
    SpaceChanged,
)

pytestmark = [pytest.mark.servers, pytest.mark.anyio]

HERE = {"via": ["home.test"]}


def run(work: Coroutine[Any, Any, None]) -> None:
    asyncio.run(work)


async def make_space(device: PlainFarSide, name: str, *rooms: str) -> str:
    space = await device.make_room(name=name, creation_content={"type": "m.space"})
    for room in rooms:
        await device.set_state(space, "m.space.child", HERE, room)
    return space


async def last(seen: Following, space: str, wanted: SpaceChanged) -> None:
    """Wait until this is the last word on a space."""

    def is_so() -> bool:
        told = [event for event in seen.events(SpaceChanged) if event.space == space]
        return bool(told) and told[-1] == wanted

    await seen.until(is_so)


async def test_what_is_in_a_space_follows_what_the_space_says(alice: Person, follow: Follow) -> None:
    async with alice.device() as far:
        one, two = await far.make_room(name="One"), await far.make_room(name="Two")
        space = await make_space(far, "School", one)
        for number in range(25):
            await far.say(space, f"number {number}")  # what was said long ago is still so
        async with follow(alice) as seen:
            await last(seen, space, SpaceChanged(space, "School", (one,)))
            await far.set_state(space, "m.space.child", HERE, two)
            await last(seen, space, SpaceChanged(space, "School", (one, two)))
            await far.set_state(space, "m.space.child", {}, one)
            await far.set_state(space, "m.room.name", {"name": "Old school"})
            await last(seen, space, SpaceChanged(space, "Old school", (two,)))
            assert space not in {event.conversation for event in seen.events(ConversationChanged)}
            await far.ask("POST", f"rooms/{space}/leave")
            await last(seen, space, SpaceChanged(space, gone=True))


async def test_what_is_in_a_space_in_a_space_counts_once_and_circles_do_no_harm(alice: Person, follow: Follow) -> None:
    async with alice.device() as far:
        one, two = await far.make_room(name="One"), await far.make_room(name="Two")
        inner = await make_space(far, "Class", one, two)
        outer = await make_space(far, "School", one, inner)
        town = await make_space(far, "Town", outer)
        await far.set_state(inner, "m.space.child", HERE, outer)
        async with follow(alice) as seen:
            await last(seen, inner, SpaceChanged(inner, "Class", (one, two)))
            await last(seen, outer, SpaceChanged(outer, "School", (one, two)))
            await far.set_state(inner, "m.space.child", {}, two)
            await last(seen, outer, SpaceChanged(outer, "School", (one,)))
            await last(seen, town, SpaceChanged(town, "Town", (one,)))
            await far.ask("POST", f"rooms/{inner}/leave")
            await last(seen, outer, SpaceChanged(outer, "School", (one, inner)))


async def test_a_space_is_told_of_again_when_one_comes_into_a_room_of_it_after_the_room(
    alice: Person, bob: Person, follow: Follow
) -> None:
    async with alice.device() as other, bob.device() as far:
        room = await far.make_room(name="Garden", preset="public_chat")
        space = await make_space(other, "Town", room)
        async with follow(alice) as seen:
            await last(seen, space, SpaceChanged(space, "Town", (room,)))
            before = len(seen.events(SpaceChanged))
            await other.join(room)
            await seen.until(lambda: len(seen.events(SpaceChanged)) > before)
            kinds = [event for batch in seen.batches for event in batch.events]
            place = next(n for n, e in enumerate(kinds) if isinstance(e, ConversationChanged))
            assert isinstance(kinds[-1], SpaceChanged)
            assert place < len(kinds) - 1


async def test_what_was_told_is_not_told_again_by_the_next_session(alice: Person, follow: Follow) -> None:
    async with alice.device() as far:
        room = await far.make_room(name="One")
        space = await make_space(far, "School", room)
        async with follow(alice) as seen:
            await seen.until(lambda: seen.checkpoint)
        async with follow(alice, seen.checkpoint) as again:
            await far.say(room, "Hello")
            await again.message("Hello")
            assert again.events(SpaceChanged) == []
            await far.set_state(space, "m.space.child", {}, room)
            await last(again, space, SpaceChanged(space, "School"))


async def asks_into(device: PlainFarSide, who: Person, name: str, *rooms: str) -> str:
    space = await make_space(device, name, *rooms)
    await device.ask("POST", f"rooms/{space}/invite", {"user_id": who.user, "reason": "For the garden"})
    return space


async def asked(seen: Following, space: str) -> InvitationReceived:
    return await seen.event(InvitationReceived, lambda event: event.conversation == space)


async def test_an_invitation_into_a_space_is_accepted_and_the_space_is_a_filter(
    alice: Person, bob: Person, follow: Follow
) -> None:
    async with bob.device() as far, follow(alice) as seen:
        room = await far.make_room(alice.user, name="Garden")
        await seen.event(InvitationReceived, lambda event: event.conversation == room)
        await seen.session.perform(AcceptInvitation(room))
        space = await asks_into(far, alice, "Town", room)
        told = await asked(seen, space)
        assert told == InvitationReceived(
            space, ConversationKind.GROUP, bob.user, "Bob", "Town", "For the garden", space=True
        )
        assert (await seen.session.perform(AcceptInvitation(space))).space
        await last(seen, space, SpaceChanged(space, "Town", (room,)))
        await seen.event(ConversationGone, lambda event: event.conversation == space)
        assert space not in {event.conversation for event in seen.events(ConversationChanged)}
        await seen.session.perform(LeaveSpace(space))
        await last(seen, space, SpaceChanged(space, gone=True))
        await far.say(room, "Still here?")
        await seen.message("Still here?")


@pytest.mark.parametrize("how", ["declined", "declined elsewhere", "taken back", "accepted elsewhere"])
async def test_an_invitation_into_a_space_that_is_answered_otherwise_is_gone(
    alice: Person, bob: Person, follow: Follow, how: str
) -> None:
    async with bob.device() as far, alice.device() as other, follow(alice) as seen:
        space = await asks_into(far, alice, "Town")
        await asked(seen, space)
        if how == "declined":
            assert (await seen.session.perform(DeclineInvitation(space))).space
        elif how == "declined elsewhere":
            await other.ask("POST", f"rooms/{space}/leave")
        elif how == "taken back":
            await far.ask("POST", f"rooms/{space}/kick", {"user_id": alice.user})
        else:
            await other.ask("POST", f"join/{space}")
            await last(seen, space, SpaceChanged(space, "Town"))
        await seen.event(ConversationGone, lambda event: event.conversation == space)
        told = [event for event in seen.events(SpaceChanged) if not event.gone]
        assert bool(told) == (how == "accepted elsewhere")


async def test_a_space_that_is_entered_by_its_address_is_none_of_the_conversations(
    alice: Person, bob: Person, follow: Follow
) -> None:
    async with bob.device() as far, follow(alice) as seen:
        public = {"creation_content": {"type": "m.space"}, "preset": "public_chat"}
        space = await far.make_room(name="Town", **public)
        done = await seen.session.perform(StartDirect(space))
        assert (done.conversation, done.space) == (space, True)
        await last(seen, space, SpaceChanged(space, "Town"))
        assert space not in {event.conversation for event in seen.events(ConversationChanged)}
        room = await far.make_room(name="Garden", preset="public_chat")
        assert not (await seen.session.perform(StartDirect(room))).space
