"""What a sync answer tells of the state of one room: what it is called, who is in it, what is new of that."""

from collections.abc import Mapping
from functools import partial
from typing import Any

from webapp.networks.events import ConversationChanged, ConversationState, Event, LooksChanged, Member, MembersChanged
from webapp.networks.matrix import media
from webapp.networks.matrix.addresses import is_user
from webapp.networks.matrix.line import Line
from webapp.networks.matrix.powers import Powers
from webapp.networks.matrix.quarantine import Heard, text_in
from webapp.networks.matrix.room import Room
from webapp.networks.matrix.texts import tidy_name

MOST_TOLD = 200
"""Members of a room of which the rest is told one by one."""
MOST_LOOKS = 10_000
_HERE = ("join", "invite")


class RoomState:
    """Takes over the state of rooms."""

    def __init__(self, line: Line) -> None:
        self._line = line
        self._looks: dict[str, str] = {}
        """What people looked like when we last heard of it; in the session, which need not tell it over and over."""
        self._new_looks: dict[str, str] = {}

    def note(self, room: Room, piece: Mapping[str, Any], timeline: list[Heard]) -> MembersChanged | None:
        """Take over all state that is new; the answer says whose membership or name is."""
        state = self._line.quarantine.all_of(piece.get("state"))
        news = [*state, *(event for event in timeline if event.state_key is not None)]
        for event in news:
            self.take(room, event)
        if self._line.keys and (room.encrypted or is_limited(piece)):
            self._line.keys.rooms.note_state(room.id, news, is_limited(piece))
        room.note_summary(piece.get("summary"))
        heard = {e.state_key: e for e in [*state, *timeline] if e.type == "m.room.member" and is_user(e.state_key)}
        if is_limited(piece):
            self._line.all_members.discard(room.id)  # somebody may have come or gone unseen
        promoted = any(event.type == "m.room.power_levels" for event in news)
        return self._told_members(room, heard, promoted)

    def take(self, room: Room, event: Heard) -> None:
        """Take over one state event."""
        self._line.rooms.put(room)
        room.note_state(event)
        if event.type == "m.room.member" and is_user(event.state_key):
            self._note_member(room, event.state_key, event)

    def _note_member(self, room: Room, user: str, event: Heard) -> None:
        membership, name = text_in(event.content, "membership"), tidy_name(event.content.get("displayname"))
        if membership in {"leave", "ban"}:  # which does not say what they were called
            name = name or self.name_of(room, user)
        self._line.rooms.put_member(room.id, user, (name, membership))
        if user != self._line.me and membership in _HERE:
            room.note_face(user, event.content)
            self._note_looks(user, media.picture_in(event.content, "avatar_url"))
        if event.sender == self._line.me and event.content.get("is_direct") is True:
            room.asked = user

    def _note_looks(self, user: str, picture: str) -> None:
        if self._looks.get(user) != picture:
            if len(self._looks) >= MOST_LOOKS:
                self._looks.clear()
            self._looks[user] = self._new_looks[user] = picture

    def looks(self) -> list[Event]:
        """Who looks different since this was last asked; the rest knows them by what they said before."""
        looks, self._new_looks = self._new_looks, {}
        return [LooksChanged(tuple(looks.items()))] if looks else []

    def _told_members(self, room: Room, heard: Mapping[str, Heard], promoted: bool) -> MembersChanged | None:
        """Who came, went, or has another say; in a large room one has to ask for a page of them."""
        if room.joined_members > MOST_TOLD or not (heard or promoted):
            return None
        changed = _members(room.id, heard, room.powers)
        others = [user for user in room.powers.users if promoted and user not in heard]
        known = [(user, self._line.rooms.member(room.id, user)) for user in others]
        again = [Member(u, m[0] or None, room.powers.role(u), m[1] == "join") for u, m in known if m and m[1] in _HERE]
        return MembersChanged(room.id, (*changed.members, *again), changed.gone)

    def changed(self, room: Room) -> list[Event]:
        """What the rest should know of a room by now, if that is new."""
        self._line.rooms.put(room)
        name, former = self.shown_name(room), room.former(partial(self.name_of, room))
        now: list[Any] = [room.kind.value, name, room.topic, room.partner, room.successor, room.bridged, former]
        now += [room.shown_members, room.shown_picture]
        if now == room.told:
            return []
        room.told = now
        return [
            ConversationChanged(
                room.id,
                room.kind,
                name=name,
                topic=room.topic,
                state=ConversationState.JOINED,
                listed=True,
                partner=room.partner,
                successor=room.successor or None,
                bridged=room.bridged,
                former=former,
                members=room.shown_members,
                picture=room.shown_picture,
            )
        ]

    def shown_name(self, room: Room) -> str:
        """What a room is called."""
        return room.shown_name(partial(self.name_of, room))

    def name_of(self, room: Room, user: str) -> str:
        """What somebody is called in a room; empty where that is not known."""
        return self._line.rooms.name_of(room.id, user)


def is_limited(piece: Mapping[str, Any]) -> bool:
    """Whether more was said than the answer tells."""
    timeline = piece.get("timeline")
    return isinstance(timeline, Mapping) and timeline.get("limited") is True


def _members(room: str, heard: Mapping[str, Heard], powers: Powers) -> MembersChanged:
    here, gone = [], []
    for user, event in heard.items():
        membership = text_in(event.content, "membership")
        if membership in _HERE:
            name = tidy_name(event.content.get("displayname")) or None
            here.append(Member(user, name, powers.role(user), membership == "join"))
        else:
            gone.append(user)
    return MembersChanged(room, tuple(here), tuple(gone))
