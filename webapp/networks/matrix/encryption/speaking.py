"""What we say in rooms: under which key, and who has to be given it first."""

import json
import secrets
from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from typing import Any

from webapp.networks.matrix.encryption import olm, sharing
from webapp.networks.matrix.encryption.needs import Needs
from webapp.networks.matrix.encryption.ours import MEGOLM_ALGORITHM
from webapp.networks.matrix.encryption.outcomes import KeysNeeded
from webapp.networks.matrix.encryption.questions import Questions
from webapp.networks.matrix.encryption.recipients import Recipients, named
from webapp.networks.matrix.encryption.requests import Request
from webapp.networks.matrix.encryption.sharing import Outbound
from webapp.networks.matrix.encryption.store import Store
from webapp.networks.matrix.encryption.tables import KnownDevice

SHARE = "share "
AT_ONCE = 20
"""Letters that are sealed in one go, and go together: some 25 milliseconds."""
AHEAD = 250
"""Devices for which sessions are begun before the next letters are sealed."""
MOST_OPEN = 8
"""Parcels of letters on their way at a time, where a room has thousands of devices."""


class Speaking:
    """The keys under which this device speaks, in memory only. Every method belongs into a transaction."""

    def __init__(self, store: Store, questions: Questions, needs: Needs) -> None:
        self._store, self._questions, self._needs = store, questions, needs
        self._people: dict[str, Recipients] = {}
        self._outbound: dict[str, Outbound] = {}

    def note_members(self, room: str, users: frozenset[str]) -> None:
        """Who shall read what is said in a room."""
        self._people.setdefault(room, Recipients(self._store)).note_members(users | {self._store.user})

    def members(self, room: str) -> frozenset[str]:
        """Who shall read what is said, as far as that was noted."""
        people = self._people.get(room)
        return people.members if people is not None else frozenset()

    def rotate(self, room: str) -> None:
        self._outbound.pop(room, None)

    def look(self, room: str) -> bool:
        """Look at some of those in a room of whom something is new; whether there are more of them."""
        return room in self._people and self._people[room].look()

    def due(self, room: str) -> list[Request]:
        """First whose devices there are, then sessions with them, then the key itself; of all that, some at a time."""
        people = self._people.setdefault(room, Recipients(self._store))
        while people.look():
            pass  # most of them were looked at before, some at a time
        if waiting := self._needs.lists(people.members):
            return waiting
        outbound = self._current(room, people)
        if len(self._questions.of(SHARE + room)) < MOST_OPEN:
            if waiting := self._sessions(list(islice(self._to_give(room, outbound, people), AHEAD))):
                return waiting
            self._share(room, outbound, people)
        return self._questions.of(SHARE + room)

    def _sessions(self, devices: list[KnownDevice]) -> list[Request]:
        """What is asked so that these can be written to, as soon as some of the next ones cannot."""
        lacking = any(self._needs.lacks_session(device) for device in devices[:AT_ONCE])
        return self._needs.sessions(devices) if lacking else []

    def _to_give(self, room: str, outbound: Outbound, people: Recipients) -> Iterator[KnownDevice]:
        """Who shall have the key and was not sent it yet. Whoever could not be reached gets another chance when there
        may be a way."""
        done = outbound.given | self._questions.about(SHARE + room)
        for name, device in people.give.items():
            if name not in done and (name not in outbound.lost or self._may_be_reached(device)):
                yield device

    def _may_be_reached(self, device: KnownDevice) -> bool:
        return device.curve25519 in self._store.heard or self._needs.may_claim(device)

    def seal(self, room: str, kind: str, content: Mapping[str, Any]) -> dict[str, Any]:
        """The content of ``m.room.encrypted``. Raises KeysNeeded."""
        if room not in self._people or self.due(room):
            raise KeysNeeded
        outbound = self._outbound[room]
        outbound.messages += 1
        plain = json.dumps({"room_id": room, "type": kind, "content": dict(content)})
        sealed = {
            "algorithm": MEGOLM_ALGORITHM,
            "sender_key": self._store.account.identity_keys["curve25519"],
            "device_id": self._store.device,
            "session_id": outbound.session.session_id,
            "ciphertext": outbound.session.encrypt(plain.encode()).to_base64(),
        }
        relation = content.get("m.relates_to")
        return sealed if relation is None else {**sealed, "m.relates_to": relation}

    def _share(self, room: str, outbound: Outbound, people: Recipients) -> None:
        if some := list(islice(self._to_give(room, outbound, people), AT_ONCE)):
            self._give(room, outbound, some)
        done = outbound.told | self._questions.about(SHARE + room)
        refused = (device for name, device in people.withhold.items() if name not in done)
        if some := list(islice(refused, AHEAD)):
            self._withhold(room, outbound, some, sharing.NOT_CONFIRMED)

    def _current(self, room: str, people: Recipients) -> Outbound:
        """The key under which we speak now, a new one if the old one may not be used any more."""
        outbound = self._outbound.get(room)
        settings = sharing.rotation(self._store.encrypted_rooms.settings(room))
        if outbound is None or _is_somebody_gone(outbound, people) or outbound.is_over(settings):
            self._questions.forget(SHARE + room)
            outbound = self._outbound[room] = sharing.begin(self._store, room, people.members)
        outbound.members = people.members
        return outbound

    def _give(self, room: str, outbound: Outbound, devices: Sequence[KnownDevice]) -> None:
        content = sharing.room_key(room, outbound)
        letters = [(device, olm.seal(self._store, device, "m.room_key", content)) for device in devices]
        if reached := [(device, sealed) for device, sealed in letters if sealed is not None]:
            self._send(room, "m.room.encrypted", reached, outbound.given)
        lost = [device for device, sealed in letters if sealed is None]
        outbound.lost |= {named(device) for device in lost}
        if lost := [device for device in lost if named(device) not in outbound.told]:
            self._withhold(room, outbound, lost, sharing.NO_SESSION)

    def _withhold(self, room: str, outbound: Outbound, devices: Sequence[KnownDevice], code: str) -> None:
        content = sharing.withheld(self._store, room, outbound, code)
        self._send(room, "m.room_key.withheld", [(device, content) for device in devices], outbound.told)

    def _send(
        self, room: str, kind: str, letters: Sequence[tuple[KnownDevice, Mapping[str, Any]]], done: set[str]
    ) -> None:
        messages: dict[str, dict[str, Any]] = {}
        for device, content in letters:
            messages.setdefault(device.user, {})[device.device] = content
        names = frozenset(named(device) for device, _ in letters)
        path = f"/sendToDevice/{kind}/{secrets.token_hex(16)}"
        self._questions.ask(
            SHARE + room, "PUT", path, {"messages": messages}, names, lambda _: done.update(names), no_will_do=True
        )


def _is_somebody_gone(outbound: Outbound, people: Recipients) -> bool:
    """Whether somebody has the key who shall not read what comes."""
    left = outbound.members is not people.members and not outbound.members <= people.members
    return left or not outbound.given <= people.give.keys()
