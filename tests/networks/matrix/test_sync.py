"""The loop around sync: what comes in which order, and what is asked for."""

import asyncio
import json
import time
from pathlib import Path
from typing import Any

import pytest

from tests.fake_homeserver import Asked, FakeHomeserver, Told
from tests.networks.following import Following
from tests.networks.matrix.people import surroundings
from tests.networks.matrix.scripted import ME, ROOM, SYNC, WHOAMI, Script, answer, event, followed, room, run, text
from webapp.networks.contract import Credentials, Sent
from webapp.networks.events import Batch, ConversationArranged, ConversationChanged, InvitationReceived, Origin
from webapp.networks.matrix import checkpoint, network
from webapp.networks.matrix.session import MatrixSession
from webapp.networks.matters import MattersChanged

pytestmark = pytest.mark.process  # together they take seconds


def test_the_next_question_waits_until_the_last_answer_is_stored(tmp_path: Path) -> None:
    async def work() -> None:
        script = Script(answer("s1", {ROOM: room(event("$1"))}), answer("s2", {ROOM: room(event("$2"))}))
        async with FakeHomeserver() as fake:
            fake.answers["GET", WHOAMI] = Told({"user_id": ME, "device_id": "D"})
            fake.answers["GET", SYNC] = script
            secrets = {"homeserver": fake.url, "token": "t", "device": "D"}
            session = network.session(Credentials(ME, secrets), surroundings(tmp_path))
            await session.open(None)
            batches = session.batches()
            first = await anext(batches)
            await asyncio.sleep(0.2)  # time for a question that must not come
            assert len(script.asked) == 1
            second = await anext(batches)
            assert [one.query.get("since") for one in script.asked] == [None, "s1"]
            assert [checkpoint.from_bytes(one.checkpoint) for one in (first, second)] == ["s1", "s2"]
            assert [one.origin for one in (first, second)] == [Origin.CATCH_UP, Origin.LIVE]
            await session.close()

    run(work())


def invited(room_id: str) -> dict[str, Any]:
    member = {"type": "m.room.member", "state_key": ME, "sender": "@a:b.org", "content": {"membership": "invite"}}
    return {"rooms": {"join": {}, "invite": {room_id: {"invite_state": {"events": [member]}}}}}


@pytest.mark.parametrize("stored", [True, False])
def test_what_was_not_stored_is_told_again_and_what_was_is_not(tmp_path: Path, stored: bool) -> None:
    """Killed around the moment at which an answer is stored, nobody misses an invitation, a name or a departure."""
    left = {"type": "m.room.member", "state_key": ME, "sender": ME, "content": {"membership": "leave"}}
    first = answer("s1", {ROOM: room(event("$1")), "!old:b.org": room(event("$0"))})
    named = event("$2", type="m.room.name", state_key="", content={"name": "Club"})
    tags = [{"type": "m.tag", "content": {"tags": {"m.favourite": {}}}}]
    news = invited("!new:b.org")
    news["rooms"]["join"] = {ROOM: room(named, account_data={"events": tags})}
    news["rooms"]["leave"] = {"!old:b.org": room(event("$3", **left))}
    kinds = [ConversationChanged, ConversationArranged, InvitationReceived, ConversationChanged]

    async def turns(script: Script, kept: bytes | None, count: int) -> list[Batch]:
        async with FakeHomeserver() as fake:
            fake.answers["GET", WHOAMI] = Told({"user_id": ME, "device_id": "D"})
            fake.answers["GET", SYNC] = script
            secrets = {"homeserver": fake.url, "token": "t", "device": "D"}
            session = network.session(Credentials(ME, secrets), surroundings(tmp_path))
            await session.open(kept)
            batches = session.batches()
            found = [await anext(batches) for _ in range(count)]
            await session.close()
            return found

    async def work() -> None:
        _, second = await turns(Script(answer("s1") | first, answer("s2") | news), None, 2)
        assert [type(one) for one in second.events] == kinds
        kept = checkpoint.to_bytes("s2" if stored else "s1")
        (again,) = await turns(Script(answer("s3") | news), kept, 1)
        assert [type(one) for one in again.events] == ([] if stored else kinds)

    run(work())


def test_what_the_house_itself_has_to_tell_does_not_wait_for_the_homeserver(tmp_path: Path) -> None:
    async def look(seen: Following, fake: FakeHomeserver) -> None:
        await seen.until(lambda: len(fake.asked_for(SYNC)) == 2)
        assert isinstance(seen.session, MatrixSession)
        seen.session._open_line().posted.put(MattersChanged(()))
        await seen.event(MattersChanged)
        assert seen.batches[-1] == Batch((MattersChanged(()),), Origin.LIVE)
        assert len(fake.asked_for(SYNC)) == 2  # the question that waits is still the same
        told.set()
        await seen.until(lambda: seen.checkpoint == checkpoint.to_bytes("s2"))

    async def waiting(asked: Asked) -> Told:
        if len(script.asked) == 1:
            await told.wait()
        return await script(asked)

    told, script = asyncio.Event(), Script(answer("s1"), answer("s2"))
    run(followed(tmp_path, waiting, look))


def test_it_goes_on_where_it_was(tmp_path: Path) -> None:
    async def look(seen: Following, _: FakeHomeserver) -> None:
        await seen.until(lambda: seen.checkpoint == checkpoint.to_bytes("s8"))
        assert script.asked[0].query["since"] == "s7"
        assert script.asked[0].query["full_state"] == "true"  # nothing is known of the rooms here

    script = Script(answer("s8"))
    run(followed(tmp_path, script, look, checkpoint.to_bytes("s7")))


@pytest.mark.parametrize("kept", [b"", b"{", b"[]", b"null", b'{"since": 7}', b'{"since": "%s"}' % (b"x" * 5000)])
def test_a_position_that_makes_no_sense_is_a_first_time(kept: bytes) -> None:
    assert checkpoint.from_bytes(kept) == ""


def test_a_large_answer_becomes_several_batches_and_only_the_last_moves_the_position(tmp_path: Path) -> None:
    async def look(seen: Following, _: FakeHomeserver) -> None:
        await seen.until(lambda: seen.checkpoint)
        assert len(seen.batches) > 2
        assert [bool(batch.checkpoint) for batch in seen.batches] == [False] * (len(seen.batches) - 1) + [True]
        assert len(seen.messages()) == 1200
        assert max(len(batch.events) for batch in seen.batches) <= 500

    rooms = {f"!r{n}:b.org": room(*(event(f"$r{n}e{k}") for k in range(20))) for n in range(60)}
    run(followed(tmp_path, Script(answer("s1", rooms)), look))


def test_the_question_asks_for_little(tmp_path: Path) -> None:
    async def look(seen: Following, _: FakeHomeserver) -> None:
        await seen.until(lambda: seen.checkpoint)
        query = script.asked[0].query
        wanted = json.loads(query["filter"])
        assert wanted["room"]["timeline"]["lazy_load_members"] is True
        assert (query["set_presence"], query["timeout"]) == ("offline", "0")

    script = Script(answer("s1"))
    run(followed(tmp_path, script, look))


@pytest.mark.parametrize(("age", "sent"), [(-60, Sent.NO), (60, Sent.UNKNOWN)])
def test_what_was_written_before_this_device_was_made_is_uncertain(tmp_path: Path, age: float, sent: Sent) -> None:
    """Another device may have sent it, and homeservers remember ids only by device (D3)."""

    async def look(seen: Following, fake: FakeHomeserver) -> None:
        await seen.until(lambda: seen.checkpoint)
        of_no_time = {"chunk": [{"origin_server_ts": 10**400}], "end": "e"}
        fake.answers["GET", "/_matrix/client/v3/rooms/%21room%3Ab.org/messages"] = Told(of_no_time)
        assert (await seen.session.already_sent(text("x"))).sent is sent

    made = str(int(time.time() + age))
    run(followed(tmp_path, Script(answer("s1", {ROOM: room(event("$1"))})), look, since=made))
