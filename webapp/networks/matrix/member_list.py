"""Everybody who is in a room or asked into it, as the homeserver tells at once (Client-Server API, ``/members``)."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from typing import Any

from webapp.networks.matrix.addresses import is_user
from webapp.networks.matrix.pieces import Nonsense, each
from webapp.networks.matrix.quarantine import text_in
from webapp.networks.matrix.trouble import NotReached, Problem
from webapp.networks.matrix.wire import Wire, path

LARGEST = 64 * 2**20
"""Octets of a list of members: some hundred thousand of them."""
PATIENCE = 120.0
AT_A_TIME = 100
"""Members that are looked at before others get their turn."""
BREATH = 0.001
"""Seconds of that turn: with none at all the loop that serves pages gets none either, as ``sync`` has found."""
HERE = frozenset({"join", "invite"})


async def everybody(wire: Wire, room: str) -> AsyncIterator[tuple[str, Mapping[str, Any]]]:
    """Each with their membership event's content. Raises NotReached, Rejected, Declined."""
    place, query = path("rooms", room, "members"), {"not_membership": "leave"}
    text = await wire.text(place, query, patience=PATIENCE, largest=LARGEST)
    try:
        for number, event in enumerate(each(text, "chunk"), 1):
            content = event.get("content") if isinstance(event, Mapping) else None
            user = event.get("state_key") if isinstance(event, Mapping) else None
            if isinstance(content, Mapping) and is_user(user) and text_in(content, "membership") in HERE:
                yield user, content
            if number % AT_A_TIME == 0:
                await asyncio.sleep(BREATH)
    except Nonsense:
        raise NotReached(Problem.GARBAGE, wire.host) from None
