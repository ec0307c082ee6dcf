"""What we say in rooms: under which key, and who has to be given it first."""

import json
import secrets
from collections.abc import Mapping, Sequence
from typing import Any

from webapp.networks.matrix.encryption import olm, sharing
from webapp.networks.matrix.encryption.needs import AT_A_TIME, Needs
from webapp.networks.matrix.encryption.ours import MEGOLM_ALGORITHM
from webapp.networks.matrix.encryption.outcomes import KeysNeeded
from webapp.networks.matrix.encryption.questions import Questions
from webapp.networks.matrix.encryption.requests import Request
from webapp.networks.matrix.encryption.sharing import Outbound
from webapp.networks.matrix.encryption.store import Store
from webapp.networks.matrix.encryption.tables import KnownDevice

SHARE = "share "
Recipients = tuple[list[KnownDevice], list[KnownDevice]]
"""The devices that get the key of a room, and those that do not."""


class Speaking:
    """The keys under which this device speaks, in memory only. Every method belongs into a transaction."""

    def __init__(self, store: Store, questions: Questions, needs: Needs) -> None:
        self._store, self._questions, self._needs = store, questions, needs
        self._members: dict[str, frozenset[str]] = {}
        self._outbound: dict[str, Outbound] = {}
        self._recipients: dict[str, tuple[int, frozenset[str], Recipients]] = {}

    def note_members(self, room: str, users: frozenset[str]) -> None:
        self._members[room] = users
        self._store.tables.track(users | {self._store.user})

    def members(self, room: str) -> frozenset[str]:
        """Who shall read what is said, as far as that was noted."""
        return self._members.get(room, frozenset())

    def rotate(self, room: str) -> None:
        self._outbound.pop(room, None)

    def due(self, room: str) -> list[Request]:
        """First whose devices there are, then sessions with them, then the key itself."""
        members = self._members.get(room, frozenset())
        if not self._is_as_before(room, members):
            self._store.tables.track(members)
        if waiting := self._needs.lists(members):
            return waiting
        give, withhold = self._recipients_of(room, members)
        outbound = self._current(room, give)
        if waiting := self._needs.sessions([one for one in give if one.curve25519 not in outbound.given]):
            return waiting
        self._share(room, outbound, give, withhold)
        return self._questions.of(SHARE + room)

    def _recipients_of(self, room: str, members: frozenset[str]) -> Recipients:
        """Who gets the key; found out anew only when something changed, because there may be thousands."""
        if not self._is_as_before(room, members):
            found = sharing.recipients(self._store, members)
            self._recipients[room] = (self._store.tables.people, members, found)
        return self._recipients[room][2]

    def _is_as_before(self, room: str, members: frozenset[str]) -> bool:
        """Whether nothing changed about the people in a room since its recipients were found out."""
        kept = self._recipients.get(room)
        return kept is not None and kept[0] == self._store.tables.people and kept[1] is members

    def seal(self, room: str, kind: str, content: Mapping[str, Any]) -> dict[str, Any]:
        """The content of ``m.room.encrypted``. Raises KeysNeeded."""
        if room not in self._members or self.due(room):
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

    def _share(
        self, room: str, outbound: Outbound, give: Sequence[KnownDevice], withhold: Sequence[KnownDevice]
    ) -> None:
        asked = self._questions.about(SHARE + room)
        new = [d for d in give if d.curve25519 not in outbound.given | asked]
        for at in range(0, len(new), AT_A_TIME):
            self._give(room, outbound, new[at : at + AT_A_TIME])
        refused = [d for d in withhold if d.curve25519 not in outbound.told | asked]
        for at in range(0, len(refused), AT_A_TIME):
            self._withhold(room, outbound, refused[at : at + AT_A_TIME], sharing.NOT_CONFIRMED)

    def _current(self, room: str, give: Sequence[KnownDevice]) -> Outbound:
        """The key under which we speak now, a new one if the old one may not be used any more."""
        members = self._members.get(room, frozenset())
        outbound = self._outbound.get(room)
        settings = sharing.rotation(self._store.encrypted_rooms.settings(room))
        gone = outbound is not None and (
            bool(outbound.members - members) or bool(outbound.given - {device.curve25519 for device in give})
        )
        if outbound is None or gone or outbound.is_over(settings):
            self._questions.forget(SHARE + room)
            outbound = self._outbound[room] = sharing.begin(self._store, room, members)
        outbound.members = members
        return outbound

    def _give(self, room: str, outbound: Outbound, devices: Sequence[KnownDevice]) -> None:
        content = sharing.room_key(room, outbound)
        letters = [(device, olm.seal(self._store, device, "m.room_key", content)) for device in devices]
        if reached := [(device, sealed) for device, sealed in letters if sealed is not None]:
            self._send(room, "m.room.encrypted", reached, outbound.given)
        if lost := [d for d, sealed in letters if sealed is None and d.curve25519 not in outbound.told]:
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
        names = frozenset(device.curve25519 for device, _ in letters)
        path = f"/sendToDevice/{kind}/{secrets.token_hex(16)}"
        self._questions.ask(
            SHARE + room, "PUT", path, {"messages": messages}, names, lambda _: done.update(names), no_will_do=True
        )
