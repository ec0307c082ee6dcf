"""One room as far as the rest must know it: plain facts, read from its state."""

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field, fields
from typing import Any

from webapp.networks.events import ConversationKind
from webapp.networks.matrix import bridges, media
from webapp.networks.matrix.addresses import NoAddress, local, room_id, user_id
from webapp.networks.matrix.powers import Powers
from webapp.networks.matrix.quarantine import Heard
from webapp.networks.matrix.texts import tidy_name

MOST_HEROES = 5
"""Members whose names stand for a room that has none (specification, "Calculating the display name for a room")."""

SPACE = "m.space"
"""The type of a room that is none but names others."""
MOST_BRIDGES = 20
"""Bridges of one room that are remembered."""


@dataclass
class Room:
    """``membership`` is our own: join, invite, knock, leave, ban, or empty for a room of which we know nothing.

    ``last`` is the newest message. ``encrypted`` is only ever set (S20). ``partner`` is the other person, where the two
    of us call this our direct chat; ``invited_by`` who asked us into one, ``asked`` whom we asked into one before the
    account says so. ``told`` is what the rest was told last, so that nothing is told twice; ``sealed`` is the same
    for who can read along, ``kept`` for how the person keeps it: pinned, muted, of little interest, marked; ``tags``
    and ``marks`` are where that comes from.
    ``picture`` is the room's own, ``faces`` are those of the first people who are in it.
    """

    id: str
    membership: str = ""
    name: str = ""
    alias: str = ""
    topic: str = ""
    heroes: list[str] | None = None
    partner: str = ""
    encrypted: bool = False
    is_space: bool = False
    successor: str = ""
    last: str = ""
    asked: str = ""
    bridges: dict[str, str] = field(default_factory=dict)
    invited_by: str = ""
    told: list[Any] | None = None
    sealed: str = ""
    tags: list[str] = field(default_factory=list)
    marks: dict[str, bool] = field(default_factory=dict)
    kept: list[bool] = field(default_factory=lambda: [False] * 4)
    powers: Powers = field(default_factory=Powers)
    picture: str = ""
    faces: dict[str, str] = field(default_factory=dict)
    joined_members: int = 0
    invited_members: int = 0

    @property
    def kind(self) -> ConversationKind:
        return ConversationKind.DIRECT if self.partner else ConversationKind.GROUP

    @property
    def joined(self) -> bool:
        return self.membership == "join"

    def shown_name(self, name_of: Callable[[str], str]) -> str:
        """What it is called; empty where there is nobody and nothing to call it after."""
        if self.partner and not self.name:
            return name_of(self.partner) or self.partner
        if self.name or self.alias:
            return self.name or self.alias
        return "" if self._is_empty else self._heroes(name_of)

    @property
    def shown_picture(self) -> str:
        """What it looks like: a direct chat without a picture of its own like the other person."""
        return self.picture or self.faces.get(self.partner, "")

    def note_face(self, user: str, content: Mapping[str, Any]) -> None:
        """``content`` is the membership of somebody."""
        if user in self.faces or len(self.faces) < MOST_HEROES or user == self.partner:
            self.faces[user] = media.picture_in(content, "avatar_url")

    @property
    def shown_members(self) -> int:
        """How many are in it, or asked into it; roughly, where a few more or less make no difference."""
        count = 0 if self.partner else self.joined_members + self.invited_members
        return count if count < 1000 else count // 100 * 100

    def former(self, name_of: Callable[[str], str]) -> str:
        """Who was in it, where nobody else is by now and it has no name; else empty."""
        return self._heroes(name_of) if self._is_empty and not (self.name or self.alias or self.partner) else ""

    @property
    def _is_empty(self) -> bool:
        """Nobody but us is in it, or asked into it; not known before there was a summary."""
        return self.joined_members == 1 and not self.invited_members

    def _heroes(self, name_of: Callable[[str], str]) -> str:
        return ", ".join(name_of(hero) or local(hero) for hero in self.heroes or [])[:200]

    def note_state(self, event: Heard) -> None:
        """Take over what a state event says."""
        if event.type in bridges.KINDS:
            self._note_bridge(event)
        if event.type == "m.room.create" and event.state_key == "":
            self.powers.note_creation(event.content, event.sender)
        reader = _READERS.get(event.type)
        if reader is not None and event.state_key == "":
            reader(self, event.content)

    def _note_bridge(self, event: Heard) -> None:
        """A room may have several bridges, each with an event of its own; one that is gone leaves an empty one."""
        key, label = f"{event.type} {event.state_key}", bridges.bridged_from([event.whole])
        self.bridges.pop(key, None)
        if label and len(self.bridges) < MOST_BRIDGES:
            self.bridges[key] = label

    @property
    def bridged(self) -> str:
        """The network from which this room comes, empty for a room of its own; the newer kind of event counts first."""
        labels = [self.bridges[key] for kind in bridges.KINDS for key in self.bridges if key.startswith(f"{kind} ")]
        return labels[0] if labels else ""

    def note_summary(self, summary: object) -> None:
        """``summary`` of a sync answer: who the room is called after, and how many are in it."""
        if not isinstance(summary, Mapping):
            return
        self.joined_members = _count(summary.get("m.joined_member_count"), self.joined_members)
        self.invited_members = _count(summary.get("m.invited_member_count"), self.invited_members)
        heroes = summary.get("m.heroes")
        if isinstance(heroes, list):
            self.heroes = [hero for hero in map(_user, heroes[:MOST_HEROES]) if hero]

    def to_dict(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_dict(cls, facts: Mapping[str, Any]) -> "Room":
        """Facts that an older version kept and this one does not know are left out."""
        known = {field.name for field in fields(cls)}
        room = cls(**{name: value for name, value in facts.items() if name in known})
        if isinstance(room.powers, dict):
            room.powers = Powers(**room.powers)
        return room


def _count(told: object, otherwise: int) -> int:
    """A number of people; a summary only says what has changed."""
    return told if isinstance(told, int) and not isinstance(told, bool) and 0 <= told < 2**31 else otherwise


def _user(text: object) -> str:
    try:
        return user_id(text)
    except NoAddress:
        return ""


def _name(room: Room, content: Mapping[str, Any]) -> None:
    room.name = tidy_name(content.get("name"))


def _topic(room: Room, content: Mapping[str, Any]) -> None:
    room.topic = tidy_name(content.get("topic"), 2000)


def _alias(room: Room, content: Mapping[str, Any]) -> None:
    room.alias = tidy_name(content.get("alias"), 255)


def _encryption(room: Room, _: Mapping[str, Any]) -> None:
    room.encrypted = True


def _create(room: Room, content: Mapping[str, Any]) -> None:
    room.is_space = content.get("type") == SPACE


def _avatar(room: Room, content: Mapping[str, Any]) -> None:
    room.picture = media.picture_in(content, "url")


def _power_levels(room: Room, content: Mapping[str, Any]) -> None:
    room.powers.note_levels(content)


def _tombstone(room: Room, content: Mapping[str, Any]) -> None:
    try:
        room.successor = room_id(content.get("replacement_room"))
    except NoAddress:
        room.successor = ""


_READERS: dict[str, Callable[[Room, Mapping[str, Any]], None]] = {
    "m.room.name": _name,
    "m.room.topic": _topic,
    "m.room.canonical_alias": _alias,
    "m.room.encryption": _encryption,
    "m.room.create": _create,
    "m.room.tombstone": _tombstone,
    "m.room.power_levels": _power_levels,
    "m.room.avatar": _avatar,
}
