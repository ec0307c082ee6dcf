"""As much of a homeserver as keys need, and others' devices on it. It answers ``Work`` without HTTP."""

import json
from typing import Any

import vodozemac

from tests.networks.matrix.encryption.far_device import FarDevice
from tests.networks.matrix.encryption.makers import ROOM


class FarServer:
    """Keeps what is uploaded, gives what is asked for, remembers what was asked."""

    def __init__(self, *devices: FarDevice) -> None:
        self.devices = list(devices)
        self.without_keys: set[str] = set()
        self.uploads: list[dict[str, Any]] = []
        self.asked: list[Any] = []
        self.more: dict[str, Any] = {}
        self.identities: list[Any] = []
        self.signatures: list[dict[str, Any]] = []
        self.letters: list[tuple[str, str, str, dict[str, Any]]] = []

    def answer(self, request: Any) -> dict[str, Any]:
        """The answer to a request; everything is accepted."""
        self.asked.append(request)
        what = request.path.removeprefix("/_matrix/client/v3/").partition("/")
        return dict(getattr(self, f"_{what[0]}_{what[2].partition('/')[0]}".replace(".", "_"))(request))

    def settle(self, work: Any, room: str | None = None) -> int:
        """Answer until nothing is due; how many rounds that took."""
        for rounds in range(50):
            wanted = work.due(room)
            if not wanted:
                return rounds
            for request in wanted:
                work.answered(request, json.loads(json.dumps(self.answer(request))))
        raise AssertionError("it never has enough")

    def _keys_upload(self, request: Any) -> dict[str, Any]:
        self.uploads.append(request.body)
        return {"one_time_key_counts": {"signed_curve25519": 50}}

    def _keys_query(self, request: Any) -> dict[str, Any]:
        listed: dict[str, Any] = {user: {} for user in request.body["device_keys"]}
        for far in self.devices:
            if far.user in listed:
                listed[far.user][far.device] = self.more.get(far.device) or far.keys()
        for ours in (body["device_keys"] for body in self.uploads if "device_keys" in body):
            if ours["user_id"] in listed:
                listed[ours["user_id"]][ours["device_id"]] = ours
        keys = {name: value for name, value in self.more.items() if name.endswith("_keys")}
        return {"device_keys": listed, **merged(keys, *(known.answer() for known in self.identities))}

    def _keys_signatures(self, request: Any) -> dict[str, Any]:
        self.signatures.append(json.loads(json.dumps(request.body)))
        return {"failures": {}}

    def _keys_claim(self, request: Any) -> dict[str, Any]:
        given: dict[str, Any] = {}
        for far in self.devices:
            if far.device in request.body["one_time_keys"].get(far.user, {}) and far.device not in self.without_keys:
                given.setdefault(far.user, {})[far.device] = far.one_time_key()
        return {"one_time_keys": given, "failures": {}}

    def _sendToDevice_m_room_encrypted(self, request: Any) -> dict[str, Any]:  # noqa: N802 (the path's own name)
        return self._letters("m.room.encrypted", request)

    def _sendToDevice_m_room_key_withheld(self, request: Any) -> dict[str, Any]:  # noqa: N802 (the path's own name)
        return self._letters("m.room_key.withheld", request)

    def _letters(self, kind: str, request: Any) -> dict[str, Any]:
        for user, devices in request.body["messages"].items():
            for device, content in devices.items():
                self.letters.append((kind, user, device, content))
        return {}

    def keys_for(self, far: FarDevice) -> list[vodozemac.InboundGroupSession]:
        """The room keys that a device was sent, each opened by it."""
        sent = [content for kind, user, name, content in self.letters if (kind, user, name) == ENCRYPTED(far)]
        self.letters = [letter for letter in self.letters if letter[:3] != ENCRYPTED(far)]
        plain = [far.reads(content) for content in sent]
        return [
            vodozemac.InboundGroupSession(vodozemac.SessionKey(one["content"]["session_key"]))
            for one in plain
            if one["type"] == "m.room_key"
        ]

    def withheld_from(self, far: FarDevice) -> list[str]:
        """Why a device was told that it gets no key."""
        return [c["code"] for kind, user, name, c in self.letters if kind.endswith("withheld") and name == far.device]


def merged(*answers: dict[str, Any]) -> dict[str, Any]:
    """Parts of answers about different people, together."""
    whole: dict[str, Any] = {}
    for answer in answers:
        for name, of_people in answer.items():
            whole.setdefault(name, {}).update(of_people)
    return whole


def ENCRYPTED(far: FarDevice) -> tuple[str, str, str]:  # noqa: N802 (reads as a constant)
    return "m.room.encrypted", far.user, far.device


class FarRoom:
    """A room in which another device speaks under Megolm."""

    def __init__(self, far: FarDevice, room: str = ROOM) -> None:
        self.far, self.room = far, room
        self.group = vodozemac.GroupSession()
        self.start = self.group.session_key
        """From here on everything that is said can be read."""
        self.said = 0

    def key(self) -> dict[str, Any]:
        """The content of ``m.room_key``."""
        return {
            "algorithm": "m.megolm.v1.aes-sha2",
            "room_id": self.room,
            "session_id": self.group.session_id,
            "session_key": self.group.session_key.to_base64(),
        }

    def event(self, body: str = "soup", sender: str | None = None, **plain: Any) -> dict[str, Any]:
        """A room event that says this."""
        self.said += 1
        content = {"msgtype": "m.text", "body": body}
        payload = {"type": "m.room.message", "room_id": self.room, "content": content, **plain}
        return self.sealed(json.dumps(payload).encode(), sender)

    def sealed(self, payload: bytes, sender: str | None = None) -> dict[str, Any]:
        return {
            "type": "m.room.encrypted",
            "event_id": f"${self.group.session_id}{self.said}",
            "sender": sender or self.far.user,
            "origin_server_ts": 1_000_000 + self.said,
            "content": {
                "algorithm": "m.megolm.v1.aes-sha2",
                "session_id": self.group.session_id,
                "ciphertext": self.group.encrypt(payload).to_base64(),
            },
        }
