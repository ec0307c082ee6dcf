"""What is new in one room, as a sync answer tells it: its state, what was said, who reads and types."""

from collections.abc import Callable, Mapping
from typing import Any

from webapp.networks.events import (
    ConversationArranged,
    ConversationChanged,
    ConversationKind,
    ConversationState,
    Event,
    GapFound,
    InvitationReceived,
    Member,
    MembersChanged,
    MessageRef,
    ReadElsewhere,
    TypingChanged,
)
from webapp.networks.matrix import keeping
from webapp.networks.matrix.addresses import is_user
from webapp.networks.matrix.departures import departure
from webapp.networks.matrix.direct import Directs
from webapp.networks.matrix.gaps import Gaps
from webapp.networks.matrix.line import Line
from webapp.networks.matrix.powers import Powers
from webapp.networks.matrix.quarantine import Heard, events_in, plain_content, text_in
from webapp.networks.matrix.receipts import receipts
from webapp.networks.matrix.room import Room
from webapp.networks.matrix.seals import Seals
from webapp.networks.matrix.spaces import Spaces
from webapp.networks.matrix.texts import tidy_name
from webapp.networks.matrix.translate import Revealed, Setting, message, opened_late
from webapp.networks.matrix.wishes import Wish, Wishes

MOST_TOLD = 200
"""Members of a room of which the rest is told one by one."""
_HERE = ("join", "invite")


class RoomNews:
    """Reads rooms, and remembers who is typing."""

    def __init__(self, line: Line, directs: Directs, wishes: Wishes, seals: Seals) -> None:
        self._line = line
        self._seals = seals
        self._directs = directs
        self._wishes = wishes
        self._spaces = Spaces(line)
        self.gaps = Gaps(line)
        self._typing: dict[str, set[str]] = {}

    async def read(self, kind: str, room_id: str, piece: Mapping[str, Any], first: bool) -> list[Event]:
        """The events that follow from a piece; ``first``: it is of an answer that tells everything from the start."""
        room = self._line.rooms.get(room_id)
        room.partner = self._directs.partner(room_id)
        if kind == "join":
            return await self._joined(room, piece, first)
        if kind == "invite":
            return self._invited(room, piece)
        if kind == "leave":
            return await self._left(room, piece)
        return self._knocked(room, piece) if kind == "knock" else []

    def look_again(self, room_id: str) -> list[Event]:
        """A room became a direct chat, or is none any more."""
        room = self._line.rooms.get(room_id)
        room.partner, room.asked = self._directs.partner(room_id), ""
        self._line.rooms.put(room)
        return self._changed(room) if room.joined and not room.is_space else []

    def of_spaces(self) -> list[Event]:
        """What is new of spaces, once all rooms of an answer were read."""
        return self._spaces.news()

    # How we stand to it

    async def _joined(self, room: Room, piece: Mapping[str, Any], first: bool) -> list[Event]:
        before, room.membership = room.membership, "join"
        timeline = self._line.quarantine.all_of(piece.get("timeline"))
        members = await self._note_state(room, piece, timeline)
        room.partner = room.partner or room.asked
        if room.is_space:
            name = room.shown_name(lambda user: self._name_of(room, user))
            self._spaces.note(room.id, name, [*self._line.quarantine.all_of(piece.get("state")), *timeline])
            return []
        if before != "join":
            self._spaces.came(room.id)
        news: list[Event] = []
        missed: list[Heard] = []
        if not first and before in {"join", ""} and _is_limited(piece):
            missed, whole = await self.gaps.missed(room, piece["timeline"]) if before else ([], False)
            news += [] if whole else [GapFound(room.id)]  # means nothing for a conversation that is new
        news += self._changed(room) + self._seals.of(room)
        if room.kind is ConversationKind.GROUP and members is not None:
            news.append(members)
        news += await self._said(room, [*missed, *timeline])
        return news + self._ephemeral(room, piece, timeline, first) + self._account_data(room, piece)

    def _account_data(self, room: Room, piece: Mapping[str, Any]) -> list[Event]:
        for event in events_in(piece.get("account_data")):
            with self._line.quarantine.around():
                keeping.note(room, event)
        return self.kept(room.id)

    def kept(self, room_id: str) -> list[Event]:
        """How the person keeps a room, if that is new."""
        room = self._line.rooms.get(room_id)
        tags, silent = room.tags, self._wishes.is_silent(room.id)
        now = [keeping.FAVOURITE in tags, silent, keeping.LOW in tags, keeping.is_marked(room)]
        if now == room.kept or not room.joined or room.is_space:
            return []
        room.kept = now
        self._line.rooms.put(room)
        return [ConversationArranged(room.id, *now)]

    def _invited(self, room: Room, piece: Mapping[str, Any]) -> list[Event]:
        state = self._line.quarantine.all_of(piece.get("invite_state"), stripped=True)
        asked = next((e for e in state if e.type == "m.room.member" and e.state_key == self._line.me), None)
        known = room.membership
        for event in state:
            self._note(room, event)
        room.membership = "invite"
        if asked is None or known == "invite" or room.is_space:
            return []
        direct = asked.content.get("is_direct") is True
        room.invited_by = asked.sender if direct else ""
        sender_name = self._name_of(room, asked.sender) or None
        name = sender_name or asked.sender if direct else room.shown_name(lambda user: self._name_of(room, user))
        kind = ConversationKind.DIRECT if direct else ConversationKind.GROUP
        text = tidy_name(asked.content.get("reason"), 1000) or None
        return [InvitationReceived(room.id, kind, asked.sender, sender_name, name or None, text)]

    async def _left(self, room: Room, piece: Mapping[str, Any]) -> list[Event]:
        before = room.membership
        timeline = self._line.quarantine.all_of(piece.get("timeline"))
        await self._note_state(room, piece, timeline)
        room.membership, room.told, room.sealed = "leave", None, ""
        here = room.id in self._line.left_here
        self._line.left_here.discard(room.id)
        self._spaces.left(room.id)
        if room.is_space or not before or before == "leave":
            return []
        own = [e for e in timeline if e.type == "m.room.member" and e.state_key == self._line.me]
        state, reason = departure(own[-1] if own else None, before, self._line.me, here)
        said = await self._said(room, timeline) if before == "join" else []
        return [*said, ConversationChanged(room.id, room.kind, state=state, reason=reason)]

    def _knocked(self, room: Room, piece: Mapping[str, Any]) -> list[Event]:
        known, state = room.membership, self._line.quarantine.all_of(piece.get("knock_state"), stripped=True)
        for event in state:
            self._note(room, event)
        room.membership = "knock"
        if known == "knock":
            return []
        name = room.shown_name(lambda user: self._name_of(room, user))
        return [ConversationChanged(room.id, room.kind, name or None, state=ConversationState.ASKED, listed=True)]

    # Its state

    async def _note_state(self, room: Room, piece: Mapping[str, Any], timeline: list[Heard]) -> MembersChanged | None:
        """Take over all state that is new; the answer says whose membership or name is."""
        state = self._line.quarantine.all_of(piece.get("state"))
        news = [*state, *(event for event in timeline if event.state_key is not None)]
        for event in news:
            self._note(room, event)
        if self._line.keys and (room.encrypted or _is_limited(piece)):
            await self._line.keys.note_state(room.id, news, _is_limited(piece))
        room.note_summary(piece.get("summary"))
        heard = {e.state_key: e for e in [*state, *timeline] if e.type == "m.room.member" and is_user(e.state_key)}
        if _is_limited(piece):
            self._line.all_members.discard(room.id)  # somebody may have come or gone unseen
        promoted = any(event.type == "m.room.power_levels" for event in news)
        return self._told_members(room, heard, promoted)

    def _told_members(self, room: Room, heard: Mapping[str, Heard], promoted: bool) -> MembersChanged | None:
        """Who came, went, or has another say; in a large room one has to ask for a page of them."""
        if room.joined_members > MOST_TOLD or not (heard or promoted):
            return None
        changed = _members(room.id, heard, room.powers)
        others = [user for user in room.powers.users if promoted and user not in heard]
        known = [(user, self._line.rooms.member(room.id, user)) for user in others]
        again = [Member(u, m[0] or None, room.powers.role(u), m[1] == "join") for u, m in known if m and m[1] in _HERE]
        return MembersChanged(room.id, (*changed.members, *again), changed.gone)

    def _note(self, room: Room, event: Heard) -> None:
        self._line.rooms.put(room)
        room.note_state(event)
        if event.type == "m.room.member" and is_user(event.state_key):
            membership, name = text_in(event.content, "membership"), tidy_name(event.content.get("displayname"))
            if membership in {"leave", "ban"}:  # which does not say what they were called
                name = name or self._name_of(room, event.state_key)
            member = (name, membership)
            self._line.rooms.put_member(room.id, event.state_key, member)
            if event.state_key != self._line.me and membership in _HERE:
                room.note_face(event.state_key, event.content)
            if event.sender == self._line.me and event.content.get("is_direct") is True:
                room.asked = event.state_key

    def _changed(self, room: Room) -> list[Event]:
        """What the rest should know of the room by now, if that is new."""
        self._line.rooms.put(room)
        name = room.shown_name(lambda user: self._name_of(room, user))
        former = room.former(lambda user: self._name_of(room, user))
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

    def _name_of(self, room: Room, user: str) -> str:
        return self._line.rooms.name_of(room.id, user)

    # What was said

    def setting(self, room: Room, name_of: Callable[[str], str] | None = None) -> Setting:
        """What is needed to read its events; ``name_of`` knows names of old."""

        def wish(event: Mapping[str, Any], sender: str) -> Wish | None:
            return self._wishes.of(room, event, sender, self._name_of(room, self._line.me))

        return Setting(
            room.id, room.kind, self._line.me, name_of or (lambda user: self._name_of(room, user)), wish, room.encrypted
        )

    async def _said(self, room: Room, timeline: list[Heard]) -> list[Event]:
        found: list[Event] = []
        setting = self.setting(room)
        opened = await self._line.keys.opened(room.id, timeline) if self._line.keys else {}
        if self._line.keys:
            await self._line.keys.hear(room.id, timeline, opened)
        for event in timeline:
            line = None
            with self._line.quarantine.around():
                line = message(event, setting, opened.get(event.name))
            if line is not None:
                found.append(line)
                room.last = event.name
            elif room.last:
                self._line.rooms.put_stand_in(room.id, event.name, room.last)
        self._line.rooms.put(room)
        return found

    def late(self, room_id: str, whole: Mapping[str, Any], revealed: Revealed) -> list[Event]:
        """A message that could not be read when it came."""
        event = self._line.quarantine.heard(whole)
        return [] if event is None else [opened_late(event, self.setting(self._line.rooms.get(room_id)), revealed)]

    # Who reads and types

    def _ephemeral(self, room: Room, piece: Mapping[str, Any], timeline: list[Heard], first: bool) -> list[Event]:
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
        before = self._typing.get(room.id, set())
        self._typing[room.id] = now
        changed = [(user, user in now) for user in sorted(now ^ before)]
        return [TypingChanged(room.id, user, typing, self._name_of(room, user) or None) for user, typing in changed]


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


def _is_limited(piece: Mapping[str, Any]) -> bool:
    timeline = piece.get("timeline")
    return isinstance(timeline, Mapping) and timeline.get("limited") is True


def _unread(piece: Mapping[str, Any]) -> int | None:
    """How many messages the server counts as unread, None where it does not say."""
    counts = piece.get("unread_notifications")
    count = counts.get("notification_count") if isinstance(counts, Mapping) else None
    return count if isinstance(count, int) and not isinstance(count, bool) else None
