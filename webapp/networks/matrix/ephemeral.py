"""Who has read how far in a room, and who is typing there (specification, "Ephemeral events")."""

from collections.abc import Mapping
from typing import Any

from webapp.networks.events import Event, MessageRef, ReadElsewhere, TypingChanged
from webapp.networks.matrix.addresses import is_user
from webapp.networks.matrix.line import Line
from webapp.networks.matrix.quarantine import Heard, events_in, plain_content
from webapp.networks.matrix.receipts import receipts
from webapp.networks.matrix.room import Room


class Ephemeral:
    """Remembers who is typing."""

    def __init__(self, line: Line) -> None:
        self._line = line
        self._typing: dict[str, set[str]] = {}

    def read(self, room: Room, piece: Mapping[str, Any], timeline: list[Heard], first: bool) -> list[Event]:
        """``first``: the piece is of an answer that tells everything from the start."""
        found: list[Event] = []
        only = {one.name for one in timeline} if first else None
        for event in events_in(piece.get("ephemeral")):
            read, typing = plain_content(event, "m.receipt"), plain_content(event, "m.typing")
            with self._line.quarantine.around():
                if read is not None:
                    found += receipts(room.id, read, self._line.me, self._line.rooms, only)
                if typing is not None and not first:
                    found += self._types(room, typing.get("user_ids"))
        if first and room.last and _unread(piece) == 0:
            found.append(ReadElsewhere(room.id, MessageRef(remote_id=room.last)))
        return found

    def _types(self, room: Room, users: object) -> list[Event]:
        now = {user for user in users if is_user(user)} - {self._line.me} if isinstance(users, list) else set()
        before = self._typing.pop(room.id, set())
        if now:
            self._typing[room.id] = now
        changed = [(user, user in now) for user in sorted(now ^ before)]
        names = self._line.rooms.name_of
        return [TypingChanged(room.id, user, typing, names(room.id, user) or None) for user, typing in changed]


def _unread(piece: Mapping[str, Any]) -> int | None:
    """How many messages the server counts as unread, None where it does not say."""
    counts = piece.get("unread_notifications")
    count = counts.get("notification_count") if isinstance(counts, Mapping) else None
    return count if isinstance(count, int) and not isinstance(count, bool) else None
