"""Letters and messages of verifications and of gossip, bent in every place: nothing of it ever raises.

Each is bent where it would be taken: at its moment, from whom it may come, as the answer to what was asked.
"""

import json
from collections.abc import Iterable, Iterator
from dataclasses import replace
from itertools import islice
from pathlib import Path
from typing import Any

import pytest

from tests.networks.matrix.bending import DEEP, UNEXPECTED, all_bent, bent, places
from tests.networks.matrix.encryption.far_server import FarRoom
from tests.networks.matrix.encryption.gossip_scene import (
    BOB,
    Letter,
    Scene,
    a_message,
    ask_for_secrets,
    forwarded,
    wants_key,
    wants_secret,
)
from tests.networks.matrix.encryption.makers import ALICE, ROOM
from tests.networks.matrix.verification.between import ALICE_KEYS, BOB_KEYS, Between
from webapp.networks.matrix.encryption import secrets
from webapp.networks.matrix.encryption.outcomes import Closed, Opened
from webapp.networks.matrix.encryption.tables import now
from webapp.networks.matrix.verification.sas import Confirmed
from webapp.networks.matrix.verification.seen import Spoken

pytestmark = pytest.mark.process  # together they take seconds
NO_OBJECTS = [b"", b"{", b"7", b"[" * 50_000, b"\xff\xfe"]
AT_ONCE = 15
"""Questions that are asked together; of more than twenty the rest is not heard."""


@pytest.fixture
def scene(tmp_path: Path) -> Iterator[Scene]:
    made = Scene(tmp_path)
    yield made
    made.work.close()


def by_fifteen(many: Iterator[Any]) -> Iterator[list[Any]]:
    while some := list(islice(many, AT_ONCE)):
        yield some


def question(**more: Any) -> dict[str, Any]:
    return {"from_device": "BOBSPHONE", "methods": ["m.sas.v1"], "timestamp": int(now() * 1000), **more}


def accept_all(scene: Scene) -> int:
    """Say yes to every question that there is, and forget it; how many there were."""
    asked = scene.work.verification(lambda all_: all_.seen())
    for one in asked:
        scene.work.verification(lambda all_, name=one.name: all_.do(name, "accept"))
    scene.settle()
    scene.work.verification(lambda all_: all_._flows.clear())
    return len(asked)


def by_letter(number: int) -> Letter:
    content = question(transaction_id=f"t{number}")
    return {"type": "m.key.verification.request", "sender": BOB, "content": content}


def in_a_room(number: int) -> Spoken:
    content = question(msgtype="m.key.verification.request", to=ALICE, body="…")
    return Spoken(f"${number}", BOB, "m.room.message", content, now())


def test_bent_questions_by_letter_never_raise(scene: Scene) -> None:
    for letters in by_fifteen(all_bent(by_letter)):
        scene.take(*letters)
        accept_all(scene)
    scene.take(by_letter(10_000))
    assert accept_all(scene) == 1


def test_bent_questions_in_rooms_never_raise(scene: Scene) -> None:
    contents = (content for content in all_bent(in_a_room(0).content) if isinstance(content, dict))
    for some in by_fifteen(contents):
        hear(scene, *(replace(in_a_room(number), content=content) for number, content in enumerate(some)))
        accept_all(scene)
    hear(scene, in_a_room(10_000))
    assert accept_all(scene) == 1


def hear(scene: Scene, *spoken: Spoken) -> None:
    scene.work.verification(lambda all_: all_.hear(ROOM, spoken))


@pytest.mark.parametrize("step", ["ready", "start", "accept", "key", "mac", "done", "cancel"])
def test_bent_steps_never_raise_whatever_they_name(step: str, scene: Scene) -> None:
    content = {"from_device": "BOBSPHONE", "method": "m.sas.v1", "transaction_id": "t1", "code": "m.user"}
    related = {**content, "m.relates_to": {"rel_type": "m.reference", "event_id": "$1"}}
    scene.take(by_letter(1))
    hear(scene, in_a_room(1))
    scene.take(*all_bent({"type": f"m.key.verification.{step}", "sender": BOB, "content": content}))
    contents = [one for one in all_bent(related) if isinstance(one, dict)]
    hear(scene, *(Spoken("$x", BOB, f"m.key.verification.{step}", one, now()) for one in contents))
    scene.settle()


def compared(between: Between) -> Between:
    between.compare()
    between.alice.flow.match()
    between.bob.flow.match()
    between.carry()
    return between


@pytest.mark.parametrize("step", ["ready", "start", "accept", "key", "mac"])
def test_a_step_that_is_bent_at_its_moment_never_raises_and_confirms_nobody_else(step: str) -> None:
    honest = compared(Between())
    [good] = [one.content for side in (honest.alice, honest.bob) for one in side.flow.out if one.step == step][:1]
    for place in list(places(good))[1:]:
        for into in [*UNEXPECTED, DEEP]:
            change = {step: lambda content, place=place, into=into: bent(content, place, into)}
            between = compared(Between(**change))
            if place[0] in {"mac", "keys"}:
                assert between.alice.flow.confirmed is between.bob.flow.confirmed is None
            assert between.alice.flow.confirmed in {None, Confirmed(BOB_KEYS.device_key, BOB_KEYS.master_key)}
            assert between.bob.flow.confirmed in {None, Confirmed(ALICE_KEYS.device_key, ALICE_KEYS.master_key)}


def test_a_bent_end_of_a_verification_ends_it() -> None:
    for content in all_bent({"code": "m.user", "reason": "x"}):
        between = Between()
        between.compare()
        between.alice.flow.hear("cancel", content if isinstance(content, dict) else {})
        assert between.alice.flow.is_over
        assert between.alice.flow.confirmed is None


# What devices give each other


def test_bent_questions_for_keys_never_raise_and_only_a_confirmed_device_is_given_any(scene: Scene) -> None:
    scene.unlocked()
    room, _ = a_message(scene)
    scene.take(scene.under_olm(scene.bob, "m.room_key", room.key()))
    scene.server.letters = []
    for device in ("STRANGER", "TABLET"):
        for good in (wants_secret(device=device), wants_key(room.group.session_id, device)):
            scene.take(*all_bent(good))
    given = {device for kind, _, device, _ in scene.server.letters if kind == "m.room.encrypted"}
    assert given == {"TABLET"}, "some of them are as good as before"


def a_secret(scene: Scene) -> dict[str, Any]:
    name = secrets.SELF_SIGNING
    return {"request_id": ask_for_secrets(scene)[name], "secret": scene.ours.secret(name)}


def under_olm(scene: Scene, kind: str, contents: Iterable[Any]) -> Iterator[Letter]:
    scene.under_olm(scene.tablet, kind, {})  # they have met
    ours = scene.store.account.identity_keys
    whole = scene.tablet.payload(ALICE, ours["ed25519"], kind, {})
    return (scene.tablet.event(ours["curve25519"], {**whole, "content": one}) for one in contents)


def test_bent_secrets_never_raise_and_are_not_kept(scene: Scene) -> None:
    for letter in under_olm(scene, "m.secret.send", all_bent(lambda _: a_secret(scene))):
        scene.take(letter)
    assert scene.have() == set()
    scene.take(*under_olm(scene, "m.secret.send", [a_secret(scene)]))
    assert scene.have() == {secrets.SELF_SIGNING}


def test_bent_room_keys_never_raise(scene: Scene) -> None:
    asked, _ = a_message(scene)
    scene.take(*under_olm(scene, "m.forwarded_room_key", all_bent(forwarded(asked))))
    scene.take(*under_olm(scene, "m.room_key", all_bent(FarRoom(scene.tablet).key())))
    scene.work.late(10)


def test_bent_payloads_never_raise(scene: Scene) -> None:
    scene.under_olm(scene.tablet, "m.dummy", {})
    ours = scene.store.account.identity_keys
    good = {**scene.tablet.payload(ALICE, ours["ed25519"], "m.dummy", {}), "sender_device_keys": scene.tablet.keys()}
    payloads = [*NO_OBJECTS, *all_bent(good)]
    scene.take(*(scene.tablet.event(ours["curve25519"], payload) for payload in payloads))


def test_bent_envelopes_never_raise(scene: Scene) -> None:
    letter = scene.under_olm(scene.tablet, "m.dummy", {})
    scene.take(*all_bent(letter))
    withheld = {"algorithm": "m.megolm.v1.aes-sha2", "room_id": ROOM, "session_id": "x", "code": "m.unverified"}
    scene.take(*all_bent({"type": "m.room_key.withheld", "sender": BOB, "content": withheld}))


def test_bent_messages_under_megolm_never_raise(scene: Scene) -> None:
    room, event = a_message(scene)
    scene.take(scene.under_olm(scene.bob, "m.room_key", room.key()))
    events: list[Letter] = [one for one in all_bent(event) if isinstance(one, dict)]
    assert len(scene.work.open(ROOM, events)) == len(events)
    plain = {"type": "m.room.message", "room_id": ROOM, "content": {"body": "x", "m.relates_to": {"event_id": "$1"}}}
    told = [*NO_OBJECTS, *(json.dumps(one).encode() for one in all_bent(plain))]
    found = scene.work.open(ROOM, [room.sealed(one) | {"event_id": f"${at}"} for at, one in enumerate(told)])
    assert all(isinstance(one, Closed) or isinstance(one.content, dict) for one in found)
    assert any(isinstance(one, Opened) for one in found), "some of them are as good as before"
