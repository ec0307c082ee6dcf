"""How one comes to be out of a group on a real homeserver, and in again."""

from urllib.parse import quote

import pytest

from tests.networks.following import Following
from tests.networks.matrix.people import Follow, Person
from tests.networks.matrix.plain_far_side import Refusal
from tests.networks.matrix.talking import group, of, text, until_state
from webapp.networks.actions import AcceptInvitation, ForgetGroup, LeaveGroup
from webapp.networks.errors import Refused
from webapp.networks.events import ConversationArranged, ConversationChanged, ConversationState, InvitationReceived

pytestmark = [pytest.mark.servers, pytest.mark.anyio]


async def test_leaving_here_needs_no_explanation_and_elsewhere_does(alice: Person, bob: Person, follow: Follow) -> None:
    async with bob.device() as far, alice.device() as other, follow(alice) as seen:
        rooms = [await other.make_room(bob.user, name=f"Room {n}") for n in range(2)]
        await far.join(rooms[0])
        for room in rooms:
            await until_state(seen, room, ConversationState.JOINED)
        await seen.session.perform(LeaveGroup(rooms[0]))
        await other.ask("POST", f"rooms/{rooms[1]}/leave")
        left = [await until_state(seen, r, ConversationState.LEFT) for r in rooms]
        assert [bool(event.reason) for event in left] == [False, True]
        with pytest.raises(Refused):
            await seen.session.perform(text(rooms[0], "too late"))


@pytest.mark.parametrize("how", ["kick", "ban"])
async def test_who_is_sent_out_is_told_why_and_may_come_back(
    how: str, alice: Person, bob: Person, follow: Follow
) -> None:
    async with bob.device() as far, alice.device() as other, follow(alice) as seen:
        room = await group(far, other, name="Club")
        await until_state(seen, room, ConversationState.JOINED)
        await far.say(room, "you must go")
        await far.ask("POST", f"rooms/{room}/{how}", {"user_id": alice.user, "reason": "too loud"})
        left = await until_state(seen, room, ConversationState.LEFT)
        assert left.reason
        assert left.reason.values["text"] == "too loud"
        assert "you must go" in seen.bodies(room)
        if how == "ban":
            await far.ask("POST", f"rooms/{room}/unban", {"user_id": alice.user})
        await far.ask("POST", f"rooms/{room}/invite", {"user_id": alice.user})
        await seen.event(InvitationReceived, lambda e: e.conversation == room and bool(seen.batches))
        await seen.session.perform(AcceptInvitation(room))
        joined = lambda: [e.state for e in seen.events(ConversationChanged) if e.conversation == room]  # noqa: E731
        await seen.until(lambda: joined()[-1] is ConversationState.JOINED)


def silenced(seen: Following) -> int:
    """How often a conversation was told to be silent."""
    return sum(event.muted is True for event in seen.events(ConversationArranged))


async def test_a_room_that_was_left_is_forgotten_there_too_and_told_of_anew_when_one_comes_again(
    alice: Person, bob: Person, follow: Follow
) -> None:
    async with bob.device() as far, alice.device() as other, follow(alice) as seen:
        room = await far.make_room(alice.user, name="Garden")
        await seen.event(InvitationReceived, of(room))
        await seen.session.perform(AcceptInvitation(room))
        await until_state(seen, room, ConversationState.JOINED)
        with pytest.raises(Refused):
            await seen.session.perform(ForgetGroup(room))
        await other.ask("PUT", f"pushrules/global/room/{quote(room)}", {"actions": []})
        await seen.until(lambda: silenced(seen) == 1)
        await seen.session.perform(LeaveGroup(room))
        await until_state(seen, room, ConversationState.LEFT)
        assert await other.ask("GET", f"rooms/{room}/messages", dir="b")
        await seen.session.perform(ForgetGroup(room))
        with pytest.raises(Refusal):
            await other.ask("GET", f"rooms/{room}/messages", dir="b")
        count = len(seen.events(InvitationReceived))
        await far.ask("POST", f"rooms/{room}/invite", {"user_id": alice.user})
        await seen.until(lambda: len(seen.events(InvitationReceived)) > count)
        await seen.session.perform(AcceptInvitation(room))
        await seen.until(lambda: silenced(seen) == 2)
