"""What a homeserver that talks nonsense cannot break."""

from pathlib import Path
from typing import Any

import pytest

from tests.fake_homeserver import FakeHomeserver, Told
from tests.networks.following import Following
from tests.networks.matrix.scripted import ME, ROOM, Script, answer, event, followed, room, run, text
from webapp.networks.actions import StartDirect
from webapp.networks.contract import Anchor, More
from webapp.networks.errors import SignedOut, Unreachable
from webapp.networks.events import DeliveryChanged, MessageReceived, ReadElsewhere
from webapp.networks.matrix import checkpoint

pytestmark = pytest.mark.process  # together they take seconds

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
