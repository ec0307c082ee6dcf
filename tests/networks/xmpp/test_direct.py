"""One to one: text both ways, what was missed, history, the person's phone, receipts and markers."""

import asyncio
from collections.abc import Coroutine
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import pytest

from tests.networks.conftest import User
from tests.networks.xmpp.conftest import Follow
from webapp.networks.actions import MarkRead, SendText, SetTyping
from webapp.networks.contract import Anchor, More, Sent
from webapp.networks.errors import Refused
from webapp.networks.events import (
    Delivery,
    DeliveryChanged,
    MessageReceived,
    MessageRef,
    Origin,
    ReadElsewhere,
    TypingChanged,
)

pytestmark = pytest.mark.servers


def run(work: Coroutine[Any, Any, None]) -> None:
    asyncio.run(work)


def text(conversation: str, body: str, name: str | None = None) -> SendText:
    return SendText(conversation, name or uuid4().hex, body, datetime.now(UTC))


def test_text_goes_both_ways(follow: Follow, alice: User, bob: User) -> None:
    async def talk() -> None:
        far = await bob.device().sign_in()
        async with follow(alice) as seen:
            done = await seen.session.perform(action := text(bob.address, "hello\nBob <&> 👋"))
            heard = await far.hear("hello\nBob <&> 👋", alice.address)
            assert heard.get("id") == action.transaction_id == done.reference
            name = far.say(alice.address, "hello Alice")
            message = await seen.message("hello Alice")
            assert (message.conversation, message.sender, message.own) == (bob.address, bob.address, False)
            assert message.transaction_id == message.reference == name
            assert message.remote_id
        await far.sign_out()

    run(talk())


def test_what_arrived_while_away_arrives_once_and_in_order(follow: Follow, alice: User, bob: User) -> None:
    async def talk() -> None:
        far = await bob.device().sign_in()
        async with follow(alice) as seen:
            far.say(alice.address, "before")
            await seen.message("before")
        checkpoint, first = seen.checkpoint, seen.bodies()
        for number in range(30):
            far.say(alice.address, f"missed {number}")
        await far.ask("get", "<ping xmlns='urn:xmpp:ping'/>")
        async with follow(alice, checkpoint) as again:
            far.say(alice.address, "live")
            await again.message("live")
            assert again.bodies() == [f"missed {number}" for number in range(30)] + ["live"]
            assert {m.body for m in again.messages(Origin.CATCH_UP)} >= {f"missed {n}" for n in range(30)}
        assert first == ["before"]
        async with follow(alice, again.checkpoint) as third:
            await third.quiet()
            assert third.bodies() == []
        await far.sign_out()

    run(talk())


def test_a_first_sign_in_shows_the_latest_page_as_old(follow: Follow, alice: User, bob: User) -> None:
    async def talk() -> None:
        far, phone = await bob.device().sign_in(), await alice.device("phone").sign_in()
        for number in range(5):
            far.say(alice.address, f"old {number}")
        await phone.hear("old 4")
        async with follow(alice) as seen:
            await seen.message("old 4")
            assert [m.body for m in seen.messages(Origin.BACKFILL)] == [f"old {n}" for n in range(5)]
        await far.sign_out()
        await phone.sign_out()

    run(talk())


def test_five_hundred_messages_of_history_are_paged_back(follow: Follow, alice: User, bob: User) -> None:
    async def talk() -> None:
        far = await bob.device().sign_in()
        for number in range(500):
            far.say(alice.address, f"number {number}")
        await far.ask("get", "<ping xmlns='urn:xmpp:ping'/>")
        async with follow(alice) as seen:
            await seen.message("number 499")
            found: list[object] = []
            anchor, more = Anchor(), More.YES
            while more is More.YES:
                page = await seen.session.older(bob.address, anchor, 100)
                messages = [e for e in page.batch.events if isinstance(e, MessageReceived)]
                found = [m.body for m in messages] + found
                assert page.batch.origin is Origin.BACKFILL
                if messages:
                    anchor = Anchor(messages[0].remote_id, messages[0].sent_at)
                more = page.more
            assert found == [f"number {n}" for n in range(500)]
        await far.sign_out()

    run(talk())


def test_five_hundred_messages_at_once_make_few_batches(follow: Follow, alice: User, bob: User) -> None:
    async def talk() -> None:
        far = await bob.device().sign_in()
        async with follow(alice) as seen:
            for number in range(500):
                far.say(alice.address, f"burst {number}")
            await seen.message("burst 499")
            assert seen.bodies() == [f"burst {n}" for n in range(500)]
            assert len(seen.batches) < 150
        await far.sign_out()

    run(talk())


def test_what_the_person_says_on_their_phone_is_their_own(follow: Follow, alice: User, bob: User) -> None:
    async def talk() -> None:
        far, phone = await bob.device().sign_in(), await alice.device("phone", carbons=True).sign_in()
        async with follow(alice) as seen:
            name = phone.say(bob.address, "from the phone")
            message = await seen.message("from the phone")
            assert message.own
            assert (message.conversation, message.sender) == (bob.address, alice.address)
            assert message.transaction_id == name
            far.say(phone.boundjid.full, "to the phone")
            heard = await seen.message("to the phone")
            assert (heard.conversation, heard.own) == (bob.address, False)
            await seen.session.perform(text(bob.address, "from here"))
            await phone.until(lambda: phone.having("{urn:xmpp:carbons:2}sent"))
        async with follow(alice, seen.checkpoint) as again:
            await again.quiet()
            ids = {m.transaction_id for m in seen.messages()} | {m.remote_id for m in seen.messages()}
            news = [m for m in again.messages() if m.transaction_id not in ids and m.remote_id not in ids]
            assert [m.body for m in news if m.body != "from here"] == []
        await far.sign_out()
        await phone.sign_out()

    run(talk())


def test_receipts_and_markers_of_the_other_side_move_the_delivery(follow: Follow, alice: User, bob: User) -> None:
    async def talk() -> None:
        far = await bob.device().sign_in()
        async with follow(alice) as seen:
            await seen.session.perform(action := text(bob.address, "did you get it?"))
            heard = await far.hear("did you get it?")
            assert heard.find("{urn:xmpp:receipts}request") is not None
            far.receipt(alice.address, action.transaction_id)
            delivered = await seen.event(DeliveryChanged)
            assert (delivered.delivery, delivered.up_to) == (Delivery.DELIVERED, False)
            assert delivered.message.transaction_id == action.transaction_id
            far.mark(alice.address, "displayed", action.transaction_id)
            read = await seen.event(DeliveryChanged, lambda e: e.delivery is Delivery.READ)
            assert read.up_to
        await far.sign_out()

    run(talk())


def test_receipts_and_markers_go_out_to_those_whom_the_person_writes_to(follow: Follow, alice: User, bob: User) -> None:
    async def talk() -> None:
        far = await bob.device().sign_in()
        request = "<request xmlns='urn:xmpp:receipts'/><markable xmlns='urn:xmpp:chat-markers:0'/>"
        async with follow(alice) as seen:
            far.say(alice.address, "a stranger's", more=request)
            await seen.message("a stranger's")
            await seen.quiet()
            assert far.having("{urn:xmpp:receipts}received") == []
            await seen.session.perform(text(bob.address, "hello stranger"))
            name = far.say(alice.address, "not a stranger's", more=request)
            await far.until(lambda: far.having(f"{{urn:xmpp:receipts}}received[@id='{name}']"))
            message = await seen.message("not a stranger's")
            ref = MessageRef(message.remote_id, message.transaction_id, message.reference)
            await seen.session.perform(MarkRead(bob.address, ref))
            await far.until(lambda: far.having(f"{{urn:xmpp:chat-markers:0}}displayed[@id='{name}']"))
        await far.sign_out()

    run(talk())


def test_typing_is_seen_on_both_sides(follow: Follow, alice: User, bob: User) -> None:
    async def talk() -> None:
        far = await bob.device().sign_in()
        async with follow(alice) as seen:
            await seen.session.perform(text(bob.address, "hello"))
            far.typing(alice.address)
            typing = await seen.event(TypingChanged)
            assert (typing.conversation, typing.address, typing.typing) == (bob.address, bob.address, True)
            far.typing(alice.address, "paused")
            await seen.event(TypingChanged, lambda e: not e.typing)
            await seen.session.perform(SetTyping(bob.address, True))
            await far.until(lambda: far.having("{http://jabber.org/protocol/chatstates}composing"))
        await far.sign_out()

    run(talk())


def test_the_read_position_is_in_step_with_other_devices(follow: Follow, alice: User, bob: User) -> None:
    async def talk() -> None:
        far, phone = await bob.device().sign_in(), await alice.device("phone", carbons=True).sign_in()
        async with follow(alice) as seen:
            far.say(alice.address, "read me")
            message = await seen.message("read me")
            ref = MessageRef(message.remote_id, message.transaction_id, message.reference)
            await seen.session.perform(MarkRead(bob.address, ref))
            node = "<items node='urn:xmpp:mds:displayed:0'/>"
            answer = await phone.ask("get", f"<pubsub xmlns='http://jabber.org/protocol/pubsub'>{node}</pubsub>")
            found = answer.find(".//{urn:xmpp:sid:0}stanza-id")
            assert found is not None
            assert (found.get("id"), found.get("by")) == (message.remote_id, alice.address)
            far.say(alice.address, "read on the phone")
            second = await seen.message("read on the phone")
            phone.mark(bob.address, "displayed", str(second.reference))
            elsewhere = await seen.event(ReadElsewhere, lambda e: e.message.reference == second.reference)
            assert elsewhere.conversation == bob.address
        async with follow(alice, seen.checkpoint) as again:
            position = await again.event(ReadElsewhere, lambda e: e.message.remote_id == message.remote_id)
            assert position.conversation == bob.address
        await far.sign_out()
        await phone.sign_out()

    run(talk())


def test_an_action_is_found_again_if_it_went_out_and_only_then(follow: Follow, alice: User, bob: User) -> None:
    async def talk() -> None:
        async with follow(alice) as seen:
            await seen.session.perform(sent := text(bob.address, "went out"))
            found = await seen.session.already_sent(sent)
            assert found.sent is Sent.YES
            assert found.done is not None
            assert found.done.remote_id
            assert (await seen.session.already_sent(text(bob.address, "went out"))).sent is Sent.NO

    run(talk())


def test_an_archive_that_keeps_nothing_of_somebody_proves_nothing(follow: Follow, alice: User, bob: User) -> None:
    async def talk() -> None:
        phone = await alice.device("phone").sign_in()
        never = "<prefs xmlns='urn:xmpp:mam:2' default='{}'><always>{}</always><never/></prefs>"
        for prefs, answer in (
            (never.format("never", ""), Sent.UNKNOWN),
            (never.format("roster", ""), Sent.UNKNOWN),
            (never.format("never", f"<jid>{bob.address}</jid>"), Sent.NO),
        ):
            await phone.ask("set", prefs)
            async with follow(alice) as seen:
                assert (await seen.session.already_sent(text(bob.address, "never said"))).sent is answer
        await phone.sign_out()

    run(talk())


def test_a_message_to_nobody_is_refused_in_words(follow: Follow, alice: User) -> None:
    async def talk() -> None:
        async with follow(alice) as seen:
            with pytest.raises(Refused) as refused:
                await seen.session.perform(text("nobody-here@chat.test", "hello?"))
            assert "address" in refused.value.reason.msgid
            with pytest.raises(Refused):
                await seen.session.perform(text("someone@elsewhere.invalid", "hello?"))

    run(talk())


def test_a_message_sent_while_it_is_cancelled_is_sent_at_most_once(follow: Follow, alice: User, bob: User) -> None:
    async def talk() -> None:
        far = await bob.device().sign_in()
        async with follow(alice) as seen:
            action = text(bob.address, "perhaps")
            task = asyncio.create_task(seen.session.perform(action))
            await asyncio.sleep(0)
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
            if (await seen.session.already_sent(action)).sent is Sent.NO:
                await seen.session.perform(action)
            await seen.session.perform(text(bob.address, "the end"))
            await far.hear("the end")
            assert far.bodies(alice.address) == ["perhaps", "the end"]
        await far.sign_out()

    run(talk())


def test_text_that_xml_cannot_carry_does_not_end_the_stream(follow: Follow, alice: User, bob: User) -> None:
    async def talk() -> None:
        far = await bob.device().sign_in()
        async with follow(alice) as seen:
            await seen.session.perform(text(bob.address, "a\x00b\x08c\ud800d\ufffee"))
            await far.hear("abcde")
            await seen.session.perform(text(bob.address, "x" * 60_000))
            await far.until(lambda: any(len(body) == 60_000 for body in far.bodies()))
        await far.sign_out()

    run(talk())
