"""Comparing emoji as two people do: one with our pages, one with the library below Element."""

import asyncio
from typing import Any

from tests.element import Device, Element
from tests.networks.following import Following
from tests.networks.matrix.keyed import do, until_joined
from tests.networks.matrix.people import PASSWORD, Person
from webapp.languages import Sentence
from webapp.networks.actions import AcceptInvitation
from webapp.networks.events import InvitationReceived
from webapp.networks.login import Dialogue, Finished, Show, Step
from webapp.networks.matters import Matter, MattersChanged


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


async def elsewhere(element: Element, who: Person) -> Device:
    """Another device of ours, which has set up keys."""
    far = await asyncio.to_thread(element.device(f"{who.user} elsewhere").sign_in, who.synapse.url, who.user, PASSWORD)
    await do(far, "setUpKeys")
    return far


async def confirmed_by_own(element: Element, who: Person, seen: Following) -> Device:
    """Another device of ours has set up keys and confirmed this one."""
    far = await elsewhere(element, who)
    await confirmed_by(far, who, seen)
    return far


async def confirmed_by(far: Device, who: Person, seen: Following) -> None:
    """Another device of ours confirms this one; it does not hear a device of which it does not know yet."""
    await asyncio.to_thread(far.until, lambda: device_of(seen) in [d["id"] for d in far.do("devicesOf", user=who.user)])
    ours = await seen.session.begin("verify-own-device")
    await ours.start()
    asked = await asked_of(far)
    await do(far, "verification", id=asked, step="accept")
    await compare(ours, far, asked)
    await until_verified(far, who.user, device_of(seen))


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
