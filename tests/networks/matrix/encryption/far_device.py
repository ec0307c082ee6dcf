"""Somebody else's device, written out from the specification on vodozemac alone: it shares no code with ours."""

import base64
import json
from typing import Any

import vodozemac


def plain_json(value: Any) -> bytes:
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def base64ed(data: bytes) -> str:
    return base64.b64encode(data).decode().rstrip("=")


class FarDevice:
    """A device with its account; ``user`` is what it says of itself."""

    def __init__(self, user: str = "@bob:house.test", device: str = "BOBSPHONE") -> None:
        self.user, self.device = user, device
        self.account = vodozemac.Account()
        self.curve, self.ed = self.account.curve25519_key.to_base64(), self.account.ed25519_key.to_base64()
        self.sessions: list[vodozemac.Session] = []

    def signed(self, value: dict[str, Any]) -> dict[str, Any]:
        signature = self.account.sign(plain_json(value)).to_base64()
        return {**value, "signatures": {self.user: {f"ed25519:{self.device}": signature}}}

    def keys(self, **changes: Any) -> dict[str, Any]:
        """The description of this device, for ``/keys/query``."""
        plain = {
            "user_id": self.user,
            "device_id": self.device,
            "algorithms": ["m.olm.v1.curve25519-aes-sha2", "m.megolm.v1.aes-sha2"],
            "keys": {f"curve25519:{self.device}": self.curve, f"ed25519:{self.device}": self.ed},
        }
        return self.signed({**plain, **changes})

    def one_time_key(self) -> dict[str, Any]:
        """One signed key, as ``/keys/claim`` gives it."""
        self.account.generate_one_time_keys(1)
        [(key_id, key)] = self.account.one_time_keys.items()
        self.account.mark_keys_as_published()
        return {f"signed_curve25519:{key_id}": self.signed({"key": key.to_base64()})}

    def meet(self, their_curve: str, one_time_key: str) -> None:
        """Begin a session with another device."""
        curve, key = (vodozemac.Curve25519PublicKey.from_base64(text) for text in (their_curve, one_time_key))
        self.sessions.insert(0, self.account.create_outbound_session(curve, key))

    def payload(self, recipient: str, their_ed: str, kind: str, content: dict[str, Any]) -> dict[str, Any]:
        return {
            "type": kind,
            "content": content,
            "sender": self.user,
            "recipient": recipient,
            "recipient_keys": {"ed25519": their_ed},
            "keys": {"ed25519": self.ed},
        }

    def event(self, their_curve: str, payload: Any) -> dict[str, Any]:
        """A to-device event with this payload under the newest session."""
        text = payload if isinstance(payload, bytes) else json.dumps(payload).encode()
        number, body = self.sessions[0].encrypt(text).to_parts()
        return {
            "type": "m.room.encrypted",
            "sender": self.user,
            "content": {
                "algorithm": "m.olm.v1.curve25519-aes-sha2",
                "sender_key": self.curve,
                "ciphertext": {their_curve: {"type": number, "body": base64ed(body)}},
            },
        }

    def reads(self, content: dict[str, Any]) -> dict[str, Any]:
        """What somebody sent to this device."""
        message = content["ciphertext"][self.curve]
        body = base64.b64decode(message["body"] + "==")
        if message["type"] == 1:
            return dict(json.loads(self.sessions[0].decrypt(vodozemac.AnyOlmMessage.normal(body))))
        sender = vodozemac.Curve25519PublicKey.from_base64(content["sender_key"])
        first = vodozemac.PreKeyMessage.from_base64(message["body"])
        for session in self.sessions:
            if session.session_matches(first):
                return dict(json.loads(session.decrypt(first.to_any())))
        session, text = self.account.create_inbound_session(sender, first)
        self.sessions.insert(0, session)
        return dict(json.loads(text))
