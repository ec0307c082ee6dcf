"""The line itself: a dead one is noticed, a server without an archive will do, poison is left out."""

import asyncio
from collections.abc import Coroutine
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from tests.networks.conftest import User
from tests.networks.xmpp.conftest import Follow
from tests.prosody import Prosody
from webapp.networks.actions import JoinGroup, SendText
from webapp.networks.contract import Anchor, More, Sent
from webapp.networks.errors import Unreachable
from webapp.networks.events import Event, GapFound, MessageReceived, Origin
from webapp.networks.xmpp import wire
from webapp.networks.xmpp.archive import Archives
from webapp.networks.xmpp.refusals import Declined

pytestmark = pytest.mark.servers


def run(work: Coroutine[Any, Any, None]) -> None:
    asyncio.run(work)


def text(conversation: str, body: str) -> SendText:
    return SendText(conversation, uuid4().hex, body, datetime.now(UTC))


def test_a_dead_line_is_noticed_in_time() -> None:
    assert wire.PING_EVERY + wire.PONG_WITHIN <= 45


def test_a_server_that_hangs_is_noticed_and_what_was_written_is_not_called_sent(
    follow: Follow, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(wire, "PING_EVERY", 1.0)
    monkeypatch.setattr(wire, "PONG_WITHIN", 2.0)

    async def talk(prosody: Prosody) -> None:
        user = User(prosody.add_user("alice", "pw"), "pw", prosody)
        prosody.add_user("bob", "pw")
        async with follow(user) as seen:
            await seen.session.perform(text("bob@chat.test", "before"))
            prosody.pause()
            action = text("bob@chat.test", "into the void")
            with pytest.raises(Unreachable):
                await seen.session.perform(action)
            await seen.until(lambda: seen.trouble)
            assert isinstance(seen.trouble, Unreachable)
        prosody.go_on()
        async with follow(user, seen.checkpoint) as again:
            found = await again.session.already_sent(action)
            if found.sent is Sent.NO:
                await again.session.perform(action)
            page = await again.session.older("bob@chat.test", Anchor(), 10)
            bodies = [getattr(event, "body", "") for event in page.batch.events]
            assert bodies == ["before", "into the void"]

    with Prosody(tmp_path / "prosody") as prosody:
        run(talk(prosody))


def test_a_server_without_an_archive_is_honest_about_it(follow: Follow, tmp_path: Path) -> None:
    async def talk(prosody: Prosody) -> None:
        alice = User(prosody.add_user("alice", "pw"), "pw", prosody)
        bob = User(prosody.add_user("bob", "pw"), "pw", prosody)
        far = await bob.device().sign_in()
        room = f"den@{prosody.muc}"
        await far.join(room, "Bob")
        far.say(room, "before", kind="groupchat")
        async with follow(alice) as seen:
            far.say(alice.address, "hello")
            assert (await seen.message("hello")).remote_id is None
            await seen.session.perform(action := text(bob.address, "hello Bob"))
            await far.hear("hello Bob")
            assert (await seen.session.already_sent(action)).sent is Sent.UNKNOWN
            assert (await seen.session.older(bob.address, Anchor(), 10)).more is More.NO
            await seen.session.perform(JoinGroup(room))
            await seen.message("before")
            await seen.session.perform(text(room, "hello all"))
            await far.hear("hello all", room)
            await seen.message("hello all")
        far.say(room, "missed", kind="groupchat")
        async with follow(alice, seen.checkpoint) as again:
            await again.message("missed")
            await again.quiet()
            assert [m.body for m in again.messages(Origin.CATCH_UP)] == ["missed"]
            assert again.bodies(room) == ["missed"]
            assert again.events(GapFound) == []
        for number in range(25):
            far.say(room, f"missed {number}", kind="groupchat")
        await far.ask("get", "<ping xmlns='urn:xmpp:ping'/>")
        async with follow(alice, again.checkpoint) as third:
            await third.message("missed 24")
            told = [e for e in third.events(Event) if isinstance(e, GapFound | MessageReceived)]
            assert told[0] == GapFound(room)
            assert third.bodies(room) == [f"missed {number}" for number in range(5, 25)]
        await far.sign_out()

    with Prosody(tmp_path / "prosody", archive=False) as prosody:
        run(talk(prosody))


def test_five_hundred_poison_stanzas_do_not_stop_the_next_word(follow: Follow, alice: User, bob: User) -> None:
    async def talk() -> None:
        far = await bob.device().sign_in()
        poison = [
            "<message to='{0}' type='chat'><x xmlns='jabber:x:conference' jid='@@'/></message>",
            "<message to='{0}'><forwarded xmlns='urn:xmpp:forward:0'><message/></forwarded></message>",
            "<message to='{0}' type='chat'><x xmlns='http://jabber.org/protocol/muc#user'>"
            "<invite from='@'/></x></message>",
            "<message to='{0}' type='chat'><reactions xmlns='urn:xmpp:reactions:0'><reaction/></reactions></message>",
            "<message to='{0}' type='error'/>",
        ]
        async with follow(alice) as seen:
            for number in range(500):
                far.raw(poison[number % len(poison)].format(alice.address))
            far.say(alice.address, "the next word")
            await seen.message("the next word")
            assert seen.trouble is None
        async with follow(alice, seen.checkpoint) as again:
            await again.quiet()
            assert again.bodies() == []
        await far.sign_out()

    run(talk())


def test_a_checkpoint_that_makes_no_sense_is_a_first_time(follow: Follow, alice: User, bob: User) -> None:
    async def talk() -> None:
        far = await bob.device().sign_in()
        for nonsense in (b"\xff\xfe", b"[]", b'{"": 1}', b'{"": ["no-such-name", "2026-01-01T00:00:00+00:00"]}'):
            far.say(alice.address, f"hello {nonsense!r}")
            async with follow(alice, nonsense) as seen:
                await seen.message(f"hello {nonsense!r}")
        await far.sign_out()

    run(talk())


def test_an_archive_that_refuses_once_costs_nothing(
    follow: Follow, alice: User, bob: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def refuse(*_: object, **__: object) -> None:
        raise Declined("internal-server-error")

    async def talk() -> None:
        far = await bob.device().sign_in()
        async with follow(alice) as seen:
            far.say(alice.address, "before")
            await seen.message("before")
        far.say(alice.address, "missed")
        await far.ask("get", "<ping xmlns='urn:xmpp:ping'/>")
        with monkeypatch.context() as patch:
            patch.setattr(Archives, "page", refuse)
            async with follow(alice, seen.checkpoint) as blind:
                far.say(alice.address, "live")
                await blind.message("live")
        async with follow(alice, blind.checkpoint) as again:
            await again.message("live")
            assert again.bodies() == ["missed", "live"]
        await far.sign_out()

    run(talk())
