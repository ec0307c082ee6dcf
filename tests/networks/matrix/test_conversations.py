"""Conversations on a real homeserver, as the other side and another device of ours see them."""

import asyncio
from collections.abc import Callable, Coroutine
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import pytest

from tests.networks.following import Following
from tests.networks.matrix.people import Follow, Person
from tests.networks.matrix.plain_far_side import Refusal
from webapp.languages import Sentence
from webapp.networks.actions import (
    AcceptInvitation,
    CreateGroup,
    DeclineInvitation,
    ForgetGroup,
    InviteMembers,
    JoinGroup,
    LeaveGroup,
    MarkRead,
    SendText,
    SetSubject,
    SetTyping,
    StartDirect,
)
from webapp.networks.contract import Anchor, More, Sent
from webapp.networks.errors import Refused
from webapp.networks.events import (
    ConversationChanged,
    ConversationKind,
    ConversationState,
    Delivery,
    DeliveryChanged,
    GapFound,
    InvitationReceived,
    MembersChanged,
    MessageReceived,
    MessageRef,
    Origin,
    Presence,
    PresenceChanged,
    ReadElsewhere,
    Style,
    TypingChanged,
)
from webapp.networks.matrix import gaps, network

pytestmark = pytest.mark.servers


def run(work: Coroutine[Any, Any, None]) -> None:
    asyncio.run(work)


def text(conversation: str, body: str) -> SendText:
    return SendText(conversation, uuid4().hex, body, datetime.now(UTC))


def of(room: str) -> Callable[[Any], bool]:
    return lambda event: event.conversation == room


async def last_change(seen: Following, room: str, like: Callable[[ConversationChanged], bool]) -> ConversationChanged:
    return await seen.event(ConversationChanged, lambda event: event.conversation == room and like(event))


# Direct chats


def test_a_direct_chat_is_called_after_the_other_and_known_to_our_other_devices(
    alice: Person, bob: Person, follow: Follow
) -> None:
    async def work() -> None:
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

    run(work())


def test_another_device_calls_a_room_a_direct_chat(alice: Person, bob: Person, follow: Follow) -> None:
    async def work() -> None:
        async with bob.device() as far, alice.device() as other:
            room = await other.make_room(bob.user)
            await far.join(room)
            async with follow(alice) as seen:
                first = await last_change(seen, room, lambda _: True)
                assert first.kind is ConversationKind.GROUP
                await other.ask("PUT", f"user/{alice.user}/account_data/m.direct", {bob.user: [room]})
                direct = await last_change(seen, room, lambda event: event.kind is ConversationKind.DIRECT)
                assert direct.partner == bob.user

    run(work())


def test_nobody_is_found_where_there_is_nobody(alice: Person, follow: Follow) -> None:
    async def work() -> None:
        async with follow(alice) as seen:
            for address in ("@nobody-here:home.test", "nonsense", alice.user):
                with pytest.raises(Refused) as refused:
                    await seen.session.perform(StartDirect(address))
                assert isinstance(refused.value.reason, Sentence)

    run(work())


# Invitations


def test_an_invitation_to_talk_is_accepted_and_becomes_a_direct_chat(
    alice: Person, bob: Person, follow: Follow
) -> None:
    async def work() -> None:
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

    run(work())


def test_an_invitation_to_a_group_tells_its_name_and_who_asks_and_is_declined(
    alice: Person, bob: Person, follow: Follow
) -> None:
    async def work() -> None:
        async with bob.device() as far, follow(alice) as seen:
            room = await far.make_room(alice.user, name="Garden")
            asked = await seen.event(InvitationReceived, of(room))
            assert (asked.kind, asked.name, asked.sender) == (ConversationKind.GROUP, "Garden", bob.user)
            await seen.session.perform(DeclineInvitation(room))
            gone = await last_change(seen, room, lambda event: event.state is not None)
            assert (gone.state, gone.reason) == (ConversationState.DECLINED, None)

    run(work())


def test_an_invitation_that_is_taken_back_is_said_so(alice: Person, bob: Person, follow: Follow) -> None:
    async def work() -> None:
        async with bob.device() as far, follow(alice) as seen:
            room = await far.make_room(alice.user, name="Garden")
            await seen.event(InvitationReceived, of(room))
            await far.ask("POST", f"rooms/{room}/kick", {"user_id": alice.user})
            gone = await last_change(seen, room, lambda event: event.state is not None)
            assert gone.state is ConversationState.LEFT
            assert gone.reason

    run(work())


def test_a_waiting_invitation_is_found_by_a_first_look(alice: Person, bob: Person, follow: Follow) -> None:
    async def work() -> None:
        async with bob.device() as far:
            room = await far.make_room(alice.user, name="Garden")
            async with follow(alice) as seen:
                await seen.event(InvitationReceived, of(room))

    run(work())


# Groups


def test_a_group_is_made_named_and_filled(alice: Person, bob: Person, carol: Person, follow: Follow) -> None:
    async def work() -> None:
        async with bob.device() as far, carol.device() as third, follow(alice) as seen:
            done = await seen.session.perform(CreateGroup("", " Family ", (bob.user,)))
            room = done.conversation
            assert room
            await last_change(
                seen, room, lambda event: event.name == "Family" and event.state is ConversationState.JOINED
            )
            await far.until(lambda: room in far.invitations)
            await far.join(room)
            await seen.event(MembersChanged, lambda e: any(m.address == bob.user and m.present for m in e.members))
            await seen.session.perform(InviteMembers(room, (carol.user,)))
            await third.until(lambda: room in third.invitations)
            await seen.session.perform(SetSubject(room, "Who cooks?"))
            await last_change(seen, room, lambda event: event.topic == "Who cooks?")
            with pytest.raises(Refused):
                await seen.session.perform(InviteMembers(room, ("#alias:home.test",)))

    run(work())


def test_a_room_is_joined_by_alias_by_link_and_by_its_id(alice: Person, bob: Person, follow: Follow) -> None:
    async def work() -> None:
        async with bob.device() as far, follow(alice) as seen:
            name = f"open-{uuid4().hex[:8]}"
            room = await far.make_room(name="Open", visibility="public", room_alias_name=name, preset="public_chat")
            for address in (f"#{name}:home.test", f"https://matrix.to/#/{room}?via=home.test", room):
                done = await seen.session.perform(StartDirect(network.check_address(address)))
                assert (done.conversation, done.kind) == (room, ConversationKind.GROUP)
            with pytest.raises(Refused):
                await seen.session.perform(JoinGroup("#no-such-room-here:home.test"))

    run(work())


def test_where_one_has_to_ask_one_asks_and_is_let_in(alice: Person, bob: Person, follow: Follow) -> None:
    async def work() -> None:
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
            await last_change(seen, room, lambda event: event.state is ConversationState.JOINED)

    run(work())


def test_who_is_not_let_in_is_told(alice: Person, bob: Person, follow: Follow) -> None:
    async def work() -> None:
        async with bob.device() as far, follow(alice) as seen:
            room = await far.make_room(name="Club")
            await far.set_state(room, "m.room.join_rules", {"join_rule": "knock"})
            await seen.session.perform(JoinGroup(room))
            await last_change(seen, room, lambda event: event.state is ConversationState.ASKED)
            await far.ask("POST", f"rooms/{room}/kick", {"user_id": alice.user, "reason": "full"})
            left = await last_change(seen, room, lambda event: event.state is ConversationState.LEFT)
            assert left.reason
            assert left.reason.values["text"] == "full"
            assert left.reason.values["said"].msgid == "You were not let into this group."

    run(work())


def test_a_room_that_goes_on_elsewhere_says_where(alice: Person, bob: Person, follow: Follow) -> None:
    async def work() -> None:
        async with bob.device() as far, alice.device() as other, follow(alice) as seen:
            room = await far.make_room(alice.user, name="Club")
            await other.join(room)
            await last_change(seen, room, lambda event: event.state is ConversationState.JOINED)
            told = await far.ask("POST", f"rooms/{room}/upgrade", {"new_version": "11"})
            moved = await last_change(seen, room, lambda event: event.successor is not None)
            assert moved.successor == told["replacement_room"]

    run(work())


def test_leaving_here_needs_no_explanation_and_elsewhere_does(alice: Person, bob: Person, follow: Follow) -> None:
    async def work() -> None:
        async with bob.device() as far, alice.device() as other, follow(alice) as seen:
            rooms = [await other.make_room(bob.user, name=f"Room {n}") for n in range(2)]
            await far.join(rooms[0])
            for room in rooms:
                await last_change(seen, room, lambda event: event.state is ConversationState.JOINED)
            await seen.session.perform(LeaveGroup(rooms[0]))
            await other.ask("POST", f"rooms/{rooms[1]}/leave")
            left = [await last_change(seen, r, lambda e: e.state is ConversationState.LEFT) for r in rooms]
            assert [bool(event.reason) for event in left] == [False, True]
            with pytest.raises(Refused):
                await seen.session.perform(text(rooms[0], "too late"))

    run(work())


@pytest.mark.parametrize("how", ["kick", "ban"])
def test_who_is_sent_out_is_told_why_and_may_come_back(how: str, alice: Person, bob: Person, follow: Follow) -> None:
    async def work() -> None:
        async with bob.device() as far, alice.device() as other, follow(alice) as seen:
            room = await far.make_room(alice.user, name="Club")
            await other.join(room)
            await last_change(seen, room, lambda event: event.state is ConversationState.JOINED)
            await far.say(room, "you must go")
            await far.ask("POST", f"rooms/{room}/{how}", {"user_id": alice.user, "reason": "too loud"})
            left = await last_change(seen, room, lambda event: event.state is ConversationState.LEFT)
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

    run(work())


def test_another_name_and_another_topic_are_quiet_lines_and_the_first_ones_are_none(
    alice: Person, bob: Person, follow: Follow
) -> None:
    async def work() -> None:
        async with bob.device() as far, alice.device() as other, follow(alice) as seen:
            room = await far.make_room(alice.user, name="Old", topic="before")
            await other.join(room)
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

    run(work())


def test_a_space_is_no_conversation(alice: Person, follow: Follow) -> None:
    async def work() -> None:
        async with alice.device() as other:
            space = await other.make_room(name="All of us", creation_content={"type": "m.space"})
            room = await other.make_room(name="One of us")
            async with follow(alice) as seen:
                await last_change(seen, room, lambda _: True)
                assert [e for e in seen.events(ConversationChanged) if e.conversation == space] == []

    run(work())


# Messages


def test_what_is_said_comes_with_its_style_its_html_and_its_mentions(
    alice: Person, bob: Person, follow: Follow
) -> None:
    async def work() -> None:
        async with bob.device() as far, alice.device() as other, follow(alice) as seen:
            room = await far.make_room(alice.user, name="Club")
            await other.join(room)
            await far.say(room, "waves", msgtype="m.emote")
            html = {"format": "org.matrix.custom.html", "formatted_body": "<b>bold</b>"}
            await far.say(room, "bold", **html, **{"m.mentions": {"user_ids": [alice.user]}})
            await far.say(room, "hello Alice", **{"m.mentions": {}})
            await far.say(room, "alice?")
            await far.send(room, "m.room.message", {"msgtype": "m.image", "body": "beach.jpg", "url": "mxc://a/b"})
            await seen.message("alice?")
            emote, bold, quoted, named = [m for m in seen.messages() if isinstance(m.body, str)][:4]
            assert (emote.style, emote.sender_name, emote.own) == (Style.EMOTE, "Bob", False)
            assert (bold.formatted, bold.mention) == ("<b>bold</b>", True)
            assert [quoted.mention, named.mention] == [False, True]
            await seen.until(lambda: any(isinstance(m.body, Sentence) for m in seen.messages()))

    run(work())


def test_what_is_written_here_and_on_another_device_is_our_own(alice: Person, bob: Person, follow: Follow) -> None:
    async def work() -> None:
        async with alice.device() as other, follow(alice) as seen:
            room = await other.make_room(bob.user)
            await other.say(room, "from the other device")
            first = await seen.message("from the other device")
            assert (first.own, first.transaction_id) == (True, None)
            action = text(room, "from here")
            done = await seen.session.perform(action)
            echo = await seen.message("from here")
            assert (echo.own, echo.transaction_id, echo.remote_id) == (True, action.transaction_id, done.remote_id)

    run(work())


def test_the_same_action_twice_is_one_message(alice: Person, bob: Person, follow: Follow) -> None:
    async def work() -> None:
        async with bob.device() as far, follow(alice) as seen:
            room = (await seen.session.perform(StartDirect(bob.user))).conversation or ""
            await far.join(room)
            action = text(room, "once")
            first, again = [await seen.session.perform(action) for _ in range(2)]
            assert first == again
            found = await seen.session.already_sent(action)
            assert (found.sent, found.done) == (Sent.YES, first)
            await seen.session.perform(text(room, "the end"))
            await far.until(lambda: "the end" in far.bodies(room))
            assert far.bodies(room) == ["once", "the end"]

    run(work())


def test_what_an_older_device_may_have_sent_is_not_said_again(alice: Person, bob: Person, follow: Follow) -> None:
    async def work() -> None:
        async with follow(alice) as seen:
            room = (await seen.session.perform(StartDirect(bob.user))).conversation or ""
            await seen.until(lambda: seen.checkpoint)
            young = text(room, "never said")
            old = SendText(room, uuid4().hex, "never said", datetime(2026, 1, 1, tzinfo=UTC))
            assert (await seen.session.already_sent(young)).sent is Sent.NO
            assert (await seen.session.already_sent(old)).sent is Sent.UNKNOWN

    run(work())


def test_an_encrypted_conversation_is_shown_as_one_and_never_written_into_in_plain_text(
    alice: Person, bob: Person, follow: Follow
) -> None:
    async def work() -> None:
        async with bob.device() as far, alice.device() as other, follow(alice) as seen:
            room = await far.make_room(alice.user, name="Secret")
            await other.join(room)
            await seen.session.perform(text(room, "in plain text"))
            await far.set_state(room, "m.room.encryption", {"algorithm": "m.megolm.v1.aes-sha2"})
            sealed = {"algorithm": "m.megolm.v1.aes-sha2", "ciphertext": "x", "session_id": "y"}
            await far.send(room, "m.room.encrypted", sealed)
            await seen.until(lambda: [m for m in seen.messages() if m.sealed])
            (message,) = [m for m in seen.messages() if m.sealed]
            assert isinstance(message.body, Sentence)
            with pytest.raises(Refused):
                await seen.session.perform(text(room, "never"))
            await far.listen()
            assert far.bodies(room) == ["in plain text"]
        async with follow(alice, seen.checkpoint, folder="another place") as again:
            with pytest.raises(Refused):
                await again.session.perform(text(room, "never"))

    run(work())


# Presence, receipts, typing


def test_who_comes_and_goes_is_told_of_those_one_talks_with(
    alice: Person, bob: Person, carol: Person, follow: Follow
) -> None:
    async def work() -> None:
        async with bob.device() as far, carol.device() as third, alice.device() as other, follow(alice) as seen:
            room = (await seen.session.perform(StartDirect(bob.user))).conversation or ""
            await far.join(room)
            club = await third.make_room(alice.user, name="Club")
            await other.join(club)
            await third.ask("PUT", f"presence/{carol.user}/status", {"presence": "online"})
            await far.ask("PUT", f"presence/{bob.user}/status", {"presence": "online", "status_msg": "cooking"})
            here = await seen.event(PresenceChanged, lambda e: e.presence is Presence.ONLINE)
            assert (here.address, here.status) == (bob.user, "cooking")
            assert {e.address for e in seen.events(PresenceChanged)} == {bob.user}

    run(work())


def test_reading_is_told_in_both_directions(alice: Person, bob: Person, follow: Follow) -> None:
    async def work() -> None:
        async with bob.device() as far, alice.device() as other, follow(alice) as seen:
            room = (await seen.session.perform(StartDirect(bob.user))).conversation or ""
            await far.join(room)
            done = await seen.session.perform(text(room, "read this"))
            await far.read(room, done.remote_id or "")
            read = await seen.event(DeliveryChanged, of(room))
            assert (read.message.remote_id, read.delivery, read.up_to) == (done.remote_id, Delivery.READ, True)
            name = await far.say(room, "and this")
            message = await seen.message("and this")
            await other.read(room, name)
            elsewhere = await seen.event(ReadElsewhere, lambda e: e.message.remote_id == name)
            assert elsewhere.conversation == room
            quiet = await far.say(room, "not so loud")
            await seen.message("not so loud")
            ref = MessageRef(remote_id=quiet, reference=message.reference)
            await seen.session.perform(MarkRead(room, ref, tell_sender=False))
            data = await other.ask("GET", f"user/{alice.user}/rooms/{room}/account_data/m.fully_read")
            assert data == {"event_id": quiet}
            await seen.session.perform(MarkRead(room, MessageRef(remote_id=quiet)))
            receipts = [e["content"] for e in (await heard(far, room, "m.receipt", quiet))]
            assert any(alice.user in content.get(quiet, {}).get("m.read", {}) for content in receipts)

    run(work())


async def heard(far: Any, room: str, kind: str, name: str) -> list[dict[str, Any]]:
    """The ephemeral events of a kind that name this, waited for."""
    found = lambda: [e for e in far.ephemeral.get(room, []) if e["type"] == kind and name in str(e)]  # noqa: E731
    events: list[dict[str, Any]] = await far.until(found)
    return events


def test_a_private_receipt_is_not_told_to_others(alice: Person, bob: Person, follow: Follow) -> None:
    async def work() -> None:
        async with bob.device() as far, follow(alice) as seen:
            room = (await seen.session.perform(StartDirect(bob.user))).conversation or ""
            await far.join(room)
            name = await far.say(room, "read in silence")
            await seen.message("read in silence")
            await seen.session.perform(MarkRead(room, MessageRef(remote_id=name), tell_sender=False))
            await seen.session.perform(text(room, "afterwards"))
            await far.until(lambda: "afterwards" in far.bodies(room))
            assert name not in str(far.ephemeral[room])

    run(work())


def test_reading_up_to_something_that_is_no_message_counts_for_the_one_before(
    alice: Person, bob: Person, follow: Follow
) -> None:
    async def work() -> None:
        async with bob.device() as far, alice.device() as other, follow(alice) as seen:
            room = await far.make_room(alice.user, name="Club")
            await other.join(room)
            name = await far.say(room, "a message")
            await far.set_state(room, "m.room.history_visibility", {"history_visibility": "joined"})
            await seen.message("a message")
            await far.listen()
            last = far.events[room][-1]["event_id"]
            assert last != name
            await other.read(room, last)
            await seen.event(ReadElsewhere, lambda e: e.message.remote_id == name)

    run(work())


def test_typing_is_told_in_both_directions(alice: Person, bob: Person, follow: Follow) -> None:
    async def work() -> None:
        async with bob.device() as far, follow(alice) as seen:
            room = (await seen.session.perform(StartDirect(bob.user))).conversation or ""
            await far.join(room)
            await far.typing(room, True)
            types = await seen.event(TypingChanged, of(room))
            assert (types.address, types.typing, types.name) == (bob.user, True, "Bob")
            await far.typing(room, False)
            await seen.event(TypingChanged, lambda e: not e.typing)
            await seen.session.perform(SetTyping(room, True))
            await heard(far, room, "m.typing", alice.user)

    run(work())


# What was missed, and what was before


def test_a_first_look_tells_what_is_unread_as_unread_and_the_rest_as_read(
    alice: Person, bob: Person, follow: Follow
) -> None:
    async def work() -> None:
        async with bob.device() as far, alice.device() as other:
            room = await far.make_room(alice.user, name="Club")
            await other.join(room)
            names = [await far.say(room, f"message {n}") for n in range(4)]
            await other.read(room, names[1])
            quiet = await far.make_room(alice.user, name="All read")
            await other.join(quiet)
            last = await far.say(quiet, "seen")
            await other.read(quiet, last)
            async with follow(alice) as seen:
                await seen.message("seen")
                assert seen.bodies(room) == [f"message {n}" for n in range(4)]
                assert seen.messages(Origin.LIVE) == []
                read = {e.conversation: e.message.remote_id for e in seen.events(ReadElsewhere)}
                assert read == {room: names[1], quiet: last}

    run(work())


def test_more_than_fits_into_an_answer_is_fetched_and_told_in_order(alice: Person, bob: Person, follow: Follow) -> None:
    async def work() -> None:
        async with bob.device() as far, alice.device() as other:
            room = await far.make_room(alice.user, name="Club")
            await other.join(room)
            async with follow(alice) as seen:
                await far.say(room, "before")
                await seen.message("before")
            for number in range(170):
                await far.say(room, f"missed {number}")
            async with follow(alice, seen.checkpoint) as again:
                await again.message("missed 169")
                assert again.bodies(room) == [f"missed {n}" for n in range(170)]
                assert again.messages(Origin.CATCH_UP) == again.messages()
                assert again.events(GapFound) == []

    run(work())


def test_very_much_more_than_fits_leaves_a_gap_that_can_be_filled(
    alice: Person, bob: Person, follow: Follow, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gaps, "PAGE", 5)
    monkeypatch.setattr(gaps, "MOST_PAGES", 2)

    async def work() -> None:
        async with bob.device() as far, alice.device() as other:
            room = await far.make_room(alice.user, name="Club")
            await other.join(room)
            async with follow(alice) as seen:
                await far.say(room, "before")
                await seen.message("before")
            for number in range(70):
                await far.say(room, f"missed {number}")
            async with follow(alice, seen.checkpoint) as again:
                await again.message("missed 69")
                kinds = [type(e) for e in again.batches[0].events if isinstance(e, (GapFound, MessageReceived))]
                assert kinds == [GapFound, *[MessageReceived] * 60]
                oldest = again.messages()[0]
                page = await again.session.older(room, Anchor(oldest.remote_id, oldest.sent_at), 100)
                bodies = [e.body for e in page.batch.events if isinstance(e, MessageReceived)]
                assert bodies == ["before", *(f"missed {n}" for n in range(10))]
                assert page.more in {More.NO, More.YES}

    run(work())


def test_when_what_was_kept_of_rooms_is_lost_the_homeserver_tells_it_again(
    alice: Person, bob: Person, follow: Follow
) -> None:
    async def work() -> None:
        async with bob.device() as far, alice.device() as other:
            room = await far.make_room(alice.user, name="Club")
            await other.join(room)
            async with follow(alice) as seen:
                await last_change(seen, room, lambda event: event.name == "Club")
            await far.say(room, "meanwhile")
            async with follow(alice, seen.checkpoint, folder="another place") as again:
                message = await again.message("meanwhile")
                assert message.sender_name == "Bob"
                changed = await last_change(again, room, lambda event: event.name == "Club")
                assert changed.state is ConversationState.JOINED

    run(work())


def test_a_room_that_was_left_is_forgotten_there_too_and_one_may_come_again(
    alice: Person, bob: Person, follow: Follow
) -> None:
    async def work() -> None:
        async with bob.device() as far, alice.device() as other, follow(alice) as seen:
            room = await far.make_room(alice.user, name="Garden")
            await seen.event(InvitationReceived, of(room))
            await seen.session.perform(AcceptInvitation(room))
            await last_change(seen, room, lambda event: event.state is ConversationState.JOINED)
            with pytest.raises(Refused):
                await seen.session.perform(ForgetGroup(room))
            await seen.session.perform(LeaveGroup(room))
            await last_change(seen, room, lambda event: event.state is ConversationState.LEFT)
            assert await other.ask("GET", f"rooms/{room}/messages", dir="b")
            await seen.session.perform(ForgetGroup(room))
            with pytest.raises(Refusal):
                await other.ask("GET", f"rooms/{room}/messages", dir="b")
            count = len(seen.events(InvitationReceived))
            await far.ask("POST", f"rooms/{room}/invite", {"user_id": alice.user})
            await seen.until(lambda: len(seen.events(InvitationReceived)) > count)

    run(work())


def test_a_room_without_a_name_is_called_after_who_is_in_it_and_when_they_are_gone_after_who_was(
    alice: Person, bob: Person, follow: Follow
) -> None:
    async def work() -> None:
        async with bob.device() as far, alice.device() as other, follow(alice) as seen:
            room = await other.make_room(bob.user)
            await last_change(seen, room, lambda event: (event.name, event.former) == ("Bob", ""))
            await far.join(room)
            await far.ask("POST", f"rooms/{room}/leave")
            await last_change(seen, room, lambda event: (event.name, event.former) == ("", "Bob"))
            alone = await other.make_room()
            await last_change(seen, alone, lambda event: (event.name, event.former) == ("", ""))

    run(work())
