"""What only we remember: rooms that their server forgot, and rooms on a server that keeps no bookmarks."""

import asyncio
from collections.abc import Coroutine, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from slixmpp.exceptions import PresenceError

from tests.far_side import FarSide
from tests.networks.conftest import User, new_user
from tests.networks.following import Following
from tests.networks.xmpp.conftest import Follow
from tests.prosody import Prosody
from webapp.languages import Sentence
from webapp.networks.actions import CreateGroup, InviteMembers, JoinGroup, LeaveGroup, SendText
from webapp.networks.errors import Refused
from webapp.networks.events import ConversationChanged, ConversationState
from webapp.networks.xmpp import attempts, remaking

pytestmark = pytest.mark.servers

OWNER = "http://jabber.org/protocol/muc#owner"
CLOSED = {"muc_membersonly", "muc_hidden", "muc_persistent"}


def run(work: Coroutine[Any, Any, None]) -> None:
    asyncio.run(work)


def text(conversation: str, body: str) -> SendText:
    return SendText(conversation, uuid4().hex, body, datetime.now(UTC))


async def state(seen: Following, room: str, wanted: ConversationState) -> ConversationChanged:
    return await seen.event(ConversationChanged, lambda e: e.conversation == room and e.state is wanted)


async def features(far: FarSide, room: str) -> set[str]:
    """What the room says of itself to an outsider."""
    answer = await far.ask("get", "<query xmlns='http://jabber.org/protocol/disco#info'/>", room)
    return {one.get("var", "") for one in answer.iter("{http://jabber.org/protocol/disco#info}feature")}


async def is_let_in(far: FarSide, room: str) -> bool:
    try:
        await far.plugin["xep_0045"].join_muc_wait(room, uuid4().hex[:6], timeout=3, maxstanzas=0)
    except (PresenceError, TimeoutError):
        return False
    return True


async def forget(owner: FarSide, room: str) -> None:
    """The room is gone without a word to those who are not in it, as when its server lost its data."""
    await owner.ask("set", f"<query xmlns='{OWNER}'><destroy/></query>", room)


@pytest.fixture
def hurried(monkeypatch: pytest.MonkeyPatch) -> None:
    """A room that is locked for a moment is tried again at once."""
    monkeypatch.setattr(attempts, "PAUSES", (0.3,))


@pytest.mark.usefixtures("hurried")
def test_a_closed_group_that_its_server_forgot_is_closed_again(
    follow: Follow, alice: User, bob: User, carol: User
) -> None:
    """And lets in whom it let in before, with what they may do there, and nobody else."""

    async def talk() -> None:
        b, c = await bob.device().sign_in(), await carol.device().sign_in()
        async with follow(alice) as seen:
            done = await seen.session.perform(CreateGroup("", "Family", ()))
            room = done.conversation or ""
            await seen.session.perform(InviteMembers(room, (bob.address,)))
            before = await features(b, room)
            assert before >= CLOSED
        phone = await alice.device("phone").sign_in()
        await forget(phone, room)
        await b.until_gone(room)
        async with follow(alice, seen.checkpoint) as again:
            await state(again, room, ConversationState.JOINED)
            assert await features(b, room) >= before - {""}
            assert not await is_let_in(c, room)
            assert await is_let_in(b, room)
            b.say(room, "still among us", kind="groupchat")
            await again.message("still among us")
            joined = again.events(ConversationChanged)
            assert "Family" in {one.name for one in joined}
            async with follow(bob) as other:
                await other.session.perform(JoinGroup(room))
        for far in (b, c, phone):
            await far.sign_out()

    run(talk())


@pytest.mark.usefixtures("hurried")
def test_a_member_who_makes_it_again_leaves_its_owner_the_owner(follow: Follow, alice: User, bob: User) -> None:
    async def talk() -> None:
        async with follow(alice) as seen:
            done = await seen.session.perform(CreateGroup("", "Family", (bob.address,)))
            room = done.conversation or ""
            async with follow(bob) as theirs:
                await theirs.session.perform(JoinGroup(room))
                await state(theirs, room, ConversationState.JOINED)
        phone = await alice.device("phone").sign_in()
        await forget(phone, room)
        async with follow(bob, theirs.checkpoint) as again:
            await state(again, room, ConversationState.JOINED)
            assert await features(phone, room) >= CLOSED
            owners = "<query xmlns='http://jabber.org/protocol/muc#admin'><item affiliation='owner'/></query>"
            answer = await phone.ask("get", owners, room)
            assert alice.address in {item.get("jid") for item in answer.iter() if item.get("jid")}
        await phone.sign_out()

    run(talk())


@pytest.mark.usefixtures("hurried")
def test_who_was_put_out_of_a_group_is_not_let_in_again(follow: Follow, alice: User, bob: User, carol: User) -> None:
    async def talk() -> None:
        c, phone = await carol.device().sign_in(), await alice.device("phone").sign_in()
        async with follow(alice) as seen:
            done = await seen.session.perform(CreateGroup("", "Family", (bob.address, carol.address)))
            room = done.conversation or ""
            await c.join(room, "Carol")
            item = f"<item affiliation='none' jid='{carol.address}'/>"
            await phone.ask("set", f"<query xmlns='http://jabber.org/protocol/muc#admin'>{item}</query>", room)
            await c.until(lambda: c.having("{http://jabber.org/protocol/muc#user}status[@code='321']"))
            await seen.session.perform(text(room, "she is gone"))
        await forget(phone, room)
        async with follow(alice, seen.checkpoint) as again:
            await state(again, room, ConversationState.JOINED)
            assert not await is_let_in(c, room)
        for far in (c, phone):
            await far.sign_out()

    run(talk())


@pytest.mark.usefixtures("hurried")
def test_an_open_room_that_its_server_forgot_is_open_again(follow: Follow, alice: User, bob: User) -> None:
    async def talk() -> None:
        far = await bob.device().sign_in()
        room = f"den-{uuid4().hex[:8]}@{alice.prosody.muc}"
        await far.join(room, "Bob")
        before = await features(far, room)
        assert "muc_open" in before
        async with follow(alice) as seen:
            await seen.session.perform(JoinGroup(room))
        await forget(far, room)
        async with follow(alice, seen.checkpoint) as again:
            await state(again, room, ConversationState.JOINED)
            assert await features(far, room) == before
            assert await is_let_in(far, room)
        await far.sign_out()

    run(talk())


@pytest.mark.usefixtures("hurried")
def test_what_cannot_be_as_closed_as_it_was_is_not_made_again(
    follow: Follow, alice: User, bob: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A server that has forgotten how to close rooms: then rather no group than one that everybody can read."""

    async def talk() -> None:
        far, phone = await bob.device().sign_in(), await alice.device("phone").sign_in()
        async with follow(alice) as seen:
            done = await seen.session.perform(CreateGroup("", "Family", (bob.address,)))
            room = done.conversation or ""
        await forget(phone, room)
        known = {kind: fields for kind, fields in remaking._FIELDS.items() if kind != "muc_membersonly"}
        monkeypatch.setattr(remaking, "_FIELDS", known)
        async with follow(alice, seen.checkpoint) as again:
            await state(again, room, ConversationState.LEFT)
            await far.until_gone(room)
            with pytest.raises(Refused):
                await again.session.perform(text(room, "is anybody here?"))
        for one in (far, phone):
            await one.sign_out()

    run(talk())


@pytest.mark.usefixtures("hurried")
def test_a_room_of_which_we_do_not_know_how_it_was_is_not_made_again(
    follow: Follow, alice: User, bob: User, tmp_path: Path
) -> None:
    """As the first versions remembered rooms: by their address only."""

    async def talk() -> None:
        far = await bob.device().sign_in()
        room = f"den-{uuid4().hex[:8]}@{alice.prosody.muc}"
        await far.join(room, "Bob")
        async with follow(alice) as seen:
            await seen.session.perform(JoinGroup(room))
        (tmp_path / alice.address / "xmpp.json").write_text(f'{{"rooms": ["{room}"]}}')
        await forget(far, room)
        async with follow(alice, seen.checkpoint) as again:
            await state(again, room, ConversationState.LEFT)
            await far.until_gone(room)
        await far.sign_out()

    run(talk())


def test_that_a_closed_group_is_open_now_is_said_once(follow: Follow, alice: User, bob: User) -> None:
    """As when another member's program made it again first, as open as its server likes."""

    async def talk() -> None:
        far, phone = await bob.device().sign_in(), await alice.device("phone").sign_in()
        async with follow(alice) as seen:
            done = await seen.session.perform(CreateGroup("", "Family", (bob.address,)))
            room = done.conversation or ""
            await seen.quiet()
            assert seen.messages() == []
        await forget(phone, room)
        await far.join(room, "Bob")
        far.say(room, "all new here", kind="groupchat")
        async with follow(alice, seen.checkpoint) as again:
            await again.until(lambda: len(again.messages()) == 2)
            body = again.messages()[-1].body
            assert isinstance(body, Sentence)
            assert "open to everybody now" in body.msgid
        async with follow(alice, again.checkpoint) as third:
            await state(third, room, ConversationState.JOINED)
            await third.quiet()
            assert third.messages() == []
        for one in (far, phone):
            await one.sign_out()

    run(talk())


@pytest.mark.usefixtures("hurried")
@pytest.mark.parametrize("how", ["destroyed", "put out"])
def test_a_group_that_was_ended_for_us_is_not_made_again(follow: Follow, alice: User, bob: User, how: str) -> None:
    async def talk() -> None:
        phone = await alice.device("phone").sign_in()
        async with follow(alice) as seen, follow(bob) as theirs:
            done = await seen.session.perform(CreateGroup("", "Family", (bob.address,)))
            room = done.conversation or ""
            await theirs.session.perform(JoinGroup(room))
            await state(theirs, room, ConversationState.JOINED)
            item = f"<item affiliation='none' jid='{bob.address}'/>"
            if how == "put out":
                await phone.ask("set", f"<query xmlns='http://jabber.org/protocol/muc#admin'>{item}</query>", room)
                await state(theirs, room, ConversationState.LEFT)
            else:
                await forget(phone, room)
                await state(theirs, room, ConversationState.LEFT)
                await state(seen, room, ConversationState.LEFT)
        if how == "put out":
            await forget(phone, room)
        async with follow(bob, theirs.checkpoint) as again:
            await state(again, room, ConversationState.LEFT)
            await phone.until_gone(room)
        await phone.sign_out()

    run(talk())


@pytest.fixture
def forgetful(tmp_path: Path) -> Iterator[Prosody]:
    """A server that keeps no bookmarks."""
    with Prosody(tmp_path / "forgetful", bookmarks=False) as server:
        yield server


def test_without_bookmarks_rooms_are_entered_again_until_they_are_left(follow: Follow, forgetful: Prosody) -> None:
    async def talk() -> None:
        alice, bob = new_user(forgetful, "alice"), new_user(forgetful, "bob")
        far = await bob.device().sign_in()
        kept, left = (f"{name}@{forgetful.muc}" for name in ("kept", "left"))
        for room in (kept, left):
            await far.join(room, "Bob")
        async with follow(alice) as seen:
            await seen.session.perform(JoinGroup(kept))
            await seen.session.perform(JoinGroup(left))
        far.say(kept, "while you were away", kind="groupchat")
        async with follow(alice, seen.checkpoint) as again:
            await state(again, left, ConversationState.JOINED)
            await again.message("while you were away")
            await again.session.perform(text(kept, "here again"))
            await far.hear("here again", kept)
            await again.session.perform(LeaveGroup(left))
        async with follow(alice, again.checkpoint) as third:
            await state(third, kept, ConversationState.JOINED)
            await third.quiet()
            assert left not in {e.conversation for e in third.events(ConversationChanged)}
        await far.sign_out()

    run(talk())


def test_a_server_that_learns_to_keep_bookmarks_gets_ours(follow: Follow, tmp_path: Path) -> None:
    """And one that forgets how to, or is asked while it cannot answer, takes no room away."""
    folder = tmp_path / "server"

    async def joined(server: Prosody, alice: User, room: str, checkpoint: bytes | None = None) -> bytes | None:
        async with follow(alice, checkpoint) as seen:
            if checkpoint is None:
                await seen.session.perform(JoinGroup(room))
            await state(seen, room, ConversationState.JOINED)
            await seen.quiet()
        return seen.checkpoint

    async def bookmarked(alice: User) -> set[str]:
        phone = await alice.device("phone").sign_in()
        pubsub = "<pubsub xmlns='http://jabber.org/protocol/pubsub'><items node='urn:xmpp:bookmarks:1'/></pubsub>"
        answer = await phone.ask("get", pubsub)
        await phone.sign_out()
        return {item.get("id", "") for item in answer.iter("{http://jabber.org/protocol/pubsub}item")}

    async def make(alice: User, bob: User, room: str) -> None:
        far = await bob.device().sign_in()
        await far.join(room, "Bob")
        lasting = "<field var='FORM_TYPE'><value>http://jabber.org/protocol/muc#roomconfig</value></field>"
        lasting += "<field var='muc#roomconfig_persistentroom'><value>1</value></field>"
        await far.ask(
            "set", f"<query xmlns='{OWNER}'><x xmlns='jabber:x:data' type='submit'>{lasting}</x></query>", room
        )
        await far.sign_out()

    with Prosody(folder, bookmarks=False) as server:
        alice, bob, room = new_user(server, "alice"), new_user(server, "bob"), f"den@{server.muc}"
        run(make(alice, bob, room))
        checkpoint = asyncio.run(joined(server, alice, room))
        for bookmarks in (True, True, False):
            server.stop()
            server.bookmarks = bookmarks
            server.configure()
            server.start()
            checkpoint = asyncio.run(joined(server, alice, room, checkpoint))
            if bookmarks:
                assert asyncio.run(bookmarked(alice)) == {room}
