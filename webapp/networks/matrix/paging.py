"""A page of a room's history, backwards from a place in it (Client-Server API, ``/rooms/{roomId}/messages``)."""

from typing import Any

from webapp.networks.matrix.line import Line
from webapp.networks.matrix.wire import path

LAZY = '{"lazy_load_members":true}'


async def page_back(line: Line, room: str, start: str, size: int) -> dict[str, Any]:
    """The page before ``start``, or the newest one if that is empty. Raises NotReached, Rejected, Declined."""
    query = {"dir": "b", "limit": str(size), "filter": LAZY} | ({"from": start} if start else {})
    return await line.wire.ask("GET", path("rooms", room, "messages"), None, query)
