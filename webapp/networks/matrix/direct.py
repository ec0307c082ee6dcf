"""Which rooms are direct chats, and with whom: ``m.direct`` of the account, in both directions.

The specification lets one person have several such rooms; the one that was last is theirs.
"""

from collections.abc import Mapping
from typing import Any

from webapp.networks.matrix.addresses import NoAddress, room_id, user_id
from webapp.networks.matrix.line import Line
from webapp.networks.matrix.trouble import Declined
from webapp.networks.matrix.wire import path

KIND = "m.direct"
_NOTE = "direct"


class Directs:
    """Partners by room."""

    def __init__(self, line: Line) -> None:
        self._line = line
        kept = line.rooms.note(_NOTE)
        self._partners: dict[str, str] = kept if isinstance(kept, dict) else {}
        self._added: dict[str, str] = {}
        """Made here, and the account has not said so yet; when it does, the rest hears of it."""

    def partner(self, room: str) -> str:
        """With whom a room is a direct chat; empty where it is none."""
        return self._partners.get(room) or self._added.get(room, "")

    def rooms_with(self, user: str) -> list[str]:
        """The direct chats with somebody, the newest last."""
        return [room for room, partner in (self._partners | self._added).items() if partner == user]

    def knows(self, user: str) -> bool:
        """Whether there is a direct chat with somebody."""
        return user in self._partners.values()

    def note(self, content: Mapping[str, Any]) -> set[str]:
        """Take over what the account says; the answer are the rooms for which that is new."""
        new = partners_in(content)
        self._added = {room: user for room, user in self._added.items() if room not in new}
        changed = {room for room in {*new, *self._partners} if new.get(room) != self._partners.get(room)}
        if changed:
            self._partners = new
            self._line.rooms.put_note(_NOTE, new)
        return changed

    async def add(self, user: str, room: str) -> None:
        """Call a room the direct chat with somebody, for all devices. Raises NotReached, Rejected, Declined."""
        place = path("user", self._line.me, "account_data", KIND)
        try:
            kept = await self._line.wire.ask("GET", place)
        except Declined as error:
            if error.status != 404:
                raise
            kept = {}
        rooms = kept.get(user)
        others = [one for one in rooms if one != room] if isinstance(rooms, list) else []
        content = {**kept, user: [*others, room]}
        await self._line.wire.ask("PUT", place, content)
        self._added[room] = user


def partners_in(content: Mapping[str, Any]) -> dict[str, str]:
    """The partner of each room that the account data names; what makes no sense is left out."""
    found: dict[str, str] = {}
    for user, rooms in content.items():
        for room in rooms if isinstance(rooms, list) else ():
            try:
                found[room_id(room)] = user_id(user)
            except NoAddress:
                continue
    return found
