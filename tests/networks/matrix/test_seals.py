"""Who can read along, and somebody who is not who they were: with the library below Element."""

import asyncio

import pytest

from tests.element import Element
from tests.networks.following import Following
from tests.networks.matrix.dialogues import set_up
from tests.networks.matrix.keyed import Keyed, do, far_device, text, until_read
from tests.networks.matrix.people import Person
from tests.networks.matrix.verification.comparing import asked_of, compare, in_a_room
from webapp.networks.actions import Acknowledge
from webapp.networks.errors import Refused
from webapp.networks.sealing import SealChanged, SealLevel, SealWarning, Trust, TrustChanged

pytestmark = [pytest.mark.servers, pytest.mark.timeout(240), pytest.mark.anyio]


def last(seen: Following, room: str) -> SealChanged | None:
    told = [event for event in seen.events(SealChanged) if event.conversation == room]
    return told[-1] if told else None


async def until_warned(seen: Following, room: str) -> SealWarning:
    def warning() -> SealWarning | None:
        told = last(seen, room)
        return told.warning if told else None

    found = await seen.until(warning)
    assert found
    return found


async def until_not_warned(seen: Following, room: str) -> None:
    def calm() -> bool:
        told = last(seen, room)
        return told is not None and told.warning is None

    await seen.until(calm)


def trusts(seen: Following, who: Person) -> list[Trust]:
    return [event.trust for event in seen.events(TrustChanged) if event.address == who.user]


async def test_an_encrypted_conversation_says_that_only_this_house_decrypts_it(
    alice: Person, bob: Person, element: Element, keyed: Keyed
) -> None:
    far = await far_device(element, bob)
    async with keyed(alice) as seen:
        await seen.until(lambda: seen.checkpoint)
        room = await in_a_room(seen, far, alice)
        told = last(seen, room)
        assert told
        assert told.seal
        assert (told.seal.level, told.warning) == (SealLevel.HOUSE, None)
    async with keyed(alice, seen.checkpoint) as again:
        await do(far, "say", room=room, body="again")
        await again.message("again")
        assert last(again, room) is None, "it is told once"


async def test_somebody_with_another_identity_is_warned_of_and_gets_nothing_until_that_is_acknowledged(
    alice: Person, bob: Person, element: Element, keyed: Keyed
) -> None:
    far = await far_device(element, bob)
    await do(far, "setUpKeys")
    async with keyed(alice) as seen:
        await seen.until(lambda: seen.checkpoint)
        room = await in_a_room(seen, far, alice)
        await seen.session.perform(text(room, "before"))
        await until_read(far, room, "before")
        await do(far, "setUpKeys")
        warning = await until_warned(seen, room)
        assert bob.user in str(warning.text.values)
        await seen.until(lambda: Trust.CHANGED in trusts(seen, bob))
        with pytest.raises(Refused):
            await seen.session.perform(text(room, "to whom?"))
        await seen.session.perform(Acknowledge(room, "another warning"))
        with pytest.raises(Refused):
            await seen.session.perform(text(room, "to whom?"))
    async with keyed(alice, seen.checkpoint) as again:
        await again.until(lambda: again.batches)
        with pytest.raises(Refused):
            await again.session.perform(text(room, "to whom?"))
        await again.session.perform(Acknowledge(room, warning.key))
        await until_not_warned(again, room)
        assert trusts(again, bob)[-1] is Trust.UNCONFIRMED
        await again.session.perform(text(room, "after"))
        await until_read(far, room, "after")
        assert "to whom?" not in far.texts(room)


async def test_who_is_confirmed_again_is_no_reason_to_warn_any_more(
    alice: Person, bob: Person, element: Element, keyed: Keyed
) -> None:
    far = await far_device(element, bob)
    await do(far, "setUpKeys")
    async with keyed(alice) as seen:
        await set_up(seen)
        room = await in_a_room(seen, far, alice)
        await seen.session.perform(text(room, "before"))
        await do(far, "setUpKeys")
        await until_warned(seen, room)
        await asyncio.to_thread(far.until, lambda: far.do("devicesOf", user=alice.user))
        ours = await seen.session.begin(f"verify:{bob.user}")
        await ours.start()
        asked = await asked_of(far)
        await do(far, "verification", id=asked, step="accept")
        await compare(ours, far, asked)
        await until_not_warned(seen, room)
        await seen.until(lambda: trusts(seen, bob)[-1] is Trust.CONFIRMED)
        await seen.session.perform(text(room, "after"))
        await until_read(far, room, "after")
