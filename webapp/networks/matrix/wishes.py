"""What the person wants to hear of, by the rules that all of their programs share (``m.push_rules``)."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from webapp.networks.matrix.addresses import is_room
from webapp.networks.matrix.push_rules import Circumstances, PushRules
from webapp.networks.matrix.room import Room
from webapp.networks.matrix.rooms import Rooms

KIND = "m.push_rules"
LARGEST = 2**20
"""Characters of all rules together; whoever has more has none here."""
_NOTE = "push_rules"


@dataclass(frozen=True)
class Wish:
    """What the rules say of an event: it calls the person; they want to hear nothing of it."""

    calls: bool
    unwanted: bool


class Wishes:
    """The rules, kept between one sync and the next."""

    def __init__(self, rooms: Rooms) -> None:
        self._rooms = rooms
        kept = rooms.note(_NOTE)
        self._known = isinstance(kept, dict)
        self._rules = PushRules(kept)

    def note(self, content: Mapping[str, Any]) -> set[str]:
        """Take over what the account says; the answer are the rooms that are silent now and were not, or were."""
        kept = {"global": content.get("global")}
        if len(json.dumps(kept)) > LARGEST:
            kept = {"global": {}}
        before, self._rules, self._known = self._rules.silent, PushRules(kept), True
        self._rooms.put_note(_NOTE, kept)
        return {room for room in before ^ self._rules.silent if is_room(room)}

    def is_silent(self, room: str) -> bool:
        return self._rules.is_silent(room)

    def of(self, room: Room, event: Mapping[str, Any], sender: str, name: str) -> Wish | None:
        """What the person wants of an event (decrypted, if it was encrypted); None where no rules are known.

        ``name`` is what the person is called in the room. What is said in a silent room is no less wanted: it is unread
        there, and does not call.
        """
        if not self._known:
            return None
        around = Circumstances(room.joined_members, name, room.powers.may_notify_room(sender))
        verdict = self._rules.judge({**event, "room_id": room.id}, around)
        unwanted = verdict.chosen and not verdict.notify and not self.is_silent(room.id)
        return Wish(verdict.notify and verdict.highlight, unwanted)
