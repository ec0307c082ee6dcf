"""Chats of two on a real homeserver, and who asks for one."""

import pytest

from tests.networks.matrix.people import Follow, Person
from tests.networks.matrix.talking import last_change, of
from webapp.languages import Sentence
from webapp.networks.actions import AcceptInvitation, DeclineInvitation, StartDirect
from webapp.networks.errors import Refused
from webapp.networks.events import ConversationKind, ConversationState, InvitationReceived

pytestmark = [pytest.mark.servers, pytest.mark.anyio]


async def test_a_direct_chat_is_called_after_the_other_and_known_to_our_other_devices(
    alice: Person, bob: Person, follow: Follow
) -> None:
    async with bob.device() as far, alice.device() as other, follow(alice) as seen:
        done = await seen.session.perform(StartDirect(bob.user))
        assert done.kind is ConversationKind.DIRECT
        room = done.conversation
        assert room
        assert await other.account_data("m.direct") == {bob.user: [room]}
        await far.until(lambda: room in far.invitations)
        asked = [e for e in far.invitations[room] if e["state_key"] == bob.user]
        assert asked[0]["content"]["is_direct"] is True
        changed = await last_change(seen, room, lambda event: event.name == "Bob")
        assert (changed.kind, changed.partner) == (ConversationKind.DIRECT, bob.user)
        again = await seen.session.perform(StartDirect(f"https://matrix.to/#/{bob.user}"))
        assert again.conversation == room


async def test_another_device_calls_a_room_a_direct_chat(alice: Person, bob: Person, follow: Follow) -> None:
    async with bob.device() as far, alice.device() as other:
        room = await other.make_room(bob.user)
        await far.join(room)
        async with follow(alice) as seen:
            first = await last_change(seen, room, lambda _: True)
            assert first.kind is ConversationKind.GROUP
            await other.ask("PUT", f"user/{alice.user}/account_data/m.direct", {bob.user: [room]})
            direct = await last_change(seen, room, lambda event: event.kind is ConversationKind.DIRECT)
            assert direct.partner == bob.user


async def test_nobody_is_found_where_there_is_nobody(alice: Person, follow: Follow) -> None:
    async with follow(alice) as seen:
        for address in ("@nobody-here:home.test", "nonsense", alice.user):
            with pytest.raises(Refused) as refused:
                await seen.session.perform(StartDirect(address))
            assert isinstance(refused.value.reason, Sentence)


async def test_an_invitation_to_talk_is_accepted_and_becomes_a_direct_chat(
    alice: Person, bob: Person, follow: Follow
) -> None:
    async with bob.device() as far, alice.device() as other, follow(alice) as seen:
        room = await far.make_room(alice.user, direct=True)
        asked = await seen.event(InvitationReceived, of(room))
        assert (asked.kind, asked.sender, asked.sender_name) == (ConversationKind.DIRECT, bob.user, "Bob")
        done = await seen.session.perform(AcceptInvitation(room))
        assert done.kind is ConversationKind.DIRECT
        await last_change(seen, room, lambda event: event.partner == bob.user)
        assert await other.account_data("m.direct") == {bob.user: [room]}
        await far.say(room, "welcome")
        await seen.message("welcome")


async def test_an_invitation_to_a_group_tells_its_name_and_who_asks_and_is_declined(
    alice: Person, bob: Person, follow: Follow
) -> None:
    async with bob.device() as far, follow(alice) as seen:
        room = await far.make_room(alice.user, name="Garden")
        asked = await seen.event(InvitationReceived, of(room))
        assert (asked.kind, asked.name, asked.sender) == (ConversationKind.GROUP, "Garden", bob.user)
        await seen.session.perform(DeclineInvitation(room))
        gone = await last_change(seen, room, lambda event: event.state is not None)
        assert (gone.state, gone.reason) == (ConversationState.DECLINED, None)


async def test_an_invitation_that_is_taken_back_is_said_so(alice: Person, bob: Person, follow: Follow) -> None:
    async with bob.device() as far, follow(alice) as seen:
        room = await far.make_room(alice.user, name="Garden")
        await seen.event(InvitationReceived, of(room))
        await far.ask("POST", f"rooms/{room}/kick", {"user_id": alice.user})
        gone = await last_change(seen, room, lambda event: event.state is not None)
        assert gone.state is ConversationState.LEFT
        assert gone.reason


async def test_a_waiting_invitation_is_found_by_a_first_look(alice: Person, bob: Person, follow: Follow) -> None:
    async with bob.device() as far:
        room = await far.make_room(alice.user, name="Garden")
        async with follow(alice) as seen:
            await seen.event(InvitationReceived, of(room))
