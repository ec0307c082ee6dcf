"""What we want to hear in a sync answer (specification, "Filtering"): little state, members only when they speak."""

import json
from typing import Any

from webapp.networks.matrix import bridges, keeping, spaces

STATE = [
    *("m.room.create", "m.room.name", "m.room.topic", "m.room.canonical_alias", "m.room.member", "m.room.encryption"),
    *("m.room.tombstone", "m.room.avatar", "m.room.power_levels", spaces.CHILD, *bridges.KINDS),
]
FIRST, LATER = 20, 50
"""Messages of each room, the first time and afterwards."""


_LAZY = {"lazy_load_members": True, "include_redundant_members": True}
"""A homeserver tells of each member once and counts on it that we have kept it; a kill may have been in between."""


def sync_filter(first: bool) -> str:
    """The filter as JSON, for the question itself."""
    room: dict[str, Any] = {
        "state": {"types": STATE, **_LAZY},
        "timeline": {"limit": FIRST if first else LATER, **_LAZY},
        "account_data": {"types": list(keeping.KINDS)},
        "ephemeral": {"types": ["m.receipt", "m.typing"]},
        "include_leave": False,
    }
    return json.dumps({"room": room, "presence": {"types": ["m.presence"]}}, separators=(",", ":"))
