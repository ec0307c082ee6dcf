"""The loop around sync: what comes in which order, and what a homeserver that talks nonsense cannot break."""

import asyncio
import json
import time
from collections.abc import Callable, Coroutine
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

from tests.fake_homeserver import Asked, FakeHomeserver, Told
from tests.networks.following import Following
from tests.networks.matrix.people import settled, surroundings
from webapp.networks.actions import SendText, StartDirect
from webapp.networks.contract import Anchor, Credentials, More, Sent
from webapp.networks.errors import Refused, SignedOut, Unreachable
from webapp.networks.events import (
    Batch,
    ConversationArranged,
    ConversationChanged,
    DeliveryChanged,
    InvitationReceived,
    MessageReceived,
    Origin,
    ReadElsewhere,
)
from webapp.networks.matrix import checkpoint, network
from webapp.networks.matrix.rooms import Rooms
from webapp.networks.matrix.session import MatrixSession
from webapp.networks.matters import MattersChanged

pytestmark = pytest.mark.process  # together they take seconds

ME, ROOM = "@me:b.org", "!room:b.org"
SYNC = "/_matrix/client/v3/sync"
WHOAMI = "/_matrix/client/v3/account/whoami"


def run(work: Coroutine[Any, Any, None]) -> None:
    asyncio.run(work)


def event(name: str, body: str = "hi", **more: Any) -> dict[str, Any]:
    said = {"msgtype": "m.text", "body": body}
    facts = {"event_id": name, "type": "m.room.message", "sender": "@a:b.org", "origin_server_ts": 1, "content": said}
    return {**facts, **more}


def room(*events: Any, **more: Any) -> dict[str, Any]:
    return {"timeline": {"events": list(events)}, **more}


def answer(position: str, join: Any = None, **more: Any) -> dict[str, Any]:
    return {"next_batch": position, "rooms": {"join": join or {}}, **more}


class Script:
    """Tells these answers one after the other, then nothing new for ever."""

    def __init__(self, *answers: Any) -> None:
        self._answers = list(answers)
        self.asked: list[Asked] = []

    async def __call__(self, asked: Asked) -> Told:
        self.asked.append(asked)
        if not self._answers:
            await asyncio.sleep(30)
        told = self._answers.pop(0)
        return told if isinstance(told, Told) else Told(told)


async def followed(
    folder: Path,
    script: Any,
    what: Callable[[Following, FakeHomeserver], Any],
    kept: bytes | None = None,
    since: str = "0",
) -> None:
    """Follow a session of a homeserver that answers like this, while ``what`` looks on."""
    async with FakeHomeserver() as fake:
        fake.answers["GET", WHOAMI] = Told({"user_id": ME, "device_id": "D"})
        fake.answers["GET", SYNC] = script
        secrets = {"homeserver": fake.url, "token": "t", "device": "D", "since": since}
        session = network.session(Credentials(ME, secrets), surroundings(folder))
        async with Following(session, kept) as seen:
            await what(seen, fake)


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


POISON: list[Any] = [
    *(None, 1, "x", [], {}),
    event("$p1", content=None),
    event("$p2", content={"msgtype": ["x"], "body": "list"}),
    event("$p3", sender="nobody"),
    event("$p4", origin_server_ts="now"),
    event("$p5", type=7),
    event("no id"),
    event("$p6", type="m.room.member", state_key=ME, content={"membership": ["join"], "displayname": {}}),
    event("$p7", type="m.room.member", state_key="nonsense", content={"membership": "join"}),
    event("$p8", type="m.room.name", state_key="", content={"name": ["x"]}, unsigned={"prev_content": {"name": {}}}),
    event("$p9", type="m.room.tombstone", state_key="", content={"replacement_room": 7}),
    event("$p10", type="m.room.canonical_alias", state_key="", content={"alias": {}}),
    event("$p11", type="m.room.create", state_key="", content={"type": []}),
    event("$p12", content={"msgtype": "m.text", "body": "x", "m.mentions": {"user_ids": {}}, "m.relates_to": 7}),
    event("$p13", unsigned=[]),
]
SECTIONS: list[Any] = [None, 1, "x", [], {}, {"events": None}, {"events": [None, 1, {"type": "m.receipt"}]}]


def test_poison_is_left_out_and_the_rest_arrives(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    async def look(seen: Following, _: FakeHomeserver) -> None:
        await seen.message("the next answer")
        bodies = seen.bodies(ROOM)
        assert bodies[0] == "before"
        assert [body for body in bodies if body in {"before", "after"}] == ["before", "after"]
        assert seen.bodies("!other:b.org") == ["elsewhere"]

    poisoned = room(event("$1", "before"), *POISON, event("$2", "after"))
    rooms: dict[str, Any] = {
        ROOM: poisoned,
        "!other:b.org": room(event("$3", "elsewhere")),
        "not a room": room(event("$4")),
    }
    for number, section in enumerate(SECTIONS):
        parts = dict.fromkeys(("state", "timeline", "ephemeral", "account_data", "summary"), section)
        rooms[f"!s{number}:b.org"] = {**parts, "unread_notifications": section}
        rooms[f"!t{number}:b.org"] = section
    told = answer("s1", rooms)
    for kind in ("invite", "leave", "knock", "nonsense"):
        told["rooms"][kind] = {f"!{kind}{n}:b.org": section for n, section in enumerate(SECTIONS)}
        told["rooms"][kind] |= {f"!{kind}p:b.org": {"invite_state": {"events": POISON}, **room(*POISON)}}
    script = Script(told, answer("s2", {ROOM: room(event("$9", "the next answer"))}))
    run(followed(tmp_path, script, look))
    assert "could not be read" not in caplog.text  # one by one, not room by room


RECEIPTS: list[Any] = [
    {"$1": value} for value in (None, [], {"m.read": []}, {"m.read": {ME: None}}, {"m.read": {ME: {"thread_id": "$t"}}})
]


@pytest.mark.parametrize("content", [*RECEIPTS, {"nonsense": {"m.read": {ME: {}}}}, [], None])
def test_a_receipt_that_makes_no_sense_or_is_of_a_thread_says_nothing(tmp_path: Path, content: Any) -> None:
    async def look(seen: Following, _: FakeHomeserver) -> None:
        await seen.message("two")
        assert seen.events(ReadElsewhere) + seen.events(DeliveryChanged) == []

    ephemeral = {"events": [{"type": "m.receipt", "content": content}]}
    more = answer("s2", {ROOM: room(event("$2", "two"), ephemeral=ephemeral)})
    run(followed(tmp_path, Script(answer("s1", {ROOM: room(event("$1"))}), more), look))


@pytest.mark.parametrize("part", ["account_data", "presence"])
@pytest.mark.parametrize("section", [*SECTIONS, {"events": [{"type": "m.direct", "content": {"x": [1], ME: 7}}]}])
def test_what_makes_no_sense_about_the_account_is_left_out(tmp_path: Path, part: str, section: Any) -> None:
    async def look(seen: Following, _: FakeHomeserver) -> None:
        await seen.message("hi")

    run(followed(tmp_path, Script(answer("s1", {ROOM: room(event("$1"))}, **{part: section})), look))


@pytest.mark.parametrize(
    ("told", "kind"),
    [
        (Told(b"<html>"), Unreachable),
        (Told({}), Unreachable),
        (Told({"next_batch": 7}), Unreachable),
        (Told({"next_batch": ""}), Unreachable),
        (Told(b"", 502), Unreachable),
        (Told({"errcode": "M_UNKNOWN"}, 400), Unreachable),
        (Told({"errcode": "M_UNKNOWN_TOKEN"}, 401), SignedOut),
    ],
)
def test_an_answer_that_is_none_ends_the_session_with_its_reason(tmp_path: Path, told: Told, kind: type) -> None:
    async def look(seen: Following, _: FakeHomeserver) -> None:
        await seen.until(lambda: seen.trouble)
        assert isinstance(seen.trouble, kind)
        assert seen.checkpoint == checkpoint.to_bytes("s1")

    run(followed(tmp_path, Script(answer("s1"), told), look))


def test_being_told_to_wait_is_passed_on(tmp_path: Path) -> None:
    async def look(seen: Following, _: FakeHomeserver) -> None:
        await seen.until(lambda: seen.trouble)
        assert isinstance(seen.trouble, Unreachable)
        assert seen.trouble.retry_after == 13

    run(followed(tmp_path, Script(Told({}, 429, {"Retry-After": "13"})), look))


# Encrypted once is encrypted for ever (S20)


def text(body: str) -> SendText:
    return SendText(ROOM, body, body, datetime.now(UTC))


def encryption(content: Any) -> dict[str, Any]:
    return event("$enc", type="m.room.encryption", state_key="", content=content)


def test_a_homeserver_that_takes_encryption_back_changes_nothing(tmp_path: Path) -> None:
    async def look(seen: Following, fake: FakeHomeserver) -> None:
        await seen.message("second")
        with pytest.raises(Refused):
            await seen.session.perform(text("never"))
        assert [one for one in fake.asked if one.method == "PUT"] == []

    first = answer("s1", {ROOM: room(encryption({"algorithm": "m.megolm.v1.aes-sha2"}))})
    second = answer("s2", {ROOM: room(encryption({}), event("$2", "second"))})
    run(followed(tmp_path, Script(first, second), look))


def test_an_algorithm_that_nobody_knows_is_encryption_all_the_same(tmp_path: Path) -> None:
    async def look(seen: Following, _: FakeHomeserver) -> None:
        await seen.message("x")
        with pytest.raises(Refused):
            await seen.session.perform(text("never"))

    run(followed(tmp_path, Script(answer("s1", {ROOM: room(encryption({"algorithm": 7}), event("$2", "x"))})), look))


def test_nothing_is_said_before_it_is_known_what_was_missed(tmp_path: Path) -> None:
    async def work() -> None:
        released = asyncio.Event()

        async def late(_: Asked) -> Told:
            await released.wait()
            return Told(answer("s2", {ROOM: room(encryption({}))}))

        async def look(seen: Following, fake: FakeHomeserver) -> None:
            saying = asyncio.create_task(seen.session.perform(text("never")))
            await asyncio.sleep(0.2)  # time for what must not happen
            assert not saying.done()
            released.set()
            with pytest.raises(Refused):
                await asyncio.wait_for(saying, 10)
            assert [one for one in fake.asked if one.method == "PUT"] == []

        await followed(tmp_path, late, look, checkpoint.to_bytes("s1"))

    run(work())


# What is kept of the rooms


def test_a_damaged_file_is_thrown_away_and_everything_is_asked_for_again(tmp_path: Path) -> None:
    folder = tmp_path / "account"

    async def look(seen: Following, _: FakeHomeserver) -> None:
        await seen.message("hi")
        assert script.asked[0].query.get("full_state") == full

    full = None
    script = Script(answer("s1", {ROOM: room(event("$1"))}))
    run(followed(tmp_path, script, look))
    assert (folder / "rooms.sqlite").stat().st_mode & 0o777 == 0o600
    for damage in (b"nonsense" * 1000, b""):
        for name in ("rooms.sqlite-wal", "rooms.sqlite-shm"):
            (folder / name).unlink(missing_ok=True)
        (folder / "rooms.sqlite").write_bytes(damage)
        full = "true"
        script = Script(answer("s2", {ROOM: room(event("$2"))}))
        run(followed(tmp_path, script, look, checkpoint.to_bytes("s1")))


def test_what_is_known_of_a_room_outlives_the_session(tmp_path: Path) -> None:
    async def work() -> None:
        rooms = Rooms(tmp_path)
        known = rooms.get(ROOM)
        known.name, known.encrypted, known.heroes = "Club", True, ["@a:b.org"]
        rooms.put(known)
        rooms.put_member(ROOM, "@a:b.org", ("Anna", "join"))
        rooms.put_stand_in(ROOM, "$2", "$1")
        rooms.put_note("direct", {"x": 1})
        await settled(rooms)
        await rooms.close()
        again = Rooms(tmp_path)
        assert again.get(ROOM) == known
        assert again.name_of(ROOM, "@a:b.org") == "Anna"
        assert [again.stand_in(ROOM, name) for name in ("$2", "$9")] == ["$1", "$9"]
        assert again.note("direct") == {"x": 1}
        await again.close()

    run(work())


def test_what_is_not_written_yet_is_not_forgotten_while_others_come(tmp_path: Path) -> None:
    async def work() -> None:
        rooms = Rooms(tmp_path)

        def name(first: int, last: int) -> None:
            for number in range(first, last):
                known = rooms.get(f"!r{number}:b.org")
                known.name = str(number)
                rooms.put(known)

        name(0, 700)
        writing = asyncio.create_task(settled(rooms))
        await asyncio.sleep(0)
        name(700, 1400)
        await writing
        assert [rooms.get(f"!r{number}:b.org").name for number in (0, 700)] == ["0", "700"]
        await settled(rooms)
        assert rooms.get("!r700:b.org").name == "700"
        await rooms.close()

    run(work())


@pytest.mark.parametrize(("count", "read"), [(0, ["$2"]), (1, []), (True, []), ("0", []), (None, [])])
def test_on_a_first_look_what_the_homeserver_counts_as_read_is_read(tmp_path: Path, count: Any, read: Any) -> None:
    async def look(seen: Following, _: FakeHomeserver) -> None:
        await seen.until(lambda: seen.checkpoint)
        assert [one.message.remote_id for one in seen.events(ReadElsewhere)] == read

    told = room(event("$1"), event("$2"), unread_notifications={"notification_count": count})
    run(followed(tmp_path, Script(answer("s1", {ROOM: told})), look))


# Questions in between


@pytest.mark.parametrize(
    "page",
    [{}, {"chunk": None}, {"chunk": [None, 1, {}, *POISON]}, {"chunk": [event("$1", content={"body": []})], "end": 7}],
)
def test_old_messages_that_make_no_sense_are_left_out(tmp_path: Path, page: Any) -> None:
    async def look(seen: Following, fake: FakeHomeserver) -> None:
        await seen.until(lambda: seen.checkpoint)
        fake.answers["GET", "/_matrix/client/v3/rooms/%21room%3Ab.org/messages"] = Told(page)
        found = await seen.session.older(ROOM, Anchor(), 10)
        assert found.more is More.NO
        assert all(isinstance(one, MessageReceived) and one.remote_id for one in found.batch.events)

    run(followed(tmp_path, Script(answer("s1", {ROOM: room()})), look))


def test_an_answer_to_something_made_or_said_must_name_it(tmp_path: Path) -> None:
    async def look(seen: Following, fake: FakeHomeserver) -> None:
        await seen.until(lambda: seen.checkpoint)
        fake.answers["POST", "/_matrix/client/v3/createRoom"] = Told({"room_id": "nonsense"})
        fake.answers["GET", "/_matrix/client/v3/profile/%40a%3Ab.org"] = Told({})
        with pytest.raises(Unreachable):
            await seen.session.perform(StartDirect("@a:b.org"))
        fake.answers["PUT", "/_matrix/client/v3/rooms/%21room%3Ab.org/send/m.room.message/x"] = Told({"event_id": 7})
        with pytest.raises(Unreachable):
            await seen.session.perform(text("x"))

    run(followed(tmp_path, Script(answer("s1", {ROOM: room(event("$1"))})), look))


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


def test_a_room_is_told_once_and_again_only_when_it_is_another(tmp_path: Path) -> None:
    async def look(seen: Following, _: FakeHomeserver) -> None:
        await seen.message("three")
        names = [change.name for change in seen.events(ConversationChanged)]
        assert names == ["Club", "Society"]

    def named(name: str) -> dict[str, Any]:
        return event("$n" + name, type="m.room.name", state_key="", content={"name": name})

    script = Script(
        answer("s1", {ROOM: room(named("Club"), event("$1"))}),
        answer("s2", {ROOM: room(event("$2", "two"))}),
        answer("s3", {ROOM: room(named("Society"), event("$3", "three"))}),
    )
    run(followed(tmp_path, script, look))


def test_a_room_for_two_is_a_direct_chat_before_the_account_says_so_and_none_when_it_says_so(tmp_path: Path) -> None:
    async def look(seen: Following, _: FakeHomeserver) -> None:
        await seen.message("three")
        kinds = [(change.kind.value, change.partner) for change in seen.events(ConversationChanged)]
        assert kinds == [("direct", "@a:b.org"), ("group", "")]

    content = {"membership": "invite", "is_direct": True}
    asked = event("$m", type="m.room.member", state_key="@a:b.org", sender=ME, content=content)
    script = Script(
        answer("s1", {ROOM: room(asked, event("$1"))}),
        answer("s2", account_data={"events": [{"type": "m.direct", "content": {"@a:b.org": [ROOM]}}]}),
        answer("s3", account_data={"events": [{"type": "m.direct", "content": {}}]}),
        answer("s4", {ROOM: room(event("$3", "three"))}),
    )
    run(followed(tmp_path, script, look))


def bridge(kind: str, name: str, key: str = "b1") -> dict[str, Any]:
    content = {"protocol": {"displayname": name}} if name else {}
    return event(f"$b{kind}{key}{name}", type=kind, state_key=key, content=content)


GONE = [("m.bridge", "", "b2"), ("uk.half-shot.bridge", "")]


def test_a_bridged_room_says_where_it_comes_from_until_the_bridge_is_gone(tmp_path: Path) -> None:
    async def look(seen: Following, _: FakeHomeserver) -> None:
        await seen.message("over")
        assert [change.bridged for change in seen.events(ConversationChanged)] == ["Telegram", "Signal", ""]

    script = Script(
        answer("s1", {ROOM: room(bridge("uk.half-shot.bridge", "Telegram"), event("$1"))}),
        answer("s2", {ROOM: room(bridge("m.bridge", "Signal", "b2"), event("$2"))}),
        answer(
            "s3", {ROOM: room(bridge("m.bridge", "", "b2"), bridge("uk.half-shot.bridge", ""), event("$3", "over"))}
        ),
    )
    run(followed(tmp_path, script, look))


def test_the_question_asks_for_little(tmp_path: Path) -> None:
    async def look(seen: Following, _: FakeHomeserver) -> None:
        await seen.until(lambda: seen.checkpoint)
        query = script.asked[0].query
        wanted = json.loads(query["filter"])
        assert wanted["room"]["timeline"]["lazy_load_members"] is True
        assert (query["set_presence"], query["timeout"]) == ("offline", "0")

    script = Script(answer("s1"))
    run(followed(tmp_path, script, look))


def test_a_direct_chat_that_was_made_here_is_told_of_however_early_the_room_comes(tmp_path: Path) -> None:
    """The room may come before the account says whom it is with, and before we have noted it ourselves."""
    direct = {"account_data": {"events": [{"type": "m.direct", "content": {"@a:b.org": [ROOM]}}]}}

    async def look(seen: Following, fake: FakeHomeserver) -> None:
        await seen.event(ConversationChanged)
        fake.answers["PUT", f"/_matrix/client/v3/user/{quote(ME)}/account_data/m.direct"] = Told({})
        assert isinstance(seen.session, MatrixSession)
        directs = seen.session._actions._directs
        await directs.add("@a:b.org", ROOM)
        assert directs.rooms_with("@a:b.org") == [ROOM]
        noted.set()
        await seen.event(ConversationChanged, lambda event: event.partner == "@a:b.org")

    async def waiting(asked: Asked) -> Told:
        if len(script.asked) == 1:
            await noted.wait()
        return await script(asked)

    noted, script = asyncio.Event(), Script(answer("s1", {ROOM: room(event("$1"))}), answer("s2", **direct))
    run(followed(tmp_path, waiting, look))
