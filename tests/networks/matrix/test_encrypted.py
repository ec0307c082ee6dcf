"""Encrypted conversations of a whole session with the library below Element."""

import asyncio
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from tests.element import Element
from tests.networks.following import Following
from tests.networks.matrix.keyed import KEY, Keyed, do, far_device, met, text, until_joined, until_read
from tests.networks.matrix.people import PASSWORD, Person
from tests.networks.matrix.plain_far_side import Refusal
from webapp.networks.actions import CreateGroup, StartDirect
from webapp.networks.contract import Anchor, Credentials, Sent, Surroundings
from webapp.networks.errors import SignedOut
from webapp.networks.events import MembersChanged, MessageReceived
from webapp.networks.login import SignedIn
from webapp.networks.matrix import network

pytestmark = [pytest.mark.servers, pytest.mark.timeout(180), pytest.mark.anyio]


async def test_encrypted_text_goes_both_ways_and_what_was_missed_is_read_too(
    alice: Person, bob: Person, element: Element, keyed: Keyed
) -> None:
    far = await far_device(element, bob)
    async with keyed(alice) as seen:
        await seen.until(lambda: seen.checkpoint)
        room = await met(seen, far, alice)
        await do(far, "say", room=room, body="Is there soup?")
        assert not (await seen.message("Is there soup?")).sealed
        action = text(room, "Yes, pumpkin.")
        done = await seen.session.perform(action)
        await until_read(far, room, "Yes, pumpkin.")
        found = await seen.session.already_sent(action)
        assert (found.sent, found.done) == (Sent.YES, done)
    for number in range(3):
        await do(far, "say", room=room, body=f"missed {number}")
    async with keyed(alice, seen.checkpoint) as again:
        await again.message("missed 2")
        assert again.bodies(room) == ["missed 0", "missed 1", "missed 2"]
        page = await again.session.older(room, Anchor(), 50)
        old = [event.body for event in page.batch.events if isinstance(event, MessageReceived)]
        assert old == ["Is there soup?", "Yes, pumpkin.", "missed 0", "missed 1", "missed 2"]


async def test_what_we_begin_is_encrypted_from_the_first_message_where_the_other_can_read_it(
    alice: Person, bob: Person, carol: Person, element: Element, keyed: Keyed
) -> None:
    far = await far_device(element, bob)
    async with keyed(alice) as seen:
        await seen.until(lambda: seen.checkpoint)
        talk = (await seen.session.perform(StartDirect(bob.user))).conversation
        group = (await seen.session.perform(CreateGroup("", "Soup", (bob.user,)))).conversation
        for room in (talk, group):
            assert room
            await do(far, "join", room=room)
            await until_joined(far, room, alice)
            action = text(room, f"**Hello** @{bob.user.split(':')[0][1:]}")
            await seen.session.perform(replace(action, formatted="<p><strong>Hello</strong></p>"))
            [heard] = await asyncio.to_thread(far.until, lambda room=room: far.messages(room))
            assert heard["encrypted"]
            assert heard["content"]["formatted_body"] == "<p><strong>Hello</strong></p>"
        silent = (await seen.session.perform(StartDirect(carol.user))).conversation
        assert silent
        assert await is_plain(alice, silent), "she has no device that could read it"


async def is_plain(who: Person, room: str) -> bool:
    """Whether the homeserver knows of no encryption in a room."""
    async with who.device() as plain:
        try:
            await plain.ask("GET", f"rooms/{room}/state/m.room.encryption")
        except Refusal:
            return True
        return False


async def test_who_comes_later_reads_what_is_said_from_then_on(
    alice: Person, bob: Person, carol: Person, element: Element, keyed: Keyed
) -> None:
    far, third = await far_device(element, bob), await far_device(element, carol)
    async with keyed(alice) as seen:
        await seen.until(lambda: seen.checkpoint)
        room = await met(seen, far, alice)
        await seen.session.perform(text(room, "before"))
        await until_read(far, room, "before")
        await do(far, "invite", room=room, user=carol.user)
        await asyncio.to_thread(third.until, lambda: room in [one["id"] for one in third.do("rooms")])
        await do(third, "join", room=room)
        await until_joined(far, room, carol)
        await seen.event(MembersChanged, lambda e: any(m.address == carol.user and m.present for m in e.members))
        await seen.session.perform(text(room, "welcome"))
        await until_read(third, room, "welcome")


async def test_in_a_room_of_ten_everybody_reads_everybody(
    alice: Person, person: Callable[[str], Person], element: Element, keyed: Keyed
) -> None:
    people = [person(f"Friend{number}") for number in range(9)]
    far = [await far_device(element, one) for one in people]
    async with keyed(alice) as seen:
        await seen.until(lambda: seen.checkpoint)
        room = await met(seen, far[0], alice)
        for one, device in zip(people[1:], far[1:], strict=True):
            await do(far[0], "invite", room=room, user=one.user)
            await do(device, "join", room=room)
        for device in far:
            await until_joined(device, room, alice)
            await until_joined(device, room, people[-1])
        await seen.until(lambda: members_told(seen, room) >= {one.user for one in people})
        await seen.session.perform(text(room, "Who brings a cake?"))
        for number, device in enumerate(far):
            await until_read(device, room, "Who brings a cake?")
            await do(device, "say", room=room, body=f"Not me, {number}")
        for number in range(len(far)):
            assert not (await seen.message(f"Not me, {number}")).sealed
            await until_read(far[0], room, f"Not me, {number}")


def members_told(seen: Following, room: str) -> set[str]:
    """Who is in a room, as the session told it."""
    told = [event for event in seen.events(MembersChanged) if event.conversation == room]
    return {member.address for event in told for member in event.members if member.present}


async def test_broken_keys_sign_the_account_out_and_it_comes_back_as_a_new_device(
    alice: Person, tmp_path: Path
) -> None:
    around = Surroundings(tmp_path, tmp_path / "account", None, ("127.0.0.0/8",), key=KEY)
    given = {"homeserver": alice.synapse.url, "user": alice.user, "password": PASSWORD}
    first = await network.login(around).submit(given)
    assert isinstance(first, SignedIn)
    credentials = Credentials(first.address, first.credentials)
    async with Following(network.session(credentials, around)) as seen:
        await seen.until(lambda: seen.checkpoint)
    (tmp_path / "account" / "keys.sqlite").write_bytes(b"nonsense" * 500)
    for ending in ("-wal", "-shm"):
        (tmp_path / "account" / f"keys.sqlite{ending}").unlink(missing_ok=True)
    with pytest.raises(SignedOut):
        await network.session(credentials, around).open(seen.checkpoint)
    again = await network.login(around, credentials).submit(given)
    assert isinstance(again, SignedIn)
    assert again.credentials["device"] != first.credentials["device"]
    renewed = Credentials(again.address, again.credentials)
    async with Following(network.session(renewed, around), seen.checkpoint):
        pass  # it opens
    third = await network.login(around, renewed).submit(given)
    assert isinstance(third, SignedIn)
    assert third.credentials["device"] == again.credentials["device"]


async def test_a_room_that_we_made_encrypted_is_known_to_be_before_the_homeserver_tells_us_of_it(
    alice: Person, keyed: Keyed
) -> None:
    """It may be told of before all of its beginning is there; what is said into it right then was not encrypted."""

    session = keyed(alice).session
    await session.open(None)  # and nobody listens to what the homeserver tells
    try:
        room = str((await session.perform(CreateGroup("", "Soup"))).conversation)
        keys = session._open_line().keys  # type: ignore[attr-defined]  # the session of this network
        assert await keys.rooms.is_encrypted(room)
    finally:
        await session.close()
