"""Groups on a real homeserver: how one comes in, and what they are called."""

from uuid import uuid4

import pytest

from tests.networks.matrix.people import Follow, Person
from tests.networks.matrix.talking import group, last_change, of, until_state
from webapp.languages import Sentence
from webapp.networks.actions import AcceptInvitation, CreateGroup, InviteMembers, JoinGroup, SetSubject, StartDirect
from webapp.networks.errors import Refused
from webapp.networks.events import (
    ConversationChanged,
    ConversationKind,
    ConversationState,
    InvitationReceived,
    MembersChanged,
)
from webapp.networks.matrix import network

pytestmark = [pytest.mark.servers, pytest.mark.anyio]


async def test_a_group_is_made_named_and_filled(alice: Person, bob: Person, carol: Person, follow: Follow) -> None:
    async with bob.device() as far, carol.device() as third, follow(alice) as seen:
        done = await seen.session.perform(CreateGroup("", " Family ", (bob.user,)))
        room = done.conversation
        assert room
        await last_change(seen, room, lambda event: event.name == "Family" and event.state is ConversationState.JOINED)
        await far.until(lambda: room in far.invitations)
        await far.join(room)
        await seen.event(MembersChanged, lambda e: any(m.address == bob.user and m.present for m in e.members))
        await seen.session.perform(InviteMembers(room, (carol.user,)))
        await third.until(lambda: room in third.invitations)
        await seen.session.perform(SetSubject(room, "Who cooks?"))
        await last_change(seen, room, lambda event: event.topic == "Who cooks?")
        with pytest.raises(Refused):
            await seen.session.perform(InviteMembers(room, ("#alias:home.test",)))


async def test_a_room_is_joined_by_alias_by_link_and_by_its_id(alice: Person, bob: Person, follow: Follow) -> None:
    async with bob.device() as far, follow(alice) as seen:
        name = f"open-{uuid4().hex[:8]}"
        room = await far.make_room(name="Open", visibility="public", room_alias_name=name, preset="public_chat")
        for address in (f"#{name}:home.test", f"https://matrix.to/#/{room}?via=home.test", room):
            done = await seen.session.perform(StartDirect(network.check_address(address)))
            assert (done.conversation, done.kind) == (room, ConversationKind.GROUP)
        with pytest.raises(Refused):
            await seen.session.perform(JoinGroup("#no-such-room-here:home.test"))


async def test_where_one_has_to_ask_one_asks_and_is_let_in(alice: Person, bob: Person, follow: Follow) -> None:
    async with bob.device() as far, follow(alice) as seen:
        room = await far.make_room(name="Club")
        with pytest.raises(Refused):
            await seen.session.perform(JoinGroup(room))
        await far.set_state(room, "m.room.join_rules", {"join_rule": "knock"})
        done = await seen.session.perform(JoinGroup(room))
        assert (done.conversation, done.state) == (room, ConversationState.ASKED)
        asked = await last_change(seen, room, lambda event: event.state is not None)
        assert (asked.state, asked.name) == (ConversationState.ASKED, "Club")
        await far.ask("POST", f"rooms/{room}/invite", {"user_id": alice.user})
        await seen.event(InvitationReceived, of(room))
        await seen.session.perform(AcceptInvitation(room))
        await until_state(seen, room, ConversationState.JOINED)


async def test_who_is_not_let_in_is_told(alice: Person, bob: Person, follow: Follow) -> None:
    async with bob.device() as far, follow(alice) as seen:
        room = await far.make_room(name="Club")
        await far.set_state(room, "m.room.join_rules", {"join_rule": "knock"})
        await seen.session.perform(JoinGroup(room))
        await until_state(seen, room, ConversationState.ASKED)
        await far.ask("POST", f"rooms/{room}/kick", {"user_id": alice.user, "reason": "full"})
        left = await until_state(seen, room, ConversationState.LEFT)
        assert left.reason
        assert left.reason.values["text"] == "full"
        assert left.reason.values["said"].msgid == "You were not let into this group."


async def test_a_room_that_goes_on_elsewhere_says_where(alice: Person, bob: Person, follow: Follow) -> None:
    async with bob.device() as far, alice.device() as other, follow(alice) as seen:
        room = await group(far, other, name="Club")
        await until_state(seen, room, ConversationState.JOINED)
        told = await far.ask("POST", f"rooms/{room}/upgrade", {"new_version": "11"})
        moved = await last_change(seen, room, lambda event: event.successor is not None)
        assert moved.successor == told["replacement_room"]


async def test_another_name_and_another_topic_are_quiet_lines_and_the_first_ones_are_none(
    alice: Person, bob: Person, follow: Follow
) -> None:
    async with bob.device() as far, alice.device() as other, follow(alice) as seen:
        room = await group(far, other, name="Old", topic="before")
        await last_change(seen, room, lambda event: event.name == "Old" and event.topic == "before")
        await far.set_state(room, "m.room.name", {"name": "New"})
        await far.set_state(room, "m.room.topic", {"topic": "after"})
        await last_change(seen, room, lambda event: event.name == "New" and event.topic == "after")
        lines = [m for m in seen.messages() if m.conversation == room]
        assert [m.quiet for m in lines] == [True, True]
        assert [m.body.values for m in lines if isinstance(m.body, Sentence)] == [
            {"who": "Bob", "name": "New"},
            {"who": "Bob", "topic": "after"},
        ]


async def test_a_space_is_no_conversation(alice: Person, follow: Follow) -> None:
    async with alice.device() as other:
        space = await other.make_room(name="All of us", creation_content={"type": "m.space"})
        room = await other.make_room(name="One of us")
        async with follow(alice) as seen:
            await last_change(seen, room, lambda _: True)
            assert [e for e in seen.events(ConversationChanged) if e.conversation == space] == []


async def test_a_room_without_a_name_is_called_after_who_is_in_it_and_when_they_are_gone_after_who_was(
    alice: Person, bob: Person, follow: Follow
) -> None:
    async with bob.device() as far, alice.device() as other, follow(alice) as seen:
        room = await other.make_room(bob.user)
        await last_change(seen, room, lambda event: (event.name, event.former) == ("Bob", ""))
        await far.join(room)
        await far.ask("POST", f"rooms/{room}/leave")
        await last_change(seen, room, lambda event: (event.name, event.former) == ("", "Bob"))
        alone = await other.make_room()
        await last_change(seen, alone, lambda event: (event.name, event.former) == ("", ""))


async def test_when_what_was_kept_of_rooms_is_lost_the_homeserver_tells_it_again(
    alice: Person, bob: Person, follow: Follow
) -> None:
    async with bob.device() as far, alice.device() as other:
        room = await group(far, other, name="Club")
        async with follow(alice) as seen:
            await last_change(seen, room, lambda event: event.name == "Club")
        await far.say(room, "meanwhile")
        async with follow(alice, seen.checkpoint, folder="another place") as again:
            message = await again.message("meanwhile")
            assert message.sender_name == "Bob"
            changed = await last_change(again, room, lambda event: event.name == "Club")
            assert changed.state is ConversationState.JOINED
