"""Comparing emoji with the library below Element: with another device of ours by letters, with a person in a room."""

import asyncio

import pytest

from tests.element import Device, Element
from tests.networks.following import Following
from tests.networks.matrix.keyed import Keyed, do, far_device
from tests.networks.matrix.people import Person
from tests.networks.matrix.verification.comparing import (
    ask_us,
    asked_of,
    asked_us,
    compare,
    confirmed_by_own,
    device_of,
    elsewhere,
    in_a_room,
    knows_us,
    last_matters,
    until_knows_us,
    until_seen,
    until_step,
    until_verified,
)
from webapp.languages import Sentence
from webapp.networks.errors import Unreachable
from webapp.networks.login import Dialogue, Show
from webapp.networks.sealing import Trust, TrustChanged

pytestmark = [pytest.mark.servers, pytest.mark.timeout(240), pytest.mark.anyio]


async def test_our_other_device_is_asked_and_confirms_this_one(alice: Person, element: Element, keyed: Keyed) -> None:
    far = await far_device(element, alice)
    await do(far, "setUpKeys")
    async with keyed(alice) as seen:
        await seen.until(lambda: seen.checkpoint)
        ours = await seen.session.begin("verify-own-device")
        step = await ours.start()
        assert isinstance(step, Show)
        assert [name for name, _ in step.buttons] == ["cancel"]
        asked = await asked_of(far)
        await do(far, "verification", id=asked, step="accept")
        await compare(ours, far, asked)
        await until_verified(far, alice.user, device_of(seen))


async def test_our_other_device_asks_and_confirms_this_one(alice: Person, element: Element, keyed: Keyed) -> None:
    far = await far_device(element, alice)
    await do(far, "setUpKeys")
    async with keyed(alice) as seen:
        await seen.until(lambda: seen.checkpoint)
        await asyncio.to_thread(far.until, lambda: far.do("devicesOf", user=alice.user)[1:])
        asked = await do(far, "askToVerify", user=alice.user, device=device_of(seen))
        ours = await seen.session.begin(await asked_us(seen))
        await ours.start()
        await until_seen(far, asked, phase="Ready")
        await do(far, "verification", id=asked, step="start")
        await compare(ours, far, asked)
        await until_verified(far, alice.user, device_of(seen))
        await seen.until(lambda: not any(m.task.startswith("answer:") for m in last_matters(seen)))


def quiet_lines(seen: Following, room: str) -> list[str]:
    """The msgids of the quiet lines of a conversation."""
    return [
        m.body.msgid for m in seen.messages() if m.conversation == room and m.quiet and isinstance(m.body, Sentence)
    ]


@pytest.mark.parametrize("who_asks", ["we", "they"])
async def test_a_person_and_we_confirm_each_other_in_an_encrypted_room(
    who_asks: str,
    alice: Person,
    bob: Person,
    element: Element,
    keyed: Keyed,
) -> None:
    far = await far_device(element, bob)
    await do(far, "setUpKeys")
    async with keyed(alice) as seen:
        await seen.until(lambda: seen.checkpoint)
        await confirmed_by_own(element, alice, seen)
        room = await in_a_room(seen, far, alice)
        if who_asks == "we":
            await asyncio.to_thread(far.until, lambda: far.do("devicesOf", user=alice.user))
            ours = await seen.session.begin(f"verify:{bob.user}")
            step = await ours.start()
            assert isinstance(step, Show)
            assert [(one.id, one.text.msgid) for one in step.devices] == [(far.id, "Confirmed by its owner")]
            asked = await asked_of(far)
            await do(far, "verification", id=asked, step="accept")
        else:
            asked = await ask_us(far, alice, room)
            ours = await seen.session.begin(await asked_us(seen))
            await ours.start()
            await until_seen(far, asked, phase="Ready")
            await do(far, "verification", id=asked, step="start")
        await compare(ours, far, asked)
        await until_knows_us(far, alice)
        await seen.event(TrustChanged, lambda e: (e.address, e.trust) == (bob.user, Trust.CONFIRMED))
        await seen.until(lambda: len(quiet_lines(seen, room)) >= 3)
        assert len(quiet_lines(seen, room)) == 3, "the question, and a done of each"


async def agreed(seen: Following, far: Device, us: Person) -> tuple[Dialogue, str]:
    """They asked us in a room and we agreed: what our page is about, and what they call it."""
    await seen.until(lambda: seen.checkpoint)
    asked = await ask_us(far, us, await in_a_room(seen, far, us))
    ours = await seen.session.begin(await asked_us(seen))
    await ours.start()
    await until_seen(far, asked, phase="Ready")
    return ours, asked


async def test_emoji_that_differ_confirm_nobody(alice: Person, bob: Person, element: Element, keyed: Keyed) -> None:
    far = await far_device(element, bob)
    await do(far, "setUpKeys")
    async with keyed(alice) as seen:
        await elsewhere(element, alice)
        ours, asked = await agreed(seen, far, alice)
        await do(far, "verification", id=asked, step="start")
        await until_step(ours, "pictures")
        over = await until_step(ours, "over", button="differ")
        assert "not the same" in over.explanation.msgid
        found = await until_seen(far, asked, phase="Cancelled")
        assert found["code"] == "m.mismatched_sas"
        assert not await knows_us(far, alice)


@pytest.mark.parametrize("who", ["we", "they"])
async def test_either_side_may_cancel_and_the_other_is_told(
    who: str,
    alice: Person,
    bob: Person,
    element: Element,
    keyed: Keyed,
) -> None:
    far = await far_device(element, bob)
    await do(far, "setUpKeys")
    async with keyed(alice) as seen:
        await elsewhere(element, alice)
        ours, asked = await agreed(seen, far, alice)
        if who == "we":
            over = await until_step(ours, "over", button="cancel")
            assert over.explanation.msgid.startswith("You cancelled")
            assert (await until_seen(far, asked, phase="Cancelled"))["code"] == "m.user"
        else:
            await do(far, "verification", id=asked, step="cancel")
            over = await until_step(ours, "over")
            assert "The other side cancelled" in over.explanation.msgid
            assert over.buttons == (), "only they can ask again"
        assert not await knows_us(far, alice)


async def test_a_page_that_outlives_its_connection_says_so(alice: Person, element: Element, keyed: Keyed) -> None:
    await elsewhere(element, alice)
    async with keyed(alice) as seen:
        await seen.until(lambda: seen.checkpoint)
        ours = await seen.session.begin("verify-own-device")
        await ours.start()
    with pytest.raises(Unreachable):
        await ours.submit({})
    with pytest.raises(Unreachable):
        await ours.submit({"button": "cancel"})
    await ours.close()
