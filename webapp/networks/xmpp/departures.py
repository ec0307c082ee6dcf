"""Leaving rooms: here, on another device of the person, or because somebody put us out."""

from webapp.languages import N_, Sentence
from webapp.networks.actions import Done
from webapp.networks.events import ConversationChanged, ConversationKind, ConversationState
from webapp.networks.xmpp.attempts import Attempts
from webapp.networks.xmpp.line import Line
from webapp.networks.xmpp.room import FOR_GOOD, RESTARTING, Room
from webapp.networks.xmpp.stanzas import presence
from webapp.networks.xmpp.wanted_rooms import WantedRooms

_LEFT_ELSEWHERE = N_("You left this group on another device.")


class Departures:
    """Takes rooms out of those in which we are, and tells the house why."""

    def __init__(self, line: Line, rooms: dict[str, Room], attempts: Attempts, wanted: WantedRooms) -> None:
        self._line = line
        self._rooms = rooms
        self._attempts = attempts
        self._wanted = wanted
        self._leaving: set[str] = set()
        """Rooms that the person leaves here and now: that their bookmarks go is no news of another device."""

    async def leave(self, address: str) -> Done:
        """Leave for good, on every device."""
        self._stop_trying(address)
        room = self._rooms.get(address)
        self._leaving.add(address)
        try:
            await self._wanted.forget(address)
        finally:
            self._leaving.discard(address)
        if room is not None and address in self._rooms:
            self._say_goodbye(room)
            await self._line.wire.round_trip()
        tell_left(self._line, address)
        return Done(conversation=address)

    def left_elsewhere(self, address: str) -> None:
        """The person does not want to be in this room any more, says another device; or this one did just now."""
        room = self._rooms.get(address)
        if address in self._leaving:
            return
        if address in self._attempts:
            self._stop_trying(address)
            tell_left(self._line, address, Sentence(_LEFT_ELSEWHERE))
        elif room is not None and room.ready:
            self._say_goodbye(room, Sentence(_LEFT_ELSEWHERE))

    def put_out(self, room: Room, codes: set[str], reason: Sentence) -> None:
        """Somebody put us out, or the room is no more; or its server only restarts, then we come back."""
        self._rooms.pop(room.address, None)
        if codes & RESTARTING:
            self._attempts.begin(room.address, room.nick, pause=10)
            return
        if codes & FOR_GOOD:  # nobody makes it again against the will of its owner
            self._line.folder.note_room(room.address, wanted=False, kind=None)
        tell_left(self._line, room.address, reason)

    def _stop_trying(self, address: str) -> None:
        room = self._rooms.get(address)
        if self._attempts.stop(address) and room is not None:
            del self._rooms[address]
            self._wave(room)

    def _say_goodbye(self, room: Room, reason: Sentence | None = None) -> None:
        self._rooms.pop(room.address, None)
        self._wave(room)
        tell_left(self._line, room.address, reason)

    def _wave(self, room: Room) -> None:
        self._line.try_to_say([presence(f"{room.address}/{room.nick}", "unavailable")])


def tell_left(line: Line, address: str, reason: Sentence | None = None) -> None:
    """We are in this room no more. ``reason``: what happened, when it was not done here."""
    line.tell(ConversationChanged(address, ConversationKind.GROUP, state=ConversationState.LEFT, reason=reason))
