"""The work of ``Machine``, as it is done on the desk's thread."""

import json
import secrets
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from webapp.networks.matrix.encryption import olm, sharing
from webapp.networks.matrix.encryption.devices import note_lists, note_query
from webapp.networks.matrix.encryption.foreign import mapping, short_text
from webapp.networks.matrix.encryption.inbox import Taken, take_letters
from webapp.networks.matrix.encryption.megolm import open_event
from webapp.networks.matrix.encryption.ours import MEGOLM_ALGORITHM
from webapp.networks.matrix.encryption.outcomes import Closed, KeysNeeded, Late, Opened
from webapp.networks.matrix.encryption.prekeys import ALGORITHM, Prekeys
from webapp.networks.matrix.encryption.requests import Request
from webapp.networks.matrix.encryption.sharing import Outbound
from webapp.networks.matrix.encryption.store import Store
from webapp.networks.matrix.encryption.tables import KnownDevice, now

AT_A_TIME = 50
AGAIN_AFTER = 3600.0
"""Seconds until we ask again for a key of a device that had none, or for devices that a server would not tell."""
CLIENT = "/_matrix/client/v3"


Answer = Callable[[Mapping[str, Any]], None]


class Work:
    """Everything that one device's keys do. One call at a time, each in one transaction of the store."""

    def __init__(self, folder: Path, key: bytes, user: str, device: str) -> None:
        self._store = Store.open(folder, key, user, device)
        self._prekeys = Prekeys(self._store)
        self._members: dict[str, frozenset[str]] = {}
        self._outbound: dict[str, Outbound] = {}
        self._open: dict[str, tuple[Request, frozenset[str], Answer]] = {}
        self._not_before: dict[str, float] = {}
        with self._store.transaction():
            self._ripe = self._store.tables.ripe()

    def close(self) -> None:
        self._store.close()

    # What comes

    def take(
        self,
        to_device: Sequence[object],
        lists: Mapping[str, object],
        counts: Mapping[str, object],
        unused_fallback: Sequence[object] | None,
    ) -> Taken:
        with self._store.transaction():
            note_lists(self._store.tables, mapping(lists))
            self._prekeys.note_counts(mapping(counts), unused_fallback)
            taken = take_letters(self._store, to_device)
        self._ripe += taken.sessions
        return taken

    def open(self, room: str, events: Sequence[Mapping[str, Any]]) -> list[Opened | Closed]:
        with self._store.transaction():
            return [self._open_one(room, event) for event in events]

    def _open_one(self, room: str, event: Mapping[str, Any]) -> Opened | Closed:
        found = open_event(self._store, room, event)
        session, name = mapping(event.get("content")).get("session_id"), short_text(event.get("event_id"))
        if isinstance(found, Closed) and found.hopeful and name:
            self._store.tables.wait(room, str(session), name, event)
        return found

    def late(self, limit: int) -> list[Late]:
        found: list[Late] = []
        with self._store.transaction():
            for session in self._ripe:
                for room, event in self._store.tables.waiting(session, limit - len(found)):
                    opened = open_event(self._store, room, event)
                    if isinstance(opened, Opened):
                        found.append(Late(room, event, opened))
                    elif not opened.hopeful:
                        self._store.tables.stop_waiting(room, str(event.get("event_id")))
        if not found:
            self._ripe = []
        return found

    def shown(self, late: Sequence[Late]) -> None:
        with self._store.transaction():
            for one in late:
                self._store.tables.stop_waiting(one.room, str(one.event.get("event_id")))

    # Rooms

    def note_encrypted(self, room: str, content: Mapping[str, Any]) -> None:
        with self._store.transaction():
            rooms = self._store.encrypted_rooms()
            kept = sharing.stricter(rooms.get(room), mapping(content))
            if rooms.get(room) != kept:
                self._store.keep_encrypted_rooms({**rooms, room: kept})

    def is_encrypted(self, room: str) -> bool:
        with self._store.transaction():
            return room in self._store.encrypted_rooms()

    def note_members(self, room: str, users: frozenset[str]) -> None:
        self._members[room] = users
        with self._store.transaction():
            self._store.tables.track(users | {self._store.user})

    def rotate(self, room: str) -> None:
        self._outbound.pop(room, None)

    # What must be asked

    def due(self, room: str | None) -> list[Request]:
        with self._store.transaction():
            return self._due_for_us() if room is None else self._due_in(room)

    def _due_for_us(self) -> list[Request]:
        if not self._is_asked("upload") and (body := self._prekeys.upload()):
            self._ask("upload", "POST", f"{CLIENT}/keys/upload", body, frozenset(), self._prekeys.note_uploaded)
        self._ask_for_lists(self._store.tables.outdated(AT_A_TIME))
        return [request for request, _, _ in self._open.values() if not request.key.startswith("share ")]

    def _due_in(self, room: str) -> list[Request]:
        """First whose devices there are, then sessions with them, then the key itself."""
        members = self._members.get(room, frozenset())
        self._store.tables.track(members)
        outdated = {user: number for user in members if (number := self._store.tables.outdated_of(user))}
        self._ask_for_lists(outdated)
        if waiting := self._asked_about("query ", members):
            return waiting
        give, withhold = sharing.recipients(self._store, members)
        self._claim(give)
        if waiting := self._asked_about("claim ", members):
            return waiting
        self._share(room, give, withhold)
        return [request for request, _, _ in self._open.values() if _is_share(request, room)]

    def answered(self, request: Request, reply: object) -> None:
        """An answer to something that nobody asked any more changes nothing."""
        if (waiting := self._open.pop(request.key, None)) is not None:
            with self._store.transaction():
                waiting[2](mapping(reply))

    def refused(self, request: Request) -> None:
        """For keys and letters no answer is an answer; lists and our own keys are asked for again later."""
        if request.key.startswith(("claim ", "share ")):
            self.answered(request, {})
        elif (waiting := self._open.pop(request.key, None)) is not None:
            self._not_before.update(dict.fromkeys(waiting[1] | {request.key}, now() + AGAIN_AFTER))

    def _ask(
        self, key: str, method: str, path: str, body: Mapping[str, Any], about: frozenset[str], answer: Answer
    ) -> None:
        self._open[key] = (Request(key, method, path, body), about, answer)

    def _is_asked(self, key: str) -> bool:
        return key in self._open or not self._may(key)

    def _may(self, about: str) -> bool:
        return self._not_before.get(about, 0.0) <= now()

    def _asked_about(self, kind: str, who: frozenset[str]) -> list[Request]:
        return [r for r, about, _ in self._open.values() if r.key.startswith(kind) and about & who]

    # Lists of devices

    def _ask_for_lists(self, outdated: Mapping[str, int]) -> None:
        """One question at a time for each person, so that a late answer cannot undo a newer one."""
        asked = {
            user for request, about, _ in self._open.values() if request.key.startswith("query ") for user in about
        }
        wanted = [user for user in outdated if user not in asked and self._may(user)]
        for at in range(0, len(wanted), AT_A_TIME):
            some = {user: outdated[user] for user in wanted[at : at + AT_A_TIME]}
            body = {"device_keys": {user: [] for user in some}, "timeout": 10_000}
            key = f"query {secrets.token_hex(8)}"
            self._ask(key, "POST", f"{CLIENT}/keys/query", body, frozenset(some), self._lists_answer(some))

    def _lists_answer(self, asked: Mapping[str, int]) -> Answer:
        def answer(reply: Mapping[str, Any]) -> None:
            note_query(self._store.tables, asked, reply)
            for user in asked:
                if user.partition(":")[2] in mapping(reply.get("failures")):
                    self._not_before[user] = now() + AGAIN_AFTER

        return answer

    # Sessions with devices

    def _claim(self, devices: Sequence[KnownDevice]) -> None:
        claimed = {
            user for request, about, _ in self._open.values() if request.key.startswith("claim ") for user in about
        }
        wanted = [
            device
            for device in devices
            if device.user not in claimed
            and self._may(_name(device))
            and not self._store.olm_sessions(device.curve25519)
        ]
        for at in range(0, len(wanted), AT_A_TIME):
            some = wanted[at : at + AT_A_TIME]
            keys: dict[str, dict[str, str]] = {}
            for device in some:
                keys.setdefault(device.user, {})[device.device] = ALGORITHM
            body = {"one_time_keys": keys, "timeout": 10_000}
            key = f"claim {secrets.token_hex(8)}"
            self._ask(key, "POST", f"{CLIENT}/keys/claim", body, frozenset(keys), self._claim_answer(some))

    def _claim_answer(self, devices: Sequence[KnownDevice]) -> Answer:
        def answer(reply: Mapping[str, Any]) -> None:
            given = mapping(reply.get("one_time_keys"))
            for device in devices:
                if not olm.begin(self._store, device, mapping(given.get(device.user)).get(device.device)):
                    self._not_before[_name(device)] = now() + AGAIN_AFTER

        return answer

    # The key of a room

    def _share(self, room: str, give: Sequence[KnownDevice], withhold: Sequence[KnownDevice]) -> None:
        outbound = self._current(room, give)
        asked = {name for request, about, _ in self._open.values() if _is_share(request, room) for name in about}
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
        settings = sharing.rotation(self._store.encrypted_rooms().get(room))
        gone = outbound is not None and (
            bool(outbound.members - members) or bool(outbound.given - {device.curve25519 for device in give})
        )
        if outbound is None or gone or outbound.is_over(settings):
            self._open = {key: one for key, one in self._open.items() if not _is_share(one[0], room)}
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
        transaction = secrets.token_hex(16)
        path = f"{CLIENT}/sendToDevice/{kind}/{transaction}"
        key = f"share {room} {transaction}"
        self._ask(key, "PUT", path, {"messages": messages}, names, lambda _: done.update(names))

    def seal(self, room: str, kind: str, content: Mapping[str, Any]) -> dict[str, Any]:
        with self._store.transaction():
            if room not in self._members or self._due_in(room):
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


def _is_share(request: Request, room: str) -> bool:
    return request.key.startswith(f"share {room} ")


def _name(device: KnownDevice) -> str:
    return f"{device.user} {device.device}"
