"""We, confirmed, and other devices that ask us for keys or give us some, honestly or not."""

from pathlib import Path
from typing import Any

import vodozemac

from tests.networks.matrix.encryption.far_device import FarDevice
from tests.networks.matrix.encryption.far_identity import Cross
from tests.networks.matrix.encryption.far_server import FarRoom, FarServer
from tests.networks.matrix.encryption.makers import ALICE, DEVICE, KEY, ROOM
from webapp.networks.matrix.encryption import cross_signing, secrets
from webapp.networks.matrix.encryption.outcomes import Closed
from webapp.networks.matrix.encryption.work import Work

BOB = "@bob:house.test"
Letter = dict[str, Any]


class Server(FarServer):
    """Keeps letters of all kinds."""

    def answer(self, request: Any) -> dict[str, Any]:
        kind = request.path.removeprefix("/_matrix/client/v3/sendToDevice/").partition("/")[0]
        if "/sendToDevice/" not in request.path:
            return super().answer(request)
        self.asked.append(request)
        return dict(self._letters(kind, request))


class Scene:
    """We, confirmed, and other devices: ``tablet`` is ours and confirmed, ``stranger`` only says that it is ours."""

    def __init__(self, folder: Path) -> None:
        self.ours = Cross(ALICE, ours=True)
        self.tablet, self.stranger = FarDevice(ALICE, "TABLET"), FarDevice(ALICE, "STRANGER")
        self.bob = FarDevice()
        self.server = Server(self.tablet, self.stranger, self.bob)
        self.server.identities.append(self.ours)
        self.server.more["TABLET"] = self.ours.vouch(self.tablet.keys())
        self.work = Work(folder, KEY, ALICE, DEVICE)
        self.store = self.work._store
        self.work.note_members(ROOM, frozenset({ALICE, BOB}))
        self.settle()
        with self.store.transaction():
            assert cross_signing.confirm(self.store, ALICE, self.ours.master.public)

    def settle(self) -> None:
        self.server.settle(self.work)

    def take(self, *letters: Letter) -> None:
        self.work.take(letters, {}, {"signed_curve25519": 50}, None)
        self.settle()

    def unlocked(self) -> None:
        """We have our private keys."""
        with self.store.transaction():
            for name in secrets.CROSS_SIGNING:
                assert secrets.keep(self.store, name, self.ours.secret(name))

    def certain_of_bob(self) -> None:
        """Bob and his device are confirmed, as only a friend is: still they are not us."""
        self.unlocked()
        bobs = Cross(BOB)
        self.server.identities.append(bobs)
        self.server.more["BOBSPHONE"] = bobs.vouch(self.bob.keys())
        self.work.take([], {"changed": [BOB]}, {}, None)
        self.settle()
        with self.store.transaction():
            assert cross_signing.confirm(self.store, BOB, bobs.master.public)
            for name in secrets.CROSS_SIGNING:
                self.store.tables.keep_fact(f"secret {name}", None)
        self.settle()

    def have(self) -> set[str]:
        return set(self.work.own.secrets())

    def under_olm(self, far: FarDevice, kind: str, content: dict[str, Any], **changes: Any) -> Letter:
        ours = self.store.account.identity_keys
        if not far.sessions:
            one_time = self.server.uploads[0]["one_time_keys"]
            far.meet(ours["curve25519"], one_time.popitem()[1]["key"])
        payload = far.payload(ALICE, ours["ed25519"], kind, content) | changes
        return far.event(ours["curve25519"], payload)

    def given(self, far: FarDevice) -> list[dict[str, Any]]:
        """What a device was sent under Olm, opened by it."""
        found = [c for k, u, d, c in self.server.letters if (k, u, d) == ("m.room.encrypted", far.user, far.device)]
        self.server.letters = [x for x in self.server.letters if x[2] != far.device]
        return [far.reads(content) for content in found]

    def asked(self, kind: str, device: str) -> list[dict[str, Any]]:
        """The questions that a device got, in the clear."""
        return [content for k, _, d, content in self.server.letters if (k, d) == (kind, device)]


def wants_secret(name: str = secrets.USER_SIGNING, device: str = "TABLET", sender: str = ALICE, **more: Any) -> Letter:
    content = {"action": "request", "name": name, "request_id": "r1", "requesting_device_id": device, **more}
    return {"type": "m.secret.request", "sender": sender, "content": content}


def wants_key(session: str, device: str = "TABLET", sender: str = ALICE, **more: Any) -> Letter:
    body = {"algorithm": "m.megolm.v1.aes-sha2", "room_id": ROOM, "session_id": session, "sender_key": "x"}
    content = {"action": "request", "body": body, "request_id": "r1", "requesting_device_id": device, **more}
    return {"type": "m.room_key_request", "sender": sender, "content": content}


def ask_for_secrets(scene: Scene) -> dict[str, str]:
    """We ask; the request ids by name, as the tablet got them."""
    with scene.store.transaction():
        scene.work._gossip.ask_for_secrets()
    scene.settle()
    return {one["name"]: one["request_id"] for one in scene.asked("m.secret.request", "TABLET")}


def a_message(scene: Scene) -> tuple[FarRoom, Letter]:
    """A message of Bob's, whose key we do not have."""
    room = FarRoom(scene.bob)
    event = room.event("from before")
    event["content"]["sender_key"] = room.far.curve
    [closed] = scene.work.open(ROOM, [event])
    assert isinstance(closed, Closed)
    scene.settle()
    return room, event


def forwarded(room: FarRoom, **changes: Any) -> dict[str, Any]:
    key = vodozemac.InboundGroupSession(room.start)
    exported = key.export_at(0)
    assert exported is not None
    content = {
        "algorithm": "m.megolm.v1.aes-sha2",
        "room_id": ROOM,
        "session_id": key.session_id,
        "session_key": exported.to_base64(),
        "sender_key": room.far.curve,
        "sender_claimed_ed25519_key": room.far.ed,
        "forwarding_curve25519_key_chain": [],
    }
    return {**content, **changes}
