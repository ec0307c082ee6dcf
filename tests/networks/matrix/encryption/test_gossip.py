"""What a person's devices give each other, and what they do not: every question and every answer may be forged."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
import vodozemac

from tests.networks.matrix.encryption.far_device import FarDevice
from tests.networks.matrix.encryption.far_identity import Cross
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
from tests.networks.matrix.encryption.makers import ALICE, DEVICE, ROOM
from webapp.networks.matrix.encryption import gossip, secrets
from webapp.networks.matrix.encryption.outcomes import Closed, Opened


@pytest.fixture
def scene(tmp_path: Path) -> Iterator[Scene]:
    made = Scene(tmp_path)
    yield made
    made.work.close()


# Private keys that others of our devices want


def test_a_confirmed_device_of_ours_gets_a_private_key(scene: Scene) -> None:
    scene.unlocked()
    scene.take(wants_secret())
    [sent] = scene.given(scene.tablet)
    assert sent["type"] == "m.secret.send"
    assert sent["content"] == {"request_id": "r1", "secret": scene.ours.secret(secrets.USER_SIGNING)}


@pytest.mark.parametrize(
    "letter",
    [
        wants_secret(device="STRANGER"),
        wants_secret(device="NOBODY"),
        wants_secret(device=DEVICE),
        wants_secret(sender=BOB),
        wants_secret(sender=BOB, device="BOBSPHONE"),
        wants_secret(name="own_fact self"),
        wants_secret(name="m.megolm_backup.v1"),
        wants_secret(action="request_cancellation"),
        wants_secret(action=None, name=[]),
        {"type": "m.secret.request", "sender": ALICE, "content": None},
    ],
)
def test_nobody_else_gets_a_private_key_and_nothing_else_is_given(letter: Letter, scene: Scene) -> None:
    scene.unlocked()
    scene.take(letter)
    assert [kind for kind, *_ in scene.server.letters] == []


def test_a_device_that_is_confirmed_a_little_later_gets_it_then_and_one_that_is_not_never(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    scene.unlocked()
    scene.take(wants_secret(device="STRANGER"))
    scene.server.more["STRANGER"] = scene.ours.vouch(scene.stranger.keys())
    scene.work.take([], {"changed": [ALICE]}, {}, None)
    scene.settle()
    assert [sent["type"] for sent in scene.given(scene.stranger)] == ["m.secret.send"]
    monkeypatch.setattr(gossip, "WAIT_SECONDS", -1)
    late = FarDevice(ALICE, "LATE")
    scene.take(wants_secret(device="LATE"))
    scene.server.devices.append(late)
    scene.server.more["LATE"] = scene.ours.vouch(late.keys())
    scene.work.take([], {"changed": [ALICE]}, {}, None)
    scene.settle()
    assert scene.given(late) == []


def test_a_question_that_is_taken_back_is_not_answered(scene: Scene) -> None:
    scene.unlocked()
    scene.work.take([wants_secret(), wants_secret(action="request_cancellation")], {}, {}, None)
    scene.settle()
    assert scene.given(scene.tablet) == []


# Private keys that we want


def test_we_ask_our_confirmed_devices_only_and_keep_what_fits(scene: Scene) -> None:
    with scene.store.transaction():
        scene.work._vouching.vouch(DEVICE, scene.store.account.identity_keys["ed25519"])
    asked = ask_for_secrets(scene)
    assert set(asked) == set(secrets.ALL)
    assert scene.asked("m.secret.request", DEVICE) == []
    assert scene.asked("m.secret.request", "STRANGER") == []
    name = secrets.SELF_SIGNING
    answer = {"request_id": asked[name], "secret": scene.ours.secret(name)}
    scene.take(scene.under_olm(scene.tablet, "m.secret.send", answer))
    assert scene.have() == {name}


@pytest.mark.parametrize(
    "what", ["a stranger", "a friend", "in the clear", "unasked", "another key", "no key", "other device"]
)
def test_a_private_key_that_is_not_the_answer_of_a_confirmed_device_is_not_kept(what: str, scene: Scene) -> None:
    name = secrets.SELF_SIGNING
    scene.certain_of_bob()
    asked = ask_for_secrets(scene)
    content = {"request_id": asked[name], "secret": scene.ours.secret(name)}
    sender = {"a stranger": scene.stranger, "a friend": scene.bob}.get(what, scene.tablet)
    keys = {"unasked": {"request_id": "never"}, "another key": {"secret": Cross(ALICE).secret(name)}}
    content |= keys.get(what, {})
    content |= {"secret": 7} if what == "no key" else {}
    if what == "in the clear":
        scene.take({"type": "m.secret.send", "sender": ALICE, "content": content})
    else:
        changes = {"keys": {"ed25519": scene.stranger.ed}} if what == "other device" else {}
        scene.take(scene.under_olm(sender, "m.secret.send", content, **changes))
    assert scene.have() == set()


def test_the_key_of_the_backup_waits_until_we_know_which_backup_there_is(scene: Scene) -> None:
    asked = ask_for_secrets(scene)
    private = vodozemac.Curve25519SecretKey()
    from webapp.networks.matrix.encryption import unpadded

    answer = {"request_id": asked[secrets.BACKUP], "secret": unpadded.encode(private.to_bytes())}
    scene.take(scene.under_olm(scene.tablet, "m.secret.send", answer))
    assert scene.have() == set()
    auth = {"public_key": private.public_key().to_base64()}
    told = {"version": "1", "algorithm": "m.megolm_backup.v1.curve25519-aes-sha2", "auth_data": auth}
    scene.work.own.backup.note(told)
    scene.settle()
    assert scene.have() == {secrets.BACKUP}


# Room keys


def test_a_key_that_a_confirmed_device_of_ours_forwards_opens_the_message_and_is_not_proof(scene: Scene) -> None:
    room, event = a_message(scene)
    [asked] = scene.asked("m.room_key_request", "TABLET")
    assert (asked["body"]["room_id"], asked["body"]["session_id"]) == (ROOM, room.group.session_id)
    assert asked["body"]["sender_key"] == room.far.curve, "other programs want to know"
    assert scene.asked("m.room_key_request", "STRANGER") == []
    scene.take(scene.under_olm(scene.tablet, "m.forwarded_room_key", forwarded(room)))
    [late] = scene.work.late(10)
    assert late.event == event
    assert late.opened.content["body"] == "from before"
    assert late.opened.untrusted is not None


@pytest.mark.parametrize(
    "what", ["a stranger", "a friend", "in the clear", "another room", "another session", "unasked", "nonsense"]
)
def test_a_forwarded_key_that_is_not_the_answer_of_a_confirmed_device_is_not_taken(what: str, scene: Scene) -> None:
    """CVE-2022-39246, CVE-2022-39249."""
    scene.certain_of_bob()
    room, event = a_message(scene)
    other, _ = a_message(scene)
    content = forwarded(room) | {
        "another room": {"room_id": "!other:house.test"},
        "another session": {"session_id": other.group.session_id},
        "unasked": forwarded(FarRoom(scene.bob)),
        "nonsense": {"session_key": "A" * 300},
    }.get(what, {})
    sender = {"a stranger": scene.stranger, "a friend": scene.bob}.get(what, scene.tablet)
    if what == "in the clear":
        scene.take({"type": "m.forwarded_room_key", "sender": ALICE, "content": content})
    else:
        scene.take(scene.under_olm(sender, "m.forwarded_room_key", content))
    assert scene.work.late(10) == []
    assert isinstance(scene.work.open(ROOM, [event])[0], Closed)
    with scene.store.transaction():
        for session in (room.group.session_id, content["session_id"]):
            assert scene.store.tables.room_key(session) is None, "it would be in the way of the right one"


def test_a_key_is_asked_for_once(scene: Scene) -> None:
    room, _ = a_message(scene)
    scene.work.open(ROOM, [room.event("and more")])
    scene.settle()
    assert len(scene.asked("m.room_key_request", "TABLET")) == 1


def test_many_keys_are_asked_for_in_turn(scene: Scene) -> None:
    for number in range(45):
        scene.work.open(ROOM, [FarRoom(scene.bob).event(str(number))])
    scene.settle()
    scene.settle()
    assert len(scene.asked("m.room_key_request", "TABLET")) == 45


def our_message(scene: Scene) -> str:
    """Something of ours; the session under which it was said."""
    scene.server.settle(scene.work, ROOM)
    sealed = scene.work.seal(ROOM, "m.room.message", {"msgtype": "m.text", "body": "soup"})
    scene.given(scene.tablet)
    scene.server.letters = []
    return str(sealed["session_id"])


def test_a_confirmed_device_of_ours_gets_a_room_key_that_it_asks_for(scene: Scene) -> None:
    session = our_message(scene)
    scene.take(wants_key(session))
    [sent] = scene.given(scene.tablet)
    ours, exported = scene.store.account.identity_keys, sent["content"].pop("session_key")
    assert (sent["type"], sent["content"]) == (
        "m.forwarded_room_key",
        {
            "algorithm": "m.megolm.v1.aes-sha2",
            "room_id": ROOM,
            "session_id": session,
            "sender_key": ours["curve25519"],
            "sender_claimed_ed25519_key": ours["ed25519"],
            "forwarding_curve25519_key_chain": [],
        },
    )
    assert vodozemac.InboundGroupSession.import_session(vodozemac.ExportedSessionKey(exported)).session_id == session


@pytest.mark.parametrize("who", [("STRANGER", ALICE), ("BOBSPHONE", BOB), ("TABLET", BOB), (DEVICE, ALICE)])
def test_nobody_else_gets_a_room_key_that_they_ask_for(who: tuple[str, str], scene: Scene) -> None:
    """CVE-2021-40823: a device is not ours because it says so. Others get what is said to them, and no history."""
    session = our_message(scene)
    device, sender = who
    scene.take(wants_key(session, device, sender))
    assert scene.server.letters == []


def test_somebody_who_comes_later_is_never_given_what_was_said_before(scene: Scene) -> None:
    """CVE-2024-47080: an invitation gives nobody the history."""
    session = our_message(scene)
    carol = FarDevice("@carol:house.test", "CAROLSPHONE")
    scene.server.devices.append(carol)
    scene.work.note_members(ROOM, frozenset({ALICE, BOB, carol.user}))
    scene.server.settle(scene.work, ROOM)
    scene.work.seal(ROOM, "m.room.message", {"msgtype": "m.text", "body": "welcome"})
    sent = scene.given(carol)
    assert [one["type"] for one in sent] == ["m.room_key"]
    key = vodozemac.InboundGroupSession(vodozemac.SessionKey(sent[0]["content"]["session_key"]))
    assert key.session_id != session or key.first_known_index > 0


def test_letters_that_make_no_sense_never_raise(scene: Scene) -> None:
    a_message(scene)
    ask_for_secrets(scene)
    for kind in ("m.secret.send", "m.forwarded_room_key"):
        for content in ({}, {"request_id": [], "secret": {}}, {"room_id": 7, "session_id": [], "session_key": None}):
            scene.take(scene.under_olm(scene.tablet, kind, content))
    for kind in ("m.secret.request", "m.room_key_request"):
        for content in ({}, {"action": "request", "request_id": "x", "requesting_device_id": {}, "body": []}, None):
            scene.take({"type": kind, "sender": ALICE, "content": content})
    for kind in ([], {}, None, 7):
        scene.take({"type": kind, "sender": ALICE, "content": {}})
    assert scene.have() == set()
    assert isinstance(json.dumps(scene.server.letters), str)
    assert not any(isinstance(found, Opened) for found in scene.work.open(ROOM, [FarRoom(scene.bob).event()]))
