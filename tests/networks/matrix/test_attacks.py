"""Attacks on encryption (S18), each by a homeserver that lies or by somebody on it: refused, or shown as not to be
trusted. ``docs/security.md`` lists them, with the tests that go deeper.

The session is the whole one; the other devices are written out on vodozemac alone.
"""

import asyncio
import copy
import json
from collections.abc import Callable, Coroutine
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from tests.fake_homeserver import Asked, FakeHomeserver, Told
from tests.networks.following import Following
from tests.networks.matrix.encryption.far_device import FarDevice
from tests.networks.matrix.encryption.far_identity import Cross
from tests.networks.matrix.encryption.far_server import FarRoom, FarServer
from tests.networks.matrix.encryption.makers import ALICE, DEVICE, KEY, ROOM
from webapp.networks.contract import Credentials, Surroundings
from webapp.networks.events import MessageReceived
from webapp.networks.matrix import network
from webapp.networks.matrix.encryption import megolm, secrets
from webapp.networks.matrix.encryption.requests import Request

pytestmark = pytest.mark.process  # together they take seconds

BOB, MALLORY = "@bob:house.test", "@mallory:house.test"
SYNC, WHOAMI = "/_matrix/client/v3/sync", "/_matrix/client/v3/account/whoami"
Event = dict[str, Any]


class House(FakeHomeserver):
    """Knows keys, letters and one encrypted room; tells in a sync what a test puts into it."""

    def __init__(self, keys: FarServer) -> None:
        super().__init__()
        self.keys, self.news = keys, asyncio.Queue[dict[str, Any]]()
        self.answers = _Answers(self)  # type: ignore[assignment]  # whatever is asked for it knows
        self._positions = count(1)

    async def sync(self, _: Asked) -> Told:
        try:
            news = await asyncio.wait_for(self.news.get(), 25)
        except TimeoutError:
            news = {}
        left = {"device_one_time_keys_count": {"signed_curve25519": 50 if self.keys.uploads else 0}}
        return Told({**left, **news, "next_batch": self.position()})

    def position(self) -> str:
        return f"s{next(self._positions)}"

    def other(self, asked: Asked) -> Told:
        body = json.loads(asked.body) if asked.body else {}
        if "/members" in asked.path:
            return Told({"chunk": [member(user) for user in (ALICE, BOB, MALLORY)]})
        if "/keys/" in asked.path or "/sendToDevice/m.room" in asked.path:
            return Told(self.keys.answer(Request("", asked.method, asked.path, body)))
        return Told({})


class _Answers(dict[tuple[str, str], Any]):
    def __init__(self, house: House) -> None:
        super().__init__()
        self[("GET", WHOAMI)] = Told({"user_id": ALICE, "device_id": DEVICE})
        self[("GET", SYNC)] = house.sync
        self._house = house

    def get(self, key: tuple[str, str], default: Any = None) -> Any:
        return super().get(key) or self._house.other


class Scene:
    """Alice's session, Bob who is honest and has an identity, Mallory who is neither, and a device that says it is
    Alice's."""

    def __init__(self, house: House, seen: Following) -> None:
        self.house, self.seen = house, seen
        self.bob, self.mallory, self.stranger = house.keys.devices
        self.room, self.known = FarRoom(self.bob), FarRoom(self.bob)
        """Two keys of Bob's: one that we do not have, and one that we have."""

    async def ready(self) -> None:
        await self.seen.until(lambda: bool(self.house.keys.uploads))
        self.one_time = dict(self.house.keys.uploads[0]["one_time_keys"])
        self.ours = self.house.keys.uploads[0]["device_keys"]["keys"]
        self.house.news.put_nowait(
            in_room(state("m.room.encryption", {"algorithm": "m.megolm.v1.aes-sha2"}), *members())
        )
        self.house.news.put_nowait({"to_device": {"events": [self.sealed(self.bob, self.known.key())]}})
        await self.seen.until(lambda: self.queries() > 0)

    def queries(self) -> int:
        """How often we asked for Bob's devices."""
        return sum(BOB in str(one.body) for one in self.house.keys.asked if "query" in one.path)

    async def unlocked(self) -> None:
        """We have our private keys, as soon as the server named them."""
        keys = self.seen.session._open_line().keys  # type: ignore[attr-defined]  # the session of this network
        ours = next(one for one in self.house.keys.identities if one.user == ALICE)
        async with asyncio.timeout(20):
            for name in secrets.CROSS_SIGNING:
                while not await keys.own(lambda own, name=name: own.keep(name, ours.secret(name))):
                    await self.seen.quiet(0.01)

    async def has_new_device(self, far: FarDevice) -> None:
        """The server says that Bob has one more."""
        before = self.queries()
        self.house.keys.devices.append(far)
        self.house.news.put_nowait({"device_lists": {"changed": [BOB]}})
        await self.seen.until(lambda: self.queries() > before)

    def sealed(self, far: FarDevice, content: Event, kind: str = "m.room_key", **changes: Any) -> Event:
        """A letter under Olm."""
        curve, ed = self.ours[f"curve25519:{DEVICE}"], self.ours[f"ed25519:{DEVICE}"]
        if not far.sessions:
            far.meet(curve, self.one_time.popitem()[1]["key"])
        return far.event(curve, {**far.payload(ALICE, ed, kind, content), **changes})

    async def told(self, letters: list[Event], *events: Event) -> list[MessageReceived]:
        """What the person sees of these events, after these letters."""
        self.house.news.put_nowait({"to_device": {"events": letters}, **in_room(*events)})
        names = {event["event_id"] for event in events}
        await self.seen.until(lambda: names <= {m.remote_id for m in self.seen.messages()})
        return [message for message in self.seen.messages() if message.remote_id in names]


def state(kind: str, content: Event, key: str = "") -> Event:
    name = f"${kind}{key.removeprefix('@').partition(':')[0]}"
    return {"type": kind, "state_key": key, "event_id": name, "sender": BOB, "origin_server_ts": 1, "content": content}


def member(user: str) -> Event:
    return state("m.room.member", {"membership": "join"}, user)


def members() -> list[Event]:
    return [member(user) for user in (ALICE, BOB, MALLORY)]


def in_room(*events: Event) -> Event:
    return {"rooms": {"join": {ROOM: {"timeline": {"events": list(events)}}}}} if events else {}


def run(folder: Path, work: Callable[[Scene], Coroutine[Any, Any, None]]) -> None:
    async def whole() -> None:
        bob, mallory, stranger = FarDevice(), FarDevice(MALLORY, "MALLORYDEV"), FarDevice(ALICE, "STRANGER")
        keys, bobs = FarServer(bob, mallory, stranger), Cross(BOB)
        keys.identities += [bobs, Cross(ALICE, ours=True)]
        keys.more[bob.device] = bobs.vouch(bob.keys())
        async with House(keys) as house:
            house.news.put_nowait({})
            around = Surroundings(folder / "shared", folder / "own", None, ("127.0.0.0/8",), key=KEY)
            told = {"homeserver": house.url, "token": "t", "device": DEVICE, "since": "0"}
            async with Following(network.session(Credentials(ALICE, told), around)) as seen:
                scene = Scene(house, seen)
                await scene.ready()
                await work(scene)

    asyncio.run(whole())


def forwarded(scene: Scene) -> Event:
    import vodozemac

    exported = vodozemac.InboundGroupSession(scene.room.start).export_at(0)
    assert exported is not None
    more = {"sender_key": scene.bob.curve, "sender_claimed_ed25519_key": scene.bob.ed}
    key = {**scene.room.key(), "session_key": exported.to_base64(), "forwarding_curve25519_key_chain": []}
    return {**key, **more}


def under_megolm(scene: Scene) -> Event:
    """A room key as a letter that is encrypted like a message of a room, under a key that we have."""
    plain = {"type": "m.room_key", "room_id": ROOM, "content": scene.room.key()}
    event = scene.known.sealed(json.dumps(plain).encode())
    return {"type": "m.room.encrypted", "sender": BOB, "content": event["content"]}


Letter = Callable[[Scene], Event]
NOT_TAKEN: dict[str, Letter] = {
    "CVE-2022-39246: a key that somebody forwards unasked": lambda s: s.sealed(
        s.mallory, forwarded(s), "m.forwarded_room_key"
    ),
    "CVE-2022-39249: a key that a device forwards which only says that it is ours": lambda s: s.sealed(
        s.stranger, forwarded(s), "m.forwarded_room_key"
    ),
    "CVE-2022-39251: a key under Megolm instead of Olm": under_megolm,
    "a key in the clear": lambda s: {"type": "m.room_key", "sender": BOB, "content": s.room.key()},
    "a letter in another's name": lambda s: {**s.sealed(s.mallory, s.room.key()), "sender": BOB},
    "a letter that names another sender inside": lambda s: s.sealed(s.mallory, s.room.key(), sender=BOB),
    "a letter for somebody else": lambda s: s.sealed(s.bob, s.room.key(), recipient=MALLORY),
    "a letter for another device": lambda s: s.sealed(s.bob, s.room.key(), recipient_keys={"ed25519": s.mallory.ed}),
    "a key for another room": lambda s: s.sealed(s.bob, {**s.room.key(), "room_id": "!other:house.test"}),
    "a key under another name": lambda s: s.sealed(s.bob, {**s.room.key(), "session_id": "A" * 43}),
}


def test_what_is_honest_is_shown_as_that(tmp_path: Path) -> None:
    async def work(scene: Scene) -> None:
        [found] = await scene.told([scene.sealed(scene.bob, scene.room.key())], scene.room.event("soup"))
        assert (found.body, found.sealed, found.untrusted) == ("soup", False, None)

    run(tmp_path, work)


@pytest.mark.parametrize("attack", NOT_TAKEN)
def test_a_key_that_did_not_come_as_it_should_opens_nothing(attack: str, tmp_path: Path) -> None:
    async def work(scene: Scene) -> None:
        letter = NOT_TAKEN[attack](scene)  # before the message: it would open it
        [found] = await scene.told([letter], scene.room.event("forged"))
        assert found.sealed
        assert found.body != "forged"

    run(tmp_path, work)


def test_a_device_that_describes_itself_as_another_users_is_not_heard(tmp_path: Path) -> None:
    """CVE-2026-45056: it would be known as his. Not even what it says of itself is taken."""

    async def work(scene: Scene) -> None:
        theirs, pose = FarRoom(scene.mallory), FarDevice(BOB, scene.mallory.device)
        pose.account, pose.curve, pose.ed = scene.mallory.account, scene.mallory.curve, scene.mallory.ed
        letter = scene.sealed(scene.mallory, theirs.key(), sender_device_keys=pose.keys())
        [found] = await scene.told([letter], theirs.event("it is me"))
        assert found.sealed

    run(tmp_path, work)


def test_one_bad_letter_does_not_keep_a_good_one_away(tmp_path: Path) -> None:
    async def work(scene: Scene) -> None:
        bad = [letter(scene) for name, letter in NOT_TAKEN.items() if name != "a key for another room"]
        [found] = await scene.told([*bad, scene.sealed(scene.bob, scene.room.key())], scene.room.event("soup"))
        assert (found.body, found.untrusted) == ("soup", None)

    run(tmp_path, work)


def test_a_message_in_anothers_name_is_not_shown_though_its_key_came_properly(tmp_path: Path) -> None:
    """CVE-2025-48937: whoever sent the key wrote the message, whatever the server says."""

    async def work(scene: Scene) -> None:
        theirs = FarRoom(scene.mallory)
        [found] = await scene.told([scene.sealed(scene.mallory, theirs.key())], theirs.event("it is me", sender=BOB))
        assert found.sealed

    run(tmp_path, work)


def test_a_message_that_is_repeated_is_not_shown_twice(tmp_path: Path) -> None:
    async def work(scene: Scene) -> None:
        key, event = scene.sealed(scene.bob, scene.room.key()), scene.room.event("soup")
        again = {**copy.deepcopy(event), "event_id": "$again", "origin_server_ts": 9}
        found = await scene.told([key], event, again)
        assert [message.sealed for message in found] == [False, True]

    run(tmp_path, work)


def test_a_message_under_olm_in_a_room_is_not_opened(tmp_path: Path) -> None:
    """CVE-2022-39251, the other way round."""

    async def work(scene: Scene) -> None:
        said = {"msgtype": "m.text", "body": "forged"}
        letter = scene.sealed(scene.bob, said, "m.room.message", room_id=ROOM)
        [found] = await scene.told([], {**letter, "event_id": "$olm", "origin_server_ts": 2})
        assert found.sealed

    run(tmp_path, work)


def test_a_device_that_the_server_made_up_for_somebody_is_marked(tmp_path: Path) -> None:
    async def work(scene: Scene) -> None:
        made_up = FarDevice(BOB, "MADEUP")
        await scene.has_new_device(made_up)
        theirs = FarRoom(made_up)
        [found] = await scene.told([scene.sealed(made_up, theirs.key())], theirs.event("it is me"))
        assert found.untrusted
        assert found.untrusted.msgid == megolm.UNCONFIRMED_DEVICE

    run(tmp_path, work)


@pytest.mark.parametrize("vouched", [True, False])
def test_of_somebody_who_was_never_heard_of_before_only_confirmed_devices_are_not_marked(
    vouched: bool, tmp_path: Path
) -> None:
    """Their first message is opened when their devices are known, whatever its sender says of itself."""

    async def work(scene: Scene) -> None:
        carol, hers = FarDevice("@carol:house.test", "CAROLSPHONE"), Cross("@carol:house.test")
        scene.house.keys.devices.append(carol)
        scene.house.keys.identities.append(hers)
        if vouched:
            scene.house.keys.more[carol.device] = hers.vouch(carol.keys())
        theirs = FarRoom(carol)
        key = scene.sealed(carol, theirs.key(), sender_device_keys=carol.keys())
        [found] = await scene.told([key], theirs.event("hello"))
        assert found.body == "hello"
        assert (found.untrusted is None) is vouched

    run(tmp_path, work)


def test_a_device_that_is_called_like_a_master_key_is_marked(tmp_path: Path) -> None:
    """CVE-2022-39250: it could be taken for the key that it is called after."""

    async def work(scene: Scene) -> None:
        named = FarDevice(BOB, scene.house.keys.identities[0].master.public)
        await scene.has_new_device(named)
        theirs = FarRoom(named)
        [found] = await scene.told([scene.sealed(named, theirs.key())], theirs.event("it is me"))
        assert found.untrusted
        assert found.untrusted.msgid == megolm.UNKNOWN_DEVICE

    run(tmp_path, work)


def test_what_is_put_into_an_encrypted_room_without_encryption_is_marked(tmp_path: Path) -> None:
    async def work(scene: Scene) -> None:
        plain = {"type": "m.room.message", "content": {"msgtype": "m.text", "body": "it is me"}}
        [found] = await scene.told([], {**plain, "event_id": "$plain", "sender": BOB, "origin_server_ts": 2})
        assert found.untrusted is not None

    run(tmp_path, work)


@pytest.mark.parametrize("who", [(ALICE, "STRANGER"), (BOB, "BOBSPHONE"), (ALICE, DEVICE)])
@pytest.mark.parametrize("kind", ["m.room_key_request", "m.secret.request"])
def test_nobody_gets_keys_by_asking_for_them(kind: str, who: tuple[str, str], tmp_path: Path) -> None:
    """CVE-2021-40823. Devices that our own identity vouches for do: ``encryption/test_gossip.py``."""
    user, device = who

    async def work(scene: Scene) -> None:
        key = scene.sealed(scene.bob, scene.room.key())
        about = {"algorithm": "m.megolm.v1.aes-sha2", "room_id": ROOM, "session_id": scene.room.group.session_id}
        asks = {"action": "request", "requesting_device_id": device, "request_id": "r"}
        body = {"name": secrets.MASTER, **asks} if kind.startswith("m.secret") else {"body": about, **asks}
        await scene.unlocked()
        await scene.told([key, {"type": kind, "sender": user, "content": body}], scene.room.event("soup"))
        for number in range(4):  # whatever was to be asked and sent for the first is sent by now
            await scene.told([], scene.room.event(f"and more {number}"))
        assert [letter for letter in scene.house.keys.letters if "room_key" not in letter[0]] == []

    run(tmp_path, work)
