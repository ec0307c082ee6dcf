"""Rooms: entering, talking, missing nothing, being invited, making one, being put out."""

import asyncio
from collections.abc import Coroutine
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import pytest
from slixmpp.exceptions import PresenceError

from tests.far_side import FarSide
from tests.networks.conftest import User
from tests.networks.following import Following
from tests.networks.xmpp.conftest import Follow
from webapp.languages import Sentence, translations
from webapp.networks.actions import (
    AcceptInvitation,
    CreateGroup,
    DeclineInvitation,
    InviteMembers,
    JoinGroup,
    LeaveGroup,
    MarkRead,
    SendText,
    SetSubject,
    StartDirect,
)
from webapp.networks.contract import Anchor, Sent
from webapp.networks.errors import Refused, Unreachable
from webapp.networks.events import (
    ConversationChanged,
    ConversationKind,
    ConversationState,
    InvitationReceived,
    MembersChanged,
    MessageReceived,
    MessageRef,
    Origin,
)
from webapp.networks.xmpp import attempts, entrance

pytestmark = pytest.mark.servers


def run(work: Coroutine[Any, Any, None]) -> None:
    asyncio.run(work)


def text(conversation: str, body: str) -> SendText:
    return SendText(conversation, uuid4().hex, body, datetime.now(UTC))


async def room_of(far: FarSide, muc: str) -> str:
    """A room that the far side made."""
    room = f"den-{uuid4().hex[:8]}@{muc}"
    await far.join(room, "Bob")
    return room


async def state(seen: Following, room: str, wanted: ConversationState) -> ConversationChanged:
    return await seen.event(ConversationChanged, lambda e: e.conversation == room and e.state is wanted)


def words(reason: Sentence | None) -> str:
    assert reason is not None
    return reason.in_words(translations("en"))


def test_people_talk_in_a_room(follow: Follow, alice: User, bob: User) -> None:
    async def talk() -> None:
        far = await bob.device().sign_in()
        room = await room_of(far, alice.prosody.muc)
        far.say(room, "said before Alice came", kind="groupchat")
        async with follow(alice) as seen:
            assert (await seen.session.perform(JoinGroup(room))).conversation == room
            await state(seen, room, ConversationState.JOINED)
            old = await seen.message("said before Alice came")
            assert seen.messages(Origin.BACKFILL) == [old]
            members = await seen.event(MembersChanged, lambda e: e.complete and e.conversation == room)
            assert {m.name for m in members.members} >= {"Bob"}
            done = await seen.session.perform(action := text(room, "hello Bob"))
            heard = await far.hear("hello Bob", room)
            assert heard.get("type") == "groupchat"
            echo = await seen.message("hello Bob")
            assert echo.own
            assert (echo.remote_id, echo.transaction_id) == (done.remote_id, action.transaction_id)
            assert echo.remote_id
            nick = alice.address.partition("@")[0]
            far.say(room, f"{nick}: hello yourself", kind="groupchat")
            message = await seen.message(f"{nick}: hello yourself")
            assert (message.kind, message.sender_name, message.own) == (ConversationKind.GROUP, "Bob", False)
            assert message.mention
            assert message.reference == message.remote_id
            await seen.session.perform(MarkRead(room, MessageRef(message.remote_id, None, message.reference)))
            await far.until(lambda: far.having(f"{{urn:xmpp:chat-markers:0}}displayed[@id='{message.remote_id}']"))
            assert (await seen.session.already_sent(action)).sent is Sent.YES
            assert (await seen.session.already_sent(text(room, "never said"))).sent is Sent.NO
        await far.sign_out()

    run(talk())


def test_a_room_is_entered_again_and_what_was_missed_arrives_once(follow: Follow, alice: User, bob: User) -> None:
    async def talk() -> None:
        far = await bob.device().sign_in()
        room = await room_of(far, alice.prosody.muc)
        async with follow(alice) as seen:
            await seen.session.perform(JoinGroup(room))
            far.say(room, "heard", kind="groupchat")
            await seen.message("heard")
        for number in range(20):
            far.say(room, f"missed {number}", kind="groupchat")
        await far.ask("get", "<ping xmlns='urn:xmpp:ping'/>")
        async with follow(alice, seen.checkpoint) as again:
            await again.message("missed 19")
            far.say(room, "live again", kind="groupchat")
            await again.message("live again")
            assert again.bodies(room) == [f"missed {n}" for n in range(20)] + ["live again"]
            await again.session.perform(text(room, "me too"))
        async with follow(alice, again.checkpoint) as third:
            await state(third, room, ConversationState.JOINED)
            await third.quiet()
            assert third.bodies(room) == []
            page = await third.session.older(room, Anchor(), 10)
            bodies = [e.body for e in page.batch.events if isinstance(e, MessageReceived)]
            assert bodies[-2:] == ["live again", "me too"]
            assert [e.own for e in page.batch.events if isinstance(e, MessageReceived)][-2:] == [False, True]
        await far.sign_out()

    run(talk())


def test_a_message_can_wait_for_the_room_to_open(follow: Follow, alice: User, bob: User) -> None:
    async def talk() -> None:
        far = await bob.device().sign_in()
        room = await room_of(far, alice.prosody.muc)
        async with follow(alice) as seen:
            await seen.session.perform(JoinGroup(room))
        async with follow(alice, seen.checkpoint) as again:
            await again.session.perform(text(room, "straight away"))
            await far.hear("straight away", room)
        await far.sign_out()

    run(talk())


def test_a_room_that_is_made_lets_in_only_whom_we_invite(follow: Follow, alice: User, bob: User, carol: User) -> None:
    async def talk() -> None:
        b, c = await bob.device().sign_in(), await carol.device().sign_in()
        async with follow(alice) as seen:
            done = await seen.session.perform(CreateGroup("", "Family", (bob.address,)))
            room = done.conversation or ""
            made = await state(seen, room, ConversationState.JOINED)
            assert made.name == "Family"
            invited = await b.until(lambda: b.having("{jabber:x:conference}x"))
            assert invited[0].find("{jabber:x:conference}x").get("jid") == room  # type: ignore[union-attr]
            await b.join(room, "Bob")
            b.say(room, "nice here", kind="groupchat")
            message = await seen.message("nice here")
            assert message.sender == bob.address
            with pytest.raises((PresenceError, TimeoutError)):
                await c.plugin["xep_0045"].join_muc_wait(room, "Carol", timeout=3)
            await seen.session.perform(InviteMembers(room, (carol.address,)))
            await c.until(lambda: c.having("{jabber:x:conference}x"))
            await c.join(room, "Carol")
            await seen.event(MembersChanged, lambda e: any(m.address == carol.address for m in e.members))
            await seen.session.perform(SetSubject(room, "Dinner at six"))
            topic = await seen.event(ConversationChanged, lambda e: e.topic == "Dinner at six")
            assert topic.conversation == room
        await b.sign_out()
        await c.sign_out()

    run(talk())


def test_invitations_are_asked_and_answered(follow: Follow, alice: User, bob: User) -> None:
    async def talk() -> None:
        far = await bob.device().sign_in()
        direct, mediated = await room_of(far, alice.prosody.muc), await room_of(far, alice.prosody.muc)
        async with follow(alice) as seen:
            far.plugin["xep_0249"].send_invitation(alice.address, direct, reason="come")
            invitation = await seen.event(InvitationReceived, lambda e: e.conversation == direct)
            assert (invitation.kind, invitation.sender, invitation.text) == (
                ConversationKind.GROUP,
                bob.address,
                "come",
            )
            far.plugin["xep_0045"].invite(mediated, alice.address, "you too")
            second = await seen.event(InvitationReceived, lambda e: e.conversation == mediated)
            assert (second.sender_name, second.text) == ("Bob", "you too")
            await seen.session.perform(AcceptInvitation(direct))
            await state(seen, direct, ConversationState.JOINED)
            await seen.session.perform(DeclineInvitation(mediated))
            await far.until(lambda: far.having("{http://jabber.org/protocol/muc#user}decline"))
            await state(seen, mediated, ConversationState.DECLINED)
        await far.sign_out()

    run(talk())


def test_what_cannot_be_entered_is_refused_in_words(follow: Follow, alice: User) -> None:
    async def talk() -> None:
        async with follow(alice) as seen:
            for address in (f"nothing-here@{alice.prosody.muc}", "not an address", "a@b@c", ""):
                with pytest.raises(Refused):
                    await seen.session.perform(JoinGroup(address))
            with pytest.raises(Refused):
                await seen.session.perform(text(f"nothing-here@{alice.prosody.muc}", "hello?"))

    run(talk())


def test_the_address_of_a_room_may_be_given_where_a_person_is_expected(follow: Follow, alice: User, bob: User) -> None:
    async def talk() -> None:
        far = await bob.device().sign_in()
        room = await room_of(far, alice.prosody.muc)
        async with follow(alice) as seen:
            assert (await seen.session.perform(StartDirect(room))).conversation == room
            await state(seen, room, ConversationState.JOINED)
            assert (await seen.session.perform(StartDirect(bob.address))).conversation == bob.address
        await far.sign_out()

    run(talk())


def test_leaving_and_being_put_out(follow: Follow, alice: User, bob: User) -> None:
    async def talk() -> None:
        far = await bob.device().sign_in()
        left, kicked = await room_of(far, alice.prosody.muc), await room_of(far, alice.prosody.muc)
        async with follow(alice) as seen:
            await seen.session.perform(JoinGroup(left))
            await seen.session.perform(JoinGroup(kicked))
            await seen.session.perform(LeaveGroup(left))
            await state(seen, left, ConversationState.LEFT)
            with pytest.raises(Refused):
                await seen.session.perform(text(left, "am I still here?"))
            nick = alice.address.partition("@")[0]
            await far.plugin["xep_0045"].set_role(kicked, nick, "none")
            assert words((await state(seen, kicked, ConversationState.LEFT)).reason).startswith("A moderator sent you")
            assert (await state(seen, left, ConversationState.LEFT)).reason is None
        async with follow(alice, seen.checkpoint) as again:
            await again.quiet(0.5)
            joined = [e.conversation for e in again.events(ConversationChanged) if e.state is ConversationState.JOINED]
            assert left not in joined
        await far.sign_out()

    run(talk())


def test_why_one_was_put_out_is_told_with_the_words_of_whoever_did_it(follow: Follow, alice: User, bob: User) -> None:
    async def talk() -> None:
        far = await bob.device().sign_in()
        nick, muc = alice.address.partition("@")[0], "http://jabber.org/protocol/muc"
        ways = {
            f"<query xmlns='{muc}#admin'><item nick='{nick}' role='none'><reason>{{}}</reason></item></query>": "sent",
            f"<query xmlns='{muc}#admin'><item jid='{alice.address}' affiliation='outcast'><reason>{{}}</reason></item>"
            "</query>": "banned",
            f"<query xmlns='{muc}#owner'><destroy><reason>{{}}</reason></destroy></query>": "closed for good",
        }
        async with follow(alice) as seen:
            for number, (way, word) in enumerate(ways.items()):
                room = await room_of(far, alice.prosody.muc)
                await seen.session.perform(JoinGroup(room))
                await far.ask("set", way.format(f"too loud {number}"), room)
                told = words((await state(seen, room, ConversationState.LEFT)).reason)
                assert word in told
                assert told.endswith(f"The reason that was given: too loud {number}")
        await far.sign_out()

    run(talk())


def test_rooms_follow_the_persons_other_devices(follow: Follow, alice: User, bob: User) -> None:
    async def talk() -> None:
        far, phone = await bob.device().sign_in(), await alice.device("phone").sign_in()
        room = await room_of(far, alice.prosody.muc)
        pubsub = "<pubsub xmlns='http://jabber.org/protocol/pubsub'>{}</pubsub>"
        bookmark = f"<item id='{room}'><conference xmlns='urn:xmpp:bookmarks:1' autojoin='true' name='Den'/></item>"
        publish = f"<publish node='urn:xmpp:bookmarks:1'>{bookmark}</publish>"
        retract = f"<retract node='urn:xmpp:bookmarks:1' notify='true'><item id='{room}'/></retract>"
        async with follow(alice) as seen:
            await phone.ask("set", pubsub.format(publish))
            joined = await state(seen, room, ConversationState.JOINED)
            assert joined.name == "Den"
            far.say(room, "hello both", kind="groupchat")
            await seen.message("hello both")
            await phone.ask("set", pubsub.format(retract))
            assert "another device" in words((await state(seen, room, ConversationState.LEFT)).reason)
        await far.sign_out()
        await phone.sign_out()

    run(talk())


def test_a_nick_that_is_taken_is_no_obstacle(follow: Follow, alice: User, bob: User) -> None:
    async def talk() -> None:
        far = await bob.device().sign_in()
        room = f"den-{uuid4().hex[:8]}@{alice.prosody.muc}"
        await far.join(room, alice.address.partition("@")[0])
        async with follow(alice) as seen:
            await seen.session.perform(JoinGroup(room))
            far.say(room, "who are you?", kind="groupchat")
            assert not (await seen.message("who are you?")).own
            await seen.session.perform(text(room, "another Alice"))
            assert (await seen.message("another Alice")).own
        await far.sign_out()

    run(talk())


def test_a_room_that_does_not_answer_is_tried_again_and_messages_wait_for_it(
    follow: Follow, alice: User, bob: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def talk() -> None:
        far = await bob.device().sign_in()
        room, left = await room_of(far, alice.prosody.muc), await room_of(far, alice.prosody.muc)
        async with follow(alice) as seen:
            await seen.session.perform(JoinGroup(room))
            await seen.session.perform(JoinGroup(left))
        monkeypatch.setattr(entrance, "ENTER_WITHIN", 0.0)
        monkeypatch.setattr(attempts, "PAUSES", (0.2,))
        async with follow(alice, seen.checkpoint) as again:
            for _ in range(2):
                with pytest.raises(Unreachable):
                    await again.session.perform(action := text(room, "at last"))
                assert (await again.session.already_sent(action)).sent is Sent.NO
            await again.session.perform(LeaveGroup(left))
            monkeypatch.setattr(entrance, "ENTER_WITHIN", 20.0)
            await state(again, room, ConversationState.JOINED)
            await again.session.perform(action)
            await far.hear("at last", room)
            with pytest.raises(Refused):
                await again.session.perform(text(left, "am I still here?"))
        await far.sign_out()

    run(talk())


def test_a_room_that_bans_us_while_we_are_away_is_left(follow: Follow, alice: User, bob: User) -> None:
    async def talk() -> None:
        far = await bob.device().sign_in()
        room = await room_of(far, alice.prosody.muc)
        async with follow(alice) as seen:
            await seen.session.perform(JoinGroup(room))
        banned = f"<item affiliation='outcast' jid='{alice.address}'/>"
        await far.ask("set", f"<query xmlns='http://jabber.org/protocol/muc#admin'>{banned}</query>", room)
        async with follow(alice, seen.checkpoint) as again:
            assert "banned" in words((await state(again, room, ConversationState.LEFT)).reason)
            with pytest.raises(Refused):
                await again.session.perform(text(room, "am I still here?"))
        await far.sign_out()

    run(talk())


def test_a_room_that_its_server_forgot_is_there_again(follow: Follow, alice: User, bob: User) -> None:
    async def talk() -> None:
        far = await bob.device().sign_in()
        room = await room_of(far, alice.prosody.muc)
        async with follow(alice) as seen:
            await seen.session.perform(JoinGroup(room))
        far.raw(f"<presence to='{room}/Bob' type='unavailable'/>")
        await far.until_gone(room)
        async with follow(alice, seen.checkpoint) as again:
            await again.session.perform(text(room, "nobody here"))
            await far.join(room, "Bob")
            await again.session.perform(text(room, "together again"))
            await far.hear("together again", room)
        await far.sign_out()

    run(talk())
