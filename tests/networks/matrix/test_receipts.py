"""Who is there, who has read what and who types, on a real homeserver."""

import pytest

from tests.networks.matrix.people import Follow, Person
from tests.networks.matrix.talking import group, heard, of, talk, text
from webapp.networks.actions import MarkRead, SetTyping
from webapp.networks.events import (
    Delivery,
    DeliveryChanged,
    MessageRef,
    Presence,
    PresenceChanged,
    ReadElsewhere,
    TypingChanged,
)

pytestmark = [pytest.mark.servers, pytest.mark.anyio]


async def test_who_comes_and_goes_is_told_of_those_one_talks_with(
    alice: Person, bob: Person, carol: Person, follow: Follow
) -> None:
    async with bob.device() as far, carol.device() as third, alice.device() as other, follow(alice) as seen:
        await talk(seen, far)
        await group(third, other, name="Club")
        await third.ask("PUT", f"presence/{carol.user}/status", {"presence": "online"})
        await far.ask("PUT", f"presence/{bob.user}/status", {"presence": "online", "status_msg": "cooking"})
        here = await seen.event(PresenceChanged, lambda e: e.presence is Presence.ONLINE)
        assert (here.address, here.status) == (bob.user, "cooking")
        assert {e.address for e in seen.events(PresenceChanged)} == {bob.user}


async def test_reading_is_told_in_both_directions(alice: Person, bob: Person, follow: Follow) -> None:
    async with bob.device() as far, alice.device() as other, follow(alice) as seen:
        room = await talk(seen, far)
        done = await seen.session.perform(text(room, "read this"))
        await far.read(room, done.remote_id or "")
        read = await seen.event(DeliveryChanged, of(room))
        assert (read.message.remote_id, read.delivery, read.up_to) == (done.remote_id, Delivery.READ, True)
        name = await far.say(room, "and this")
        message = await seen.message("and this")
        await other.read(room, name)
        elsewhere = await seen.event(ReadElsewhere, lambda e: e.message.remote_id == name)
        assert elsewhere.conversation == room
        quiet = await far.say(room, "not so loud")
        await seen.message("not so loud")
        ref = MessageRef(remote_id=quiet, reference=message.reference)
        await seen.session.perform(MarkRead(room, ref, tell_sender=False))
        data = await other.ask("GET", f"user/{alice.user}/rooms/{room}/account_data/m.fully_read")
        assert data == {"event_id": quiet}
        await seen.session.perform(MarkRead(room, MessageRef(remote_id=quiet)))
        receipts = [e["content"] for e in (await heard(far, room, "m.receipt", quiet))]
        assert any(alice.user in content.get(quiet, {}).get("m.read", {}) for content in receipts)


async def test_a_private_receipt_is_not_told_to_others(alice: Person, bob: Person, follow: Follow) -> None:
    async with bob.device() as far, follow(alice) as seen:
        room = await talk(seen, far)
        name = await far.say(room, "read in silence")
        await seen.message("read in silence")
        await seen.session.perform(MarkRead(room, MessageRef(remote_id=name), tell_sender=False))
        await seen.session.perform(text(room, "afterwards"))
        await far.until(lambda: "afterwards" in far.bodies(room))
        assert name not in str(far.ephemeral[room])


async def test_reading_up_to_something_that_is_no_message_counts_for_the_one_before(
    alice: Person, bob: Person, follow: Follow
) -> None:
    async with bob.device() as far, alice.device() as other, follow(alice) as seen:
        room = await group(far, other, name="Club")
        name = await far.say(room, "a message")
        await far.set_state(room, "m.room.history_visibility", {"history_visibility": "joined"})
        await seen.message("a message")
        await far.listen()
        last = far.events[room][-1]["event_id"]
        assert last != name
        await other.read(room, last)
        await seen.event(ReadElsewhere, lambda e: e.message.remote_id == name)


async def test_typing_is_told_in_both_directions(alice: Person, bob: Person, follow: Follow) -> None:
    async with bob.device() as far, follow(alice) as seen:
        room = await talk(seen, far)
        await far.typing(room, True)
        types = await seen.event(TypingChanged, of(room))
        assert (types.address, types.typing, types.name) == (bob.user, True, "Bob")
        await far.typing(room, False)
        await seen.event(TypingChanged, lambda e: not e.typing)
        await seen.session.perform(SetTyping(room, True))
        await heard(far, room, "m.typing", alice.user)
