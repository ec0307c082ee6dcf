"""What is new in one room, as a sync answer tells it: how we stand to it, what was said, and what else there is."""

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from webapp.networks.events import (
    ConversationArranged,
    ConversationChanged,
    ConversationGone,
    ConversationKind,
    ConversationState,
    Event,
    GapFound,
    InvitationReceived,
)
from webapp.networks.matrix import keeping
from webapp.networks.matrix.departures import departure
from webapp.networks.matrix.direct import Directs
from webapp.networks.matrix.ephemeral import Ephemeral
from webapp.networks.matrix.gaps import Gaps
from webapp.networks.matrix.line import Line
from webapp.networks.matrix.quarantine import Heard, events_in
from webapp.networks.matrix.room import Room
from webapp.networks.matrix.room_state import RoomState, is_limited
from webapp.networks.matrix.seals import Seals
from webapp.networks.matrix.spaces import Spaces
from webapp.networks.matrix.texts import tidy_name
from webapp.networks.matrix.translate import Revealed, Setting, message, opened_late
from webapp.networks.matrix.wishes import Wish, Wishes


class RoomNews:
    """Reads rooms, one piece of an answer after the other."""

    def __init__(self, line: Line, directs: Directs, wishes: Wishes, seals: Seals) -> None:
        self._line = line
        self._state, self._ephemeral = RoomState(line), Ephemeral(line)
        self._seals = seals
        self._directs = directs
        self._wishes = wishes
        self._spaces = Spaces(line)
        self.gaps = Gaps(line)

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
        return self._state.changed(room) if room.joined and not room.is_space else []

    def of_spaces(self) -> list[Event]:
        """What is new of spaces, once all rooms of an answer were read."""
        return self._spaces.news()

    # How we stand to it

    async def _joined(self, room: Room, piece: Mapping[str, Any], first: bool) -> list[Event]:
        before, room.membership = room.membership, "join"
        timeline = self._line.quarantine.all_of(piece.get("timeline"))
        members = self._state.note(room, piece, timeline)
        room.partner = room.partner or room.asked
        if room.is_space:
            name = self._state.shown_name(room)
            self._spaces.note(room.id, name, [*self._line.quarantine.all_of(piece.get("state")), *timeline])
            return _answered(room, before)
        if before != "join":
            self._spaces.came(room.id)
        news: list[Event] = []
        missed: list[Heard] = []
        if not first and before in {"join", ""} and is_limited(piece):
            missed, whole = await self.gaps.missed(room, piece["timeline"]) if before else ([], False)
            news += [] if whole else [GapFound(room.id)]  # means nothing for a conversation that is new
        news += self._state.changed(room) + self._seals.of(room)
        if room.kind is ConversationKind.GROUP and members is not None:
            news.append(members)
        news += await self._said(room, [*missed, *timeline])
        news += self._state.looks()
        return news + self._ephemeral.read(room, piece, timeline, first) + self._account_data(room, piece)

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
            self._state.take(room, event)
        room.membership = "invite"
        if asked is None or known == "invite":
            return []
        direct = asked.content.get("is_direct") is True and not room.is_space
        room.invited_by = asked.sender if direct else ""
        sender_name = self._state.name_of(room, asked.sender) or None
        name = sender_name or asked.sender if direct else self._state.shown_name(room)
        kind = ConversationKind.DIRECT if direct else ConversationKind.GROUP
        text = tidy_name(asked.content.get("reason"), 1000) or None
        return [InvitationReceived(room.id, kind, asked.sender, sender_name, name or None, text, room.is_space)]

    async def _left(self, room: Room, piece: Mapping[str, Any]) -> list[Event]:
        before = room.membership
        timeline = self._line.quarantine.all_of(piece.get("timeline"))
        self._state.note(room, piece, timeline)
        room.membership, room.told, room.sealed = "leave", None, ""
        here = room.id in self._line.left_here
        self._line.left_here.discard(room.id)
        self._spaces.left(room.id)
        if room.is_space:
            return _answered(room, before)
        if not before or before == "leave":
            return []
        own = [e for e in timeline if e.type == "m.room.member" and e.state_key == self._line.me]
        state, reason = departure(own[-1] if own else None, before, self._line.me, here)
        said = await self._said(room, timeline) if before == "join" else []
        return [*said, ConversationChanged(room.id, room.kind, state=state, reason=reason)]

    def _knocked(self, room: Room, piece: Mapping[str, Any]) -> list[Event]:
        known, state = room.membership, self._line.quarantine.all_of(piece.get("knock_state"), stripped=True)
        for event in state:
            self._state.take(room, event)
        room.membership = "knock"
        if known == "knock":
            return []
        name = self._state.shown_name(room)
        return [ConversationChanged(room.id, room.kind, name or None, state=ConversationState.ASKED, listed=True)]

    # What was said

    def setting(self, room: Room, name_of: Callable[[str], str] | None = None) -> Setting:
        """What is needed to read its events; ``name_of`` knows names of old."""

        def wish(event: Mapping[str, Any], sender: str) -> Wish | None:
            return self._wishes.of(room, event, sender, self._state.name_of(room, self._line.me))

        names = name_of or partial(self._state.name_of, room)
        return Setting(room.id, room.kind, self._line.me, names, wish, room.encrypted)

    async def _said(self, room: Room, timeline: list[Heard]) -> list[Event]:
        found: list[Event] = []
        setting = self.setting(room)
        opened = await self._line.keys.rooms.opened(room.id, timeline) if self._line.keys else {}
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
        if event is None:
            return []
        with self._line.quarantine.around():
            return [opened_late(event, self.setting(self._line.rooms.get(room_id)), revealed)]
        return []


def _answered(space: Room, before: str) -> list[Event]:
    """An invitation into a space stands among the conversations only until it is answered, here or elsewhere."""
    return [ConversationGone(space.id)] if before in {"invite", "knock"} else []
