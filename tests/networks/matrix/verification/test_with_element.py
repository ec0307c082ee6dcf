"""Comparing emoji with the library below Element: with another device of ours by letters, with a person in a room."""

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.element import Device, Element
from tests.networks.following import Following
from tests.networks.matrix.conftest import PASSWORD, Person
from tests.networks.matrix.keyed import Keyed, do, far_device, makes_sessions, until_joined
from webapp.languages import Sentence
from webapp.networks.actions import AcceptInvitation
from webapp.networks.events import InvitationReceived, Matter, MattersChanged, TrustChanged
from webapp.networks.login import Dialogue, Finished, Show, Step

pytestmark = [pytest.mark.servers, pytest.mark.timeout(240)]


@pytest.fixture(scope="module")
def element() -> Iterator[Element]:
    with Element() as running:
        yield running


@pytest.fixture
def keyed(tmp_path: Path) -> Keyed:
    return makes_sessions(tmp_path)


async def until_step(dialogue: Dialogue, title: str = "", kind: type[Step] = Show, **answers: str) -> Any:
    """The page of a task as it polls: submit until this is what it shows."""
    step = await dialogue.submit(answers)
    async with asyncio.timeout(60):
        while not (isinstance(step, kind) and (not title or _shows(step, title))):
            await asyncio.sleep(0.1)
            step = await dialogue.submit({})
    return step


def _shows(step: Any, what: str) -> bool:
    return {"pictures": bool(step.pictures), "over": step.title.msgid == "Not confirmed"}[what]


async def look(far: Device, verification: str) -> dict[str, Any]:
    found: dict[str, Any] = await do(far, "verification", id=verification)
    return found


async def until_seen(far: Device, verification: str, **like: Any) -> dict[str, Any]:
    def found() -> Any:
        seen = far.do("verification", id=verification)
        return seen if all(seen[key] == value for key, value in like.items()) else None

    return dict(await asyncio.to_thread(far.until, found))


async def until_emoji(far: Device, verification: str) -> list[str]:
    def found() -> Any:
        return far.do("verification", id=verification)["emoji"]

    return [symbol for symbol, _ in await asyncio.to_thread(far.until, found)]


async def asked_of(far: Device) -> str:
    return await asyncio.to_thread(far.asked)


async def asked_us(seen: Following) -> str:
    """The task of the matter by which somebody asks us."""
    found = await seen.event(MattersChanged, lambda e: any(m.task.startswith("answer:") for m in e.matters))
    return next(matter.task for matter in found.matters if matter.task.startswith("answer:"))


def last_matters(seen: Following) -> tuple[Matter, ...]:
    return seen.events(MattersChanged)[-1].matters


async def compare(ours: Dialogue, far: Device, verification: str) -> None:
    """Both see the same seven emoji with their words, and both say so."""
    shown = await until_step(ours, "pictures")
    assert [symbol for symbol, _ in shown.pictures] == await until_emoji(far, verification)
    assert len({word.msgid for _, word in shown.pictures}) >= 1
    assert all(isinstance(word, Sentence) for _, word in shown.pictures)
    await do(far, "verification", id=verification, step="confirm")
    await until_step(ours, "", Finished, button="match")
    await until_seen(far, verification, phase="Done")


def device_of(seen: Following) -> str:
    return str(seen.session._secrets["device"])  # type: ignore[attr-defined]  # the session of this network


async def until_verified(far: Device, user: str, device: str) -> None:
    def verified() -> bool:
        return any(one["id"] == device and one["verified"] for one in far.do("devicesOf", user=user))

    await asyncio.to_thread(far.until, verified)


def test_our_other_device_is_asked_and_confirms_this_one(alice: Person, element: Element, keyed: Keyed) -> None:
    async def work() -> None:
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

    asyncio.run(work())


def test_our_other_device_asks_and_confirms_this_one(alice: Person, element: Element, keyed: Keyed) -> None:
    async def work() -> None:
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

    asyncio.run(work())


async def elsewhere(element: Element, who: Person) -> Device:
    """Another device of ours, which has set up keys."""
    far = await asyncio.to_thread(element.device(f"{who.user} elsewhere").sign_in, who.synapse.url, who.user, PASSWORD)
    await do(far, "setUpKeys")
    return far


async def confirmed_by_own(element: Element, who: Person, seen: Following) -> Device:
    """Another device of ours has set up keys and confirmed this one."""
    far = await elsewhere(element, who)
    ours = await seen.session.begin("verify-own-device")
    await ours.start()
    asked = await asked_of(far)
    await do(far, "verification", id=asked, step="accept")
    await compare(ours, far, asked)
    await until_verified(far, who.user, device_of(seen))
    return far


async def knows_us(far: Device, us: Person) -> bool:
    return bool((await do(far, "identityOf", user=us.user))["verified"])


async def until_knows_us(far: Device, us: Person) -> None:
    await asyncio.to_thread(far.until, lambda: far.do("identityOf", user=us.user)["verified"])


async def ask_us(far: Device, us: Person, room: str) -> str:
    """They ask us in a room; they can as soon as they know that we have an identity."""
    await asyncio.to_thread(far.until, lambda: far.do("devicesOf", user=us.user))
    await asyncio.to_thread(far.until, lambda: far.do("identityOf", user=us.user)["known"] is not None)
    asked: str = await do(far, "askToVerify", user=us.user, room=room)
    return asked


async def in_a_room(seen: Following, far: Device, us: Person) -> str:
    """The direct chat of both, encrypted and with a word of each in it."""
    room: str = await do(far, "createRoom", name="", invite=[us.user], direct=True)
    await seen.event(InvitationReceived, lambda event: event.conversation == room)
    await seen.session.perform(AcceptInvitation(room))
    await until_joined(far, room, us)
    await do(far, "say", room=room, body="Is there soup?")
    await seen.message("Is there soup?")
    return room


def quiet_lines(seen: Following, room: str) -> list[str]:
    """The msgids of the quiet lines of a conversation."""
    return [
        m.body.msgid for m in seen.messages() if m.conversation == room and m.quiet and isinstance(m.body, Sentence)
    ]


@pytest.mark.parametrize("who_asks", ["we", "they"])
def test_a_person_and_we_confirm_each_other_in_an_encrypted_room(
    who_asks: str,
    alice: Person,
    bob: Person,
    element: Element,
    keyed: Keyed,
) -> None:
    async def work() -> None:
        far = await far_device(element, bob)
        await do(far, "setUpKeys")
        async with keyed(alice) as seen:
            await seen.until(lambda: seen.checkpoint)
            await confirmed_by_own(element, alice, seen)
            room = await in_a_room(seen, far, alice)
            if who_asks == "we":
                await asyncio.to_thread(far.until, lambda: far.do("devicesOf", user=alice.user))
                ours = await seen.session.begin(f"verify:{bob.user}")
                await ours.start()
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
            await seen.event(TrustChanged, lambda e: e.address == bob.user)
            await seen.until(lambda: len(quiet_lines(seen, room)) >= 3)
            assert len(quiet_lines(seen, room)) == 3, "the question, and a done of each"

    asyncio.run(work())


def test_emoji_that_differ_confirm_nobody(alice: Person, bob: Person, element: Element, keyed: Keyed) -> None:
    async def work() -> None:
        far = await far_device(element, bob)
        await do(far, "setUpKeys")
        async with keyed(alice) as seen:
            await seen.until(lambda: seen.checkpoint)
            await elsewhere(element, alice)
            room = await in_a_room(seen, far, alice)
            asked = await ask_us(far, alice, room)
            ours = await seen.session.begin(await asked_us(seen))
            await ours.start()
            await until_seen(far, asked, phase="Ready")
            await do(far, "verification", id=asked, step="start")
            await until_step(ours, "pictures")
            over = await until_step(ours, "over", button="differ")
            assert "not the same" in over.explanation.msgid
            found = await until_seen(far, asked, phase="Cancelled")
            assert found["code"] == "m.mismatched_sas"
            assert not await knows_us(far, alice)

    asyncio.run(work())


@pytest.mark.parametrize("who", ["we", "they"])
def test_either_side_may_cancel_and_the_other_is_told(
    who: str,
    alice: Person,
    bob: Person,
    element: Element,
    keyed: Keyed,
) -> None:
    async def work() -> None:
        far = await far_device(element, bob)
        await do(far, "setUpKeys")
        async with keyed(alice) as seen:
            await seen.until(lambda: seen.checkpoint)
            await elsewhere(element, alice)
            room = await in_a_room(seen, far, alice)
            asked = await ask_us(far, alice, room)
            ours = await seen.session.begin(await asked_us(seen))
            await ours.start()
            await until_seen(far, asked, phase="Ready")
            if who == "we":
                over = await until_step(ours, "over", button="cancel")
                assert over.explanation.msgid.startswith("You cancelled")
                assert (await until_seen(far, asked, phase="Cancelled"))["code"] == "m.user"
            else:
                await do(far, "verification", id=asked, step="cancel")
                over = await until_step(ours, "over")
                assert "The other side cancelled" in over.explanation.msgid
            assert not await knows_us(far, alice)

    asyncio.run(work())
