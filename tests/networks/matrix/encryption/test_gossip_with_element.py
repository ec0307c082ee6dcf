"""What devices of one person give each other, with the library below Element: after a comparison each has what the
other had."""

import asyncio

import pytest

from tests.element import Element
from tests.networks.following import Following
from tests.networks.matrix.dialogues import set_up
from tests.networks.matrix.keyed import Keyed, do, far_device, say_sealed, text, until
from tests.networks.matrix.people import Person
from tests.networks.matrix.verification.comparing import asked_us, compare, confirmed_by, device_of, elsewhere
from webapp.networks.actions import CreateGroup
from webapp.networks.events import MessageOpened
from webapp.networks.matrix.encryption import secrets

pytestmark = [pytest.mark.servers, pytest.mark.timeout(240), pytest.mark.anyio]


async def until_we_have(seen: Following, *names: str) -> None:
    """Until we have these private keys."""
    keys = seen.session._open_line().keys  # type: ignore[attr-defined]
    have: set[str] = set()
    async with asyncio.timeout(60):
        while not set(names) <= have:
            have = set(await keys.own(lambda own: own.secrets()))
            await seen.quiet(0.1)


async def test_element_gives_our_confirmed_device_the_private_keys_and_the_key_of_an_old_message(
    alice: Person, element: Element, keyed: Keyed
) -> None:
    far = await elsewhere(element, alice)
    room = await do(far, "createRoom", name="Soup")
    await say_sealed(far, room, "from before")
    async with keyed(alice) as seen:
        await seen.until(lambda: seen.checkpoint)
        await seen.until(lambda: any(m.sealed for m in seen.messages() if m.conversation == room))
        await confirmed_by(far, alice, seen)
        await until_we_have(seen, *secrets.CROSS_SIGNING)
        opened = await seen.event(MessageOpened, lambda e: e.conversation == room)
        assert opened.body == "from before"
        assert opened.untrusted, "its key came by a detour"


async def test_our_device_gives_a_confirmed_one_of_element_what_it_has(
    alice: Person, element: Element, keyed: Keyed
) -> None:
    async with keyed(alice) as seen:
        await set_up(seen)
        room = str((await seen.session.perform(CreateGroup("", "Soup"))).conversation)
        await seen.session.perform(text(room, "from before"))
        far = await far_device(element, alice)
        await until(far, lambda: far.do("backedUp"))  # Element asks once
        await until(far, lambda: far.do("devicesOf", user=alice.user)[1:])
        asked = await do(far, "askToVerify", user=alice.user, device=device_of(seen))
        ours = await seen.session.begin(await asked_us(seen))
        await ours.start()
        await until(far, lambda: far.do("verification", id=asked)["phase"] == "Ready")
        await do(far, "verification", id=asked, step="start")
        await compare(ours, far, asked)
        await until(far, lambda: far.do("status")["crossSigning"])
        await until(far, lambda: far.texts(room) == ["from before"])  # by the backup: Element asks nobody for keys
