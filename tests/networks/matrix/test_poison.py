"""R24: hundreds of events that were bent in one place each, in every part of an answer. The others arrive all the same.

Each is made from a good one: one value somewhere in it is replaced by something that nobody expects there. A good
message stands between every ten of them; a session with its keys open has to bring these, in order, and go on.
"""

import asyncio
import random
from pathlib import Path
from typing import Any

import pytest

from tests.fake_homeserver import Asked, FakeHomeserver, Told
from tests.networks.following import Following
from tests.networks.matrix.bending import DEEP, UNEXPECTED, bent, places
from webapp.networks.contract import Credentials, Surroundings
from webapp.networks.events import MessageReceived
from webapp.networks.matrix import network

pytestmark = pytest.mark.process  # together they take seconds

ME, ANNA, ROOM = "@me:b.org", "@anna:b.org", "!room:b.org"
KEY = "q8mPKxzNTcYMgVmVqKXVCzdGpDtvd0lJ0PTXbbzGxzA"
ANSWERS = 16
LAST = f's{ANSWERS - 1}"'.encode()


def message(body: Any, **more: Any) -> dict[str, Any]:
    return {"type": "m.room.message", "content": {"msgtype": "m.text", "body": body, **more}}


def state(kind: str, content: dict[str, Any], key: str = "") -> dict[str, Any]:
    return {"type": kind, "state_key": key, "content": content, "unsigned": {"prev_content": dict(content)}}


MEGOLM = {"algorithm": "m.megolm.v1.aes-sha2", "session_id": KEY, "ciphertext": "AwgA", "sender_key": KEY}
OLM = {"algorithm": "m.olm.v1.curve25519-aes-sha2", "sender_key": KEY, "ciphertext": {KEY: {"type": 0, "body": "AwgA"}}}
IN_ROOMS: list[dict[str, Any]] = [
    message("hello", **{"m.mentions": {"user_ids": [ME], "room": False}}),
    message("<b>x</b>", format="org.matrix.custom.html", formatted_body="<b>x</b>"),
    message("* x", **{"m.new_content": {"body": "x"}, "m.relates_to": {"rel_type": "m.replace", "event_id": "$1"}}),
    message("beach.jpg", msgtype="m.image", url="mxc://b.org/x", info={"w": 1, "h": 1, "mimetype": "image/jpeg"}),
    message("here", msgtype="m.location", geo_uri="geo:1,2"),
    message("ask", msgtype="m.key.verification.request", methods=["m.sas.v1"], from_device="D", to=ME),
    {"type": "m.reaction", "content": {"m.relates_to": {"rel_type": "m.annotation", "event_id": "$1", "key": "+"}}},
    {"type": "m.room.redaction", "redacts": "$1", "content": {"redacts": "$1", "reason": "x"}},
    {"type": "m.sticker", "content": {"body": "cat", "url": "mxc://b.org/x", "info": {}}},
    {"type": "m.poll.start", "content": {"m.poll": {"question": {"m.text": [{"body": "x"}]}, "answers": [{}]}}},
    {"type": "m.room.encrypted", "content": {**MEGOLM, "device_id": "D", "m.relates_to": {"event_id": "$1"}}},
    {"type": "m.key.verification.start", "content": {"method": "m.sas.v1", "m.relates_to": {"event_id": "$1"}}},
    {"type": "m.call.invite", "content": {"call_id": "1", "lifetime": 1, "offer": {"sdp": "x"}}},
    state("m.room.member", {"membership": "join", "displayname": "Anna", "avatar_url": "mxc://b.org/x"}, ANNA),
    state("m.room.member", {"membership": "join", "third_party_invite": {"display_name": "x"}}, "@carl:b.org"),
    state("m.room.name", {"name": "Garden"}),
    state("m.room.topic", {"topic": "Soup", "m.topic": {"m.text": [{"body": "Soup"}]}}),
    state("m.room.avatar", {"url": "mxc://b.org/x"}),
    state("m.room.canonical_alias", {"alias": "#garden:b.org", "alt_aliases": ["#g:b.org"]}),
    state("m.room.encryption", {"algorithm": "m.megolm.v1.aes-sha2", "rotation_period_msgs": 5}),
    state("m.room.power_levels", {"users": {ANNA: 100}, "events": {"m.room.name": 50}, "users_default": 0}),
    state("m.room.tombstone", {"body": "gone", "replacement_room": "!new:b.org"}),
    state("m.bridge", {"protocol": {"id": "irc", "displayname": "IRC"}, "channel": {"id": "#x"}}, "x"),
    state("m.space.child", {"via": ["b.org"], "order": "a", "suggested": True}, "!child:b.org"),
]
TO_DEVICE: list[dict[str, Any]] = [
    {"type": "m.room.encrypted", "sender": ANNA, "content": OLM},
    {"type": "m.room_key.withheld", "sender": ANNA, "content": {**MEGOLM, "room_id": ROOM, "code": "m.unverified"}},
    {"type": "m.room_key_request", "sender": ME, "content": {"action": "request", "body": MEGOLM, "request_id": "1"}},
    {"type": "m.secret.request", "sender": ME, "content": {"action": "request", "name": "x", "request_id": "1"}},
    {"type": "m.secret.send", "sender": ME, "content": {"request_id": "1", "secret": "x"}},
    {"type": "m.key.verification.request", "sender": ANNA, "content": {"methods": ["m.sas.v1"], "timestamp": 1}},
    {"type": "m.key.verification.start", "sender": ANNA, "content": {"method": "m.sas.v1", "hashes": ["sha256"]}},
    {"type": "m.key.verification.cancel", "sender": ANNA, "content": {"code": "m.user", "transaction_id": "1"}},
]
OF_ACCOUNT: list[dict[str, Any]] = [
    {"type": "m.direct", "content": {ANNA: [ROOM]}},
    {"type": "m.push_rules", "content": {"global": {"room": [{"rule_id": ROOM, "enabled": True, "actions": []}]}}},
    {"type": "m.secret_storage.default_key", "content": {"key": "x"}},
    {"type": "m.ignored_user_list", "content": {"ignored_users": {ANNA: {}}}},
    {"type": "m.cross_signing.master", "content": {"encrypted": {"x": {"iv": "x", "ciphertext": "x", "mac": "x"}}}},
]
OF_ROOM: list[dict[str, Any]] = [
    {"type": "m.tag", "content": {"tags": {"m.favourite": {"order": 0.1}}}},
    {"type": "m.fully_read", "content": {"event_id": "$1"}},
    {"type": "m.marked_unread", "content": {"unread": True}},
]
PASSING: list[dict[str, Any]] = [
    {"type": "m.receipt", "content": {"$1": {"m.read": {ANNA: {"ts": 1, "thread_id": "main"}}}}},
    {"type": "m.typing", "content": {"user_ids": [ANNA]}},
]
PRESENCE: list[dict[str, Any]] = [
    {"type": "m.presence", "sender": ANNA, "content": {"presence": "online", "status_msg": "x", "last_active_ago": 1}},
]


def poisoned(good: list[dict[str, Any]], each: int, chance: random.Random) -> list[Any]:
    """``each`` bent copies of every good one, each in another place."""
    found = []
    for one in good:
        ways = list(places(one))
        found += [bent(one, chance.choice(ways), chance.choice([*UNEXPECTED, DEEP])) for _ in range(each)]
        found += [{**one, "extra": DEEP}]
    return found


def named(event: Any, number: int) -> Any:
    """With what every event of a room has, where it is an object and does not say otherwise."""
    facts = {"event_id": f"$p{number}", "sender": ANNA, "origin_server_ts": number}
    return {**facts, **event} if isinstance(event, dict) else event


def told(position: str, seed: int) -> tuple[dict[str, Any], list[str]]:
    """An answer full of poison, and the texts of the good messages in it."""
    chance, good = random.Random(seed), []
    timeline: list[Any] = []
    for number, event in enumerate(poisoned(IN_ROOMS, 12, chance)):
        timeline.append(named(event, seed * 10_000 + number))
        if number % 10 == 0:
            good.append(f"good {seed} {number}")
            timeline.append(named({**message(good[-1]), "event_id": f"$g{seed}-{number}"}, 10**6 + number))
    room = {
        "timeline": {"events": timeline, "limited": seed % 2 == 0, "prev_batch": "p"},
        "state": {"events": [named(event, n) for n, event in enumerate(poisoned(IN_ROOMS[13:], 6, chance))]},
        "account_data": {"events": poisoned(OF_ROOM, 8, chance)},
        "ephemeral": {"events": poisoned(PASSING, 8, chance)},
        "summary": chance.choice(UNEXPECTED),
        "unread_notifications": chance.choice(UNEXPECTED),
    }
    answer = {
        "next_batch": position,
        "rooms": {"join": {ROOM: room}},
        "to_device": {"events": poisoned(TO_DEVICE, 12, chance)},
        "account_data": {"events": poisoned(OF_ACCOUNT, 12, chance)},
        "presence": {"events": poisoned(PRESENCE, 12, chance)},
        "device_lists": {"changed": UNEXPECTED, "left": UNEXPECTED} if seed % 2 else chance.choice(UNEXPECTED),
        "device_one_time_keys_count": chance.choice([{"signed_curve25519": one} for one in UNEXPECTED]),
        "device_unused_fallback_key_types": chance.choice([UNEXPECTED, *UNEXPECTED]),
    }
    return answer, good


def test_hundreds_of_bent_events_are_left_out_or_shown_and_everything_else_arrives(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    answers = [told(f"s{seed}", seed) for seed in range(ANSWERS)]
    asked = iter([answer for answer, _ in answers])
    ended = asyncio.Event()

    async def sync(_: Asked) -> Told:
        if (answer := next(asked, None)) is None:
            await ended.wait()
            return Told({}, 500)
        return Told(answer)

    async def work() -> None:
        async with FakeHomeserver() as fake:
            fake.answers["GET", "/_matrix/client/v3/account/whoami"] = Told({"user_id": ME, "device_id": "D"})
            fake.answers["GET", "/_matrix/client/v3/sync"] = sync
            around = Surroundings(tmp_path, tmp_path / "account", None, ("127.0.0.0/8",), key=b"k" * 32)
            secrets = {"homeserver": fake.url, "token": "t", "device": "D"}
            async with Following(network.session(Credentials(ME, secrets), around)) as seen:
                await seen.until(lambda: seen.checkpoint and LAST in seen.checkpoint, 60)
                check(seen, [text for _, good in answers for text in good])
                ended.set()

    asyncio.run(work())
    assert "could not be read" not in caplog.text, "it was left out one by one, not room by room"
    assert ANNA not in caplog.text


def check(seen: Following, good: list[str]) -> None:
    heard = [event for event in seen.events(MessageReceived) if event.conversation == ROOM]
    assert [event.body for event in heard if str(event.body).startswith("good ")] == good
    for event in heard:
        assert event.body, "an empty line"
        if isinstance(event.body, str):
            event.body.encode()  # it can be stored
