"""Who can read along in a room, and what must be seen first: somebody in it is not who they were (S21).

An encrypted room says that it is, and that the server of this house decrypts. Where the identity of somebody in it
changed, nothing is said before the person knows it, or has compared emoji with them again.
"""

import hashlib
from collections.abc import Mapping

from webapp.languages import N_, Sentence
from webapp.networks.actions import Acknowledge, Done
from webapp.networks.events import Event
from webapp.networks.matrix.direct import Directs
from webapp.networks.matrix.line import Line, the_room
from webapp.networks.matrix.room import Room
from webapp.networks.sealing import Seal, SealChanged, SealLevel, SealWarning

SEALED = Seal(
    Sentence(
        N_(
            "Encrypted from end to end: no server on the way can read this. The server of this house decrypts it for "
            "you. Devices that their owners could confirm, and have not, get no key."
        )
    ),
    Sentence(N_("Decrypted on this server")),
    SealLevel.HOUSE,
)
_CHANGED = N_(
    "%(who)s has other keys than before. That happens when somebody begins anew with a new device, and also when "
    "somebody else pretends to be them. Ask in another way, for instance by telephone, or compare emoji."
)
_WRITE = Sentence(N_("Write all the same"))


class Seals:
    """``changed`` are the people whose identity changed, each with the new one."""

    def __init__(self, line: Line, directs: Directs) -> None:
        self._line, self._directs = line, directs
        self._changed: Mapping[str, str] = {}

    async def load(self) -> None:
        """What was so before. Without it a warning would seem to be over."""
        if self._line.keys:
            self._changed = await self._line.keys.changed_people()

    async def look_again(self) -> list[Event]:
        """What is new by what the keys know now."""
        if self._line.keys is None:
            return []
        before, self._changed = self._changed, await self._line.keys.changed_people()
        people = {user for user in {*before, *self._changed} if before.get(user) != self._changed.get(user)}
        rooms = {room for user in people for room in self._rooms_with(user)}
        return [event for room in sorted(rooms) for event in self.of(self._line.rooms.get(room))]

    def of(self, room: Room) -> list[Event]:
        """How a room is sealed, if that is new."""
        changed = self._changed_in(room)
        now = f"encrypted {_key(changed)}" if room.encrypted else ""
        if now == room.sealed or not room.joined:
            return []
        room.sealed = now
        self._line.rooms.put(room)
        return [SealChanged(room.id, SEALED if room.encrypted else None, self._warning(room, changed))]

    def met(self, room_id: str, users: frozenset[str]) -> None:
        """These are in a room, and their identities changed; that they are in it may not have been known."""
        room = self._line.rooms.get(room_id)
        for user in users:
            if self._line.rooms.member(room_id, user) is None:
                self._line.rooms.put_member(room_id, user, ("", "join"))
        self._line.posted.put(*self.of(room))

    async def acknowledge(self, action: Acknowledge) -> Done:
        """The person goes on with those whom they were warned of; with nobody else, whose warning came meanwhile."""
        room = self._line.rooms.get(the_room(action.conversation))
        changed = self._changed_in(room)
        if self._line.keys and changed and _key(changed) == action.key:
            await self._line.keys.acknowledge(changed)
            self._line.posted.put()
        return Done(conversation=room.id)

    def _warning(self, room: Room, changed: Mapping[str, str]) -> SealWarning | None:
        if not changed or not room.encrypted:
            return None
        named = [(self._line.rooms.name_of(room.id, user), user) for user in sorted(changed)]
        who = ", ".join(f"{name} ({user})" if name else user for name, user in named)
        return SealWarning(_key(changed), Sentence(_CHANGED, {"who": who}), _WRITE)

    def _changed_in(self, room: Room) -> dict[str, str]:
        return {user: key for user, key in self._changed.items() if self._is_in(room.id, user)}

    def _is_in(self, room: str, user: str) -> bool:
        member = self._line.rooms.member(room, user)
        return member is not None and member[1] in {"join", "invite"}

    def _rooms_with(self, user: str) -> set[str]:
        return {*self._line.rooms.rooms_of(user), *self._directs.rooms_with(user)}


def _key(changed: Mapping[str, str]) -> str:
    """What a warning is about, so that nobody agrees to another one than they saw."""
    if not changed:
        return ""
    text = "\n".join(f"{user} {key}" for user, key in sorted(changed.items()))
    return "changed-" + hashlib.sha256(text.encode()).hexdigest()[:16]
