"""What was said while we were away, on a real homeserver."""

import pytest

from tests.networks.matrix.people import Follow, Person
from tests.networks.matrix.talking import group
from webapp.networks.contract import Anchor, More
from webapp.networks.events import GapFound, MessageReceived, Origin, ReadElsewhere
from webapp.networks.matrix import gaps

pytestmark = [pytest.mark.servers, pytest.mark.anyio]


async def test_a_first_look_tells_what_is_unread_as_unread_and_the_rest_as_read(
    alice: Person, bob: Person, follow: Follow
) -> None:
    async with bob.device() as far, alice.device() as other:
        room = await group(far, other, name="Club")
        names = [await far.say(room, f"message {n}") for n in range(4)]
        await other.read(room, names[1])
        quiet = await far.make_room(alice.user, name="All read")
        await other.join(quiet)
        last = await far.say(quiet, "seen")
        await other.read(quiet, last)
        async with follow(alice) as seen:
            await seen.message("seen")
            assert seen.bodies(room) == [f"message {n}" for n in range(4)]
            assert seen.messages(Origin.LIVE) == []
            read = {e.conversation: e.message.remote_id for e in seen.events(ReadElsewhere)}
            assert read == {room: names[1], quiet: last}


async def test_more_than_fits_into_an_answer_is_fetched_and_told_in_order(
    alice: Person, bob: Person, follow: Follow
) -> None:
    async with bob.device() as far, alice.device() as other:
        room = await group(far, other, name="Club")
        async with follow(alice) as seen:
            await far.say(room, "before")
            await seen.message("before")
        for number in range(170):
            await far.say(room, f"missed {number}")
        async with follow(alice, seen.checkpoint) as again:
            await again.message("missed 169")
            assert again.bodies(room) == [f"missed {n}" for n in range(170)]
            assert again.messages(Origin.CATCH_UP) == again.messages()
            assert again.events(GapFound) == []


async def test_very_much_more_than_fits_leaves_a_gap_that_can_be_filled(
    alice: Person, bob: Person, follow: Follow, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gaps, "PAGE", 5)
    monkeypatch.setattr(gaps, "MOST_PAGES", 2)
    async with bob.device() as far, alice.device() as other:
        room = await group(far, other, name="Club")
        async with follow(alice) as seen:
            await far.say(room, "before")
            await seen.message("before")
        for number in range(70):
            await far.say(room, f"missed {number}")
        async with follow(alice, seen.checkpoint) as again:
            await again.message("missed 69")
            kinds = [type(e) for e in again.batches[0].events if isinstance(e, (GapFound, MessageReceived))]
            assert kinds == [GapFound, *[MessageReceived] * 60]
            oldest = again.messages()[0]
            page = await again.session.older(room, Anchor(oldest.remote_id, oldest.sent_at), 100)
            bodies = [e.body for e in page.batch.events if isinstance(e, MessageReceived)]
            assert bodies == ["before", *(f"missed {n}" for n in range(10))]
            assert page.more in {More.NO, More.YES}
