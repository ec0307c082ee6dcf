"""The two ways that a verification takes (Client-Server API, "Key verification framework"): letters between devices,
or messages in a room. They differ in how a message names the verification that it belongs to.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

PREFIX = "m.key.verification."
REQUEST = "request"
ROOM_REQUEST = "m.key.verification.request"
"""The ``msgtype`` by which somebody asks in a room; all that follows has a type of its own there."""
STEPS = frozenset({"ready", "start", "accept", "key", "mac", "done", "cancel"})
LONGEST_NAME = 255


@dataclass(frozen=True)
class Way:
    """``transaction`` names the verification: by letters an id of its own, in ``room`` the event that asked for it."""

    transaction: str
    room: str = ""

    def dressed(self, content: Mapping[str, Any]) -> dict[str, Any]:
        """``content`` with the name of the verification in it."""
        if not self.room:
            return {**content, "transaction_id": self.transaction}
        return {**content, "m.relates_to": {"rel_type": "m.reference", "event_id": self.transaction}}


def step_of(kind: str) -> str:
    """``key`` of ``m.key.verification.key``; empty for what is no step of a verification."""
    step = kind.removeprefix(PREFIX) if kind.startswith(PREFIX) else ""
    return step if step in STEPS or step == REQUEST else ""


def named_in_letter(content: Mapping[str, Any]) -> str:
    """The verification that a letter belongs to; empty where it names none."""
    return _name(content.get("transaction_id"))


def named_in_room(content: Mapping[str, Any]) -> str:
    """The event that asked for the verification that a message of a room belongs to; empty where it names none."""
    relation = content.get("m.relates_to")
    if not isinstance(relation, Mapping) or relation.get("rel_type") != "m.reference":
        return ""
    return _name(relation.get("event_id"))


def _name(value: object) -> str:
    return value if isinstance(value, str) and 0 < len(value) <= LONGEST_NAME and value.isprintable() else ""
