"""The backup of room keys, read and written, with the library below Element on the other side."""

import asyncio

import pytest

from tests.element import Element
from tests.networks.following import Following
from tests.networks.matrix.dialogues import set_up, unlock
from tests.networks.matrix.keyed import Keyed, do, far_device, met, text, until, until_joined, until_read
from tests.networks.matrix.people import Person
from tests.networks.matrix.verification.comparing import compare
from webapp.networks.events import MessageOpened
from webapp.networks.login import WrongInput
from webapp.networks.matrix.comparing import WITH_OWN
from webapp.networks.matrix.health import BACKUP, ELSEWHERE, IDENTITY, SET_UP, UNLOCK, UNREADABLE
from webapp.networks.matters import Condition, Matter, MattersChanged

pytestmark = [pytest.mark.servers, pytest.mark.timeout(180), pytest.mark.anyio]


def matter(seen: Following, key: str) -> Matter | None:
    """What is told of this matter now."""
    told = seen.events(MattersChanged)
    return next((one for one in told[-1].matters if one.key == key), None) if told else None


async def until_matter(seen: Following, key: str, condition: Condition) -> Matter:
    found = await seen.until(lambda: (one := matter(seen, key)) is not None and one.condition is condition and one)
    assert isinstance(found, Matter)
    return found


def opened(seen: Following) -> list[object]:
    return [event.body for event in seen.events(MessageOpened)]


async def test_a_new_device_of_ours_reads_the_old_history_once_it_is_unlocked_with_elements_recovery_key(
    alice: Person, bob: Person, element: Element, keyed: Keyed
) -> None:
    phone, bobs = await far_device(element, alice), await far_device(element, bob)
    key = await do(phone, "setUpKeys")
    room = await do(bobs, "createRoom", name="Soup", invite=[alice.user])
    await do(phone, "join", room=room)
    await until_joined(bobs, room, alice)
    for number in range(3):
        await do(bobs, "say", room=room, body=f"soup {number}")
    await until_read(phone, room, "soup 2")
    await until(phone, lambda: phone.do("backedUp") > 0)
    async with keyed(alice) as seen:
        await seen.until(lambda: len(seen.messages()) == 3)
        assert all(message.sealed for message in seen.messages())
        locked = await until_matter(seen, IDENTITY, Condition.ACT)
        assert (locked.task, locked.urgent) == (UNLOCK, True)
        unread = await until_matter(seen, UNREADABLE, Condition.ASKS)
        assert unread.text.values == {"count": 3}
        await unlock(seen, key)
        await seen.until(lambda: sorted(map(str, opened(seen))) == ["soup 0", "soup 1", "soup 2"])
        await until_matter(seen, IDENTITY, Condition.GOOD)
        await until_matter(seen, BACKUP, Condition.GOOD)
        await seen.until(lambda: matter(seen, UNREADABLE) is None)


async def test_what_we_said_and_heard_is_backed_up_and_element_reads_it_with_our_recovery_key(
    alice: Person, bob: Person, element: Element, keyed: Keyed
) -> None:
    bobs = await far_device(element, bob)
    await do(bobs, "setUpKeys")
    async with keyed(alice) as seen:
        await seen.until(lambda: seen.checkpoint)
        asked = await until_matter(seen, IDENTITY, Condition.ASKS)
        assert (asked.task, asked.urgent) == (SET_UP, False)
        room = await met(seen, bobs, alice)
        await do(bobs, "say", room=room, body="Is there soup?")
        await seen.message("Is there soup?")
        key = await set_up(seen)
        await seen.session.perform(text(room, "Yes, pumpkin."))
        await until_read(bobs, room, "Yes, pumpkin.")
        phone = await far_device(element, alice)
        await until(phone, lambda: phone.do("backedUp") == 2)
        await until_matter(seen, BACKUP, Condition.GOOD)
        restored = await do(phone, "unlock", recoveryKey=key)
        assert restored == {"total": 2, "imported": 2}
        await until(phone, lambda: phone.texts(room)[-2:] == ["Is there soup?", "Yes, pumpkin."])


async def test_a_second_device_of_ours_reads_what_the_first_one_backed_up(
    alice: Person, bob: Person, element: Element, keyed: Keyed
) -> None:
    bobs = await far_device(element, bob)
    async with keyed(alice) as seen:
        await seen.until(lambda: seen.checkpoint)
        room = await met(seen, bobs, alice)
        await do(bobs, "say", room=room, body="before")
        await seen.message("before")
        key = await set_up(seen)
        await until_matter(seen, BACKUP, Condition.GOOD)
    async with keyed(alice, device="second") as second:
        await unlock(second, key)
        await second.until(lambda: opened(second) == ["before"])


async def test_a_backup_that_was_replaced_elsewhere_is_not_used_and_the_person_is_told(
    alice: Person, bob: Person, element: Element, keyed: Keyed
) -> None:
    bobs = await far_device(element, bob)
    async with keyed(alice) as seen:
        await seen.until(lambda: seen.checkpoint)
        await set_up(seen)
        await until_matter(seen, BACKUP, Condition.GOOD)
        token = alice.synapse.sign_in(alice.user, "correct horse battery staple")["access_token"]
        other = {"public_key": "A" * 43, "signatures": {}}
        body = {"algorithm": "m.megolm_backup.v1.curve25519-aes-sha2", "auth_data": other}
        path = "/_matrix/client/v3/room_keys/version"
        await asyncio.to_thread(alice.synapse.ask, "POST", path, body, token)
        room = await met(seen, bobs, alice)
        await do(bobs, "say", room=room, body="secret soup")
        await seen.message("secret soup")
        told = await until_matter(seen, BACKUP, Condition.ASKS)
        assert told.task == SET_UP
        assert (await asyncio.to_thread(alice.synapse.ask, "GET", path, None, token))["count"] == 0
        await set_up(seen)
        await until_matter(seen, BACKUP, Condition.GOOD)
        assert (await asyncio.to_thread(alice.synapse.ask, "GET", path, None, token))["count"] == 1


async def test_who_compares_emoji_with_another_device_of_theirs_needs_no_recovery_key_to_read_what_is_old(
    alice: Person, bob: Person, element: Element, keyed: Keyed
) -> None:
    phone, bobs = await far_device(element, alice), await far_device(element, bob)
    await do(phone, "setUpKeys")
    room = await do(bobs, "createRoom", name="Soup", invite=[alice.user])
    await do(phone, "join", room=room)
    await until_joined(bobs, room, alice)
    await do(bobs, "say", room=room, body="old soup")
    await until_read(phone, room, "old soup")
    await until(phone, lambda: phone.do("backedUp") > 0)
    async with keyed(alice) as seen:
        await until_matter(seen, IDENTITY, Condition.ACT)
        await seen.until(lambda: matter(seen, ELSEWHERE))
        comparing = await seen.session.begin(WITH_OWN)
        await comparing.start()
        asked = await asyncio.to_thread(phone.asked)
        await do(phone, "verification", id=asked, step="accept")
        await compare(comparing, phone, asked)
        await seen.until(lambda: opened(seen) == ["old soup"])
        await until_matter(seen, IDENTITY, Condition.GOOD)
        await until_matter(seen, BACKUP, Condition.GOOD)


async def test_keys_that_were_replaced_in_another_program_are_told_of_and_unlocked_with_the_new_recovery_key(
    alice: Person, element: Element, keyed: Keyed
) -> None:
    phone = await far_device(element, alice)
    key = await do(phone, "setUpKeys")
    async with keyed(alice) as seen:
        await unlock(seen, key)
        await until_matter(seen, IDENTITY, Condition.GOOD)
        new = await do(phone, "setUpKeys")
        replaced = await until_matter(seen, IDENTITY, Condition.ACT)
        assert (replaced.task, replaced.urgent) == (UNLOCK, True)
        with pytest.raises(WrongInput):
            await unlock(seen, key)
        await unlock(seen, new)
        await until_matter(seen, IDENTITY, Condition.GOOD)
        await until_matter(seen, BACKUP, Condition.GOOD)
        mine = seen.session._open_line().device  # type: ignore[attr-defined]  # the session of this network
        verified = {"id": mine, "signedByOwner": True, "verified": True}
        await until(phone, lambda: verified in phone.do("devicesOf", user=alice.user))
