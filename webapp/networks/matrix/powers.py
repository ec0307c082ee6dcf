"""Who may do what in a room (specification, ``m.room.power_levels``): numbers, and the words for them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from webapp.networks.matrix.addresses import is_user

MOST = 500
"""People with a level of their own that are remembered of one room: the mightiest."""
ADMIN, MODERATOR = 100, 50
HIGHEST = 2**53
_CREATORS_RULE_FROM = 12
"""The room version since which creators stand above all levels (MSC4289)."""


@dataclass
class Powers:
    """``users`` are those with a level of their own; ``creators`` those above all levels."""

    users: dict[str, int] = field(default_factory=dict)
    everybody: int = 0
    notify: int = MODERATOR
    creators: list[str] = field(default_factory=list)

    def note_levels(self, content: Mapping[str, Any]) -> None:
        """Take over ``m.room.power_levels``; what makes no sense in it counts as not there."""
        users = content.get("users")
        found = {user: _level(level, 0) for user, level in users.items()} if isinstance(users, Mapping) else {}
        mightiest = sorted(((u, n) for u, n in found.items() if is_user(u)), key=lambda one: -one[1])
        self.users = dict(mightiest[:MOST])
        self.everybody = _level(content.get("users_default"), 0)
        notifications = content.get("notifications")
        told = notifications.get("room") if isinstance(notifications, Mapping) else None
        self.notify = _level(told, MODERATOR)

    def note_creation(self, content: Mapping[str, Any], sender: str) -> None:
        """Take over ``m.room.create``."""
        version = content.get("room_version")
        new = isinstance(version, str) and version.isdecimal() and int(version[:4]) >= _CREATORS_RULE_FROM
        more = content.get("additional_creators")
        others = [user for user in more[:MOST] if is_user(user)] if isinstance(more, list) else []
        self.creators = [sender, *others] if new else []

    def level(self, user: str) -> int:
        return HIGHEST if user in self.creators else self.users.get(user, self.everybody)

    def may_notify_room(self, user: str) -> bool:
        return self.level(user) >= self.notify

    def role(self, user: str) -> str:
        """The word for what somebody may do, as the rest of the house knows it; empty for nothing special."""
        if user in self.creators:
            return "owner"
        level = self.level(user)
        return "admin" if level >= ADMIN else "moderator" if level >= MODERATOR else ""


def _level(value: object, otherwise: int) -> int:
    """Old rooms have levels in text (specification, "m.room.power_levels")."""
    if isinstance(value, str) and value.isascii() and value.lstrip("-").isdecimal() and len(value) < 20:
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int):
        return otherwise
    return min(max(value, -HIGHEST), HIGHEST - 1)
