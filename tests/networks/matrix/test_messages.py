"""What is said on a real homeserver, by others and by us."""

from datetime import UTC, datetime
from uuid import uuid4

import pytest

from tests.networks.matrix.people import Follow, Person
from tests.networks.matrix.talking import group, talk, text
from webapp.languages import Sentence
from webapp.networks.actions import SendText, StartDirect
from webapp.networks.contract import Sent
from webapp.networks.errors import Refused
from webapp.networks.events import Style

pytestmark = [pytest.mark.servers, pytest.mark.anyio]


async def test_what_is_said_comes_with_its_style_its_html_and_its_mentions(
    alice: Person, bob: Person, follow: Follow
) -> None:
    async with bob.device() as far, alice.device() as other, follow(alice) as seen:
        room = await group(far, other, name="Club")
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


async def test_what_is_written_here_and_on_another_device_is_our_own(
    alice: Person, bob: Person, follow: Follow
) -> None:
    async with alice.device() as other, follow(alice) as seen:
        room = await other.make_room(bob.user)
        await other.say(room, "from the other device")
        first = await seen.message("from the other device")
        assert (first.own, first.transaction_id) == (True, None)
        action = text(room, "from here")
        done = await seen.session.perform(action)
        echo = await seen.message("from here")
        assert (echo.own, echo.transaction_id, echo.remote_id) == (True, action.transaction_id, done.remote_id)


async def test_the_same_action_twice_is_one_message(alice: Person, bob: Person, follow: Follow) -> None:
    async with bob.device() as far, follow(alice) as seen:
        room = await talk(seen, far)
        action = text(room, "once")
        first, again = [await seen.session.perform(action) for _ in range(2)]
        assert first == again
        found = await seen.session.already_sent(action)
        assert (found.sent, found.done) == (Sent.YES, first)
        await seen.session.perform(text(room, "the end"))
        await far.until(lambda: "the end" in far.bodies(room))
        assert far.bodies(room) == ["once", "the end"]


async def test_what_an_older_device_may_have_sent_is_not_said_again(alice: Person, bob: Person, follow: Follow) -> None:
    async with follow(alice) as seen:
        room = (await seen.session.perform(StartDirect(bob.user))).conversation or ""
        await seen.until(lambda: seen.checkpoint)
        young = text(room, "never said")
        old = SendText(room, uuid4().hex, "never said", datetime(2026, 1, 1, tzinfo=UTC))
        assert (await seen.session.already_sent(young)).sent is Sent.NO
        assert (await seen.session.already_sent(old)).sent is Sent.UNKNOWN


async def test_an_encrypted_conversation_is_shown_as_one_and_never_written_into_in_plain_text(
    alice: Person, bob: Person, follow: Follow
) -> None:
    async with bob.device() as far, alice.device() as other, follow(alice) as seen:
        room = await group(far, other, name="Secret")
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
