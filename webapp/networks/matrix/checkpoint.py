"""How far we are, as the bytes that the rest keeps for us: the position in the homeserver's stream."""

import json

LONGEST = 4_000


def to_bytes(position: str) -> bytes:
    return json.dumps({"since": position}).encode()


def from_bytes(data: bytes | None) -> str:
    """The position; empty where there is none yet, or none that makes sense: then it is a first time."""
    try:
        kept = json.loads(data or b"{}")
        position = kept.get("since", "")
    except (ValueError, AttributeError):
        return ""
    return position if isinstance(position, str) and len(position) <= LONGEST else ""
