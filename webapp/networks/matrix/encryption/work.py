"""The work of ``Machine``, as it is done on the desk's thread: its parts, put together."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar

from webapp.networks.matrix.encryption import sharing
from webapp.networks.matrix.encryption.cross_signing import Signatures, confirm
from webapp.networks.matrix.encryption.devices import note_lists, present
from webapp.networks.matrix.encryption.foreign import mapping, short_text
from webapp.networks.matrix.encryption.gossip import Gossip
from webapp.networks.matrix.encryption.identities import acknowledge, identity, is_signed_by_owner, trust
from webapp.networks.matrix.encryption.inbox import Taken, take_letters
from webapp.networks.matrix.encryption.letters import Letters
from webapp.networks.matrix.encryption.megolm import open_event
from webapp.networks.matrix.encryption.needs import Needs
from webapp.networks.matrix.encryption.outcomes import Closed, IdentityChanged, Late, Opened
from webapp.networks.matrix.encryption.own_keys import OwnKeys
from webapp.networks.matrix.encryption.prekeys import Prekeys
from webapp.networks.matrix.encryption.questions import Questions
from webapp.networks.matrix.encryption.recovery import Recovery
from webapp.networks.matrix.encryption.requests import Request
from webapp.networks.matrix.encryption.speaking import SHARE, Speaking
from webapp.networks.matrix.encryption.standing import DeviceSeen, DevicesSeen
from webapp.networks.matrix.encryption.store import Store
from webapp.networks.matrix.verification.sas import Confirmed, Keys
from webapp.networks.matrix.verification.verifications import Verifications
from webapp.networks.matrix.verification.vouching import Vouching
from webapp.networks.sealing import Trust

T = TypeVar("T")
TOLD_OF_US = "told of our own identity"
"""The fact with how certain our own identity was when others were last told of: it changes what is said of all."""


class Work:
    """Everything that one device's keys do. One call at a time, each in one transaction of the store."""

    def __init__(self, folder: Path, key: bytes, user: str, device: str) -> None:
        self._store = Store.open(folder, key, user, device)
        self._prekeys = Prekeys(self._store)
        self._questions = Questions(self._store)
        self._needs = Needs(self._store, self._questions, self._prekeys, self._look_ripe_soon)
        self._speaking = Speaking(self._store, self._questions, self._needs)
        self.own = OwnKeys(self._store, self._look_ripe)
        self._signatures = Signatures(self._store, self._questions)
        self._letters = Letters(self._store, self._questions, self._needs)
        self._recovery = Recovery(self._store, self._needs, self._letters)
        self._gossip = Gossip(self._store, self._letters)
        self._vouching = Vouching(self._store, self._questions)
        self._verifications = Verifications(self._store, self._questions, self._ours, self._certain)
        self._is_missing = True
        self._is_ripe_new = False
        try:
            self._begin()
        except BaseException:
            self._store.close()
            raise

    def _begin(self) -> None:
        with self._store.transaction():
            self._store.tables.track([self._store.user])
            self._store.tables.outdate([self._store.user])  # whether the server still knows this device
            self._look_ripe()

    def _look_ripe(self) -> None:
        """Find out for which events that wait the key is there."""
        self._ripe = self._store.waiting.ripe()
        self._tried: dict[str, set[str]] = {}

    def _look_ripe_soon(self) -> None:
        """Of whose devices events are, more may be known now."""
        self._is_ripe_new = True

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
            self._recovery.note(taken.out_of_step)
            self._verifications.take(taken.plain)
            self._gossip.take(taken.plain)
            taken.sessions += self._gossip.take_letters(taken.letters)
            taken.strangers = self._strangers(taken.speakers)
            self._needs.ask_first(taken.strangers)
        self._ripe += taken.sessions
        for session in taken.sessions:
            self._tried.pop(session, None)
        return taken

    def _strangers(self, speakers: set[str]) -> frozenset[str]:
        """Whose devices we do not know (all): whether one is theirs at all, only their list can tell."""
        return frozenset(user for user in speakers if self._needs.is_asked_for(user))

    def open(self, room: str, events: Sequence[Mapping[str, Any]]) -> list[Opened | Closed]:
        with self._store.transaction():
            return [self._open_one(room, event) for event in events]

    def _open_one(self, room: str, event: Mapping[str, Any]) -> Opened | Closed:
        found = open_event(self._store, room, event, self._needs.is_asked_for)
        session, name = mapping(event.get("content")).get("session_id"), short_text(event.get("event_id"))
        if isinstance(found, Closed) and found.hopeful and name:
            self._store.waiting.add(room, str(session), name, event)
            self._is_missing = True
        return found

    @property
    def ripening(self) -> bool:
        """Whether ``late`` may find something; may be asked from any thread."""
        return bool(self._ripe or self._is_ripe_new)

    def late(self, limit: int) -> list[Late]:
        found: list[Late] = []
        with self._store.transaction():
            if self._is_ripe_new:
                self._is_ripe_new = False
                self._look_ripe()
            self._ripe = [session for session in self._ripe if self._look_late(session, limit, found)]
        return found

    def _look_late(self, session: str, limit: int, found: list[Late]) -> bool:
        """Add to ``found`` what can be read of a session; whether it should be looked at again."""
        if len(found) >= limit:
            return True
        before, tried = len(found), self._tried.setdefault(session, set())
        most = limit - before + len(tried)
        some = self._store.waiting.of(session, most)
        new = [(room, event) for room, event in some if event.get("event_id") not in tried]
        for room, event in new:
            opened = open_event(self._store, room, event, self._needs.is_asked_for)
            if isinstance(opened, Opened):
                found.append(Late(room, event, opened))
            elif opened.hopeful:
                tried.add(str(event.get("event_id")))
            else:
                self._store.waiting.drop(room, str(event.get("event_id")))
        return len(found) > before or len(some) == most

    def shown(self, late: Sequence[Late]) -> None:
        with self._store.transaction():
            for one in late:
                self._store.waiting.drop(one.room, str(one.event.get("event_id")))

    # Rooms

    def note_encrypted(self, rooms: Mapping[str, Sequence[Mapping[str, Any]]]) -> None:
        """Rooms, each with what was said of its encryption, the newest last."""
        with self._store.transaction():
            known, new = self._store.encrypted_rooms, {}
            for room, contents in rooms.items():
                before = settings = known.settings(room)
                for content in contents:
                    settings = sharing.stricter(settings, mapping(content))
                if settings != before:
                    new[room] = settings or {}
            if new:
                known.keep(new)

    def is_encrypted(self, room: str) -> bool:
        with self._store.transaction():
            return room in self._store.encrypted_rooms

    def note_members(self, room: str, users: frozenset[str]) -> None:
        with self._store.transaction():
            self._speaking.note_members(room, users)

    def rotate(self, rooms: Iterable[str]) -> None:
        for room in rooms:
            self._speaking.rotate(room)

    def seal(self, room: str, kind: str, content: Mapping[str, Any], anyway: bool = False) -> dict[str, Any]:
        """``anyway``: also where somebody's identity changed. Raises KeysNeeded, IdentityChanged."""
        with self._store.transaction():
            members = self._speaking.members(room)
            changed = frozenset(user for user in self._changed() if user in members)
            if changed and not anyway:
                raise IdentityChanged(changed)
            return self._speaking.seal(room, kind, content)

    # Who is who

    def verification(self, step: Callable[[Verifications], T]) -> T:
        """Do something with the verifications of this device."""
        with self._store.transaction():
            return step(self._verifications)

    @property
    def verifying(self) -> bool:
        """Whether there are verifications; may be asked from any thread."""
        return self._verifications.any

    def changed_people(self) -> dict[str, str]:
        """Whose identity changed, and to which."""
        with self._store.transaction():
            return self._changed()

    def _changed(self) -> dict[str, str]:
        people = [user for user in self._store.tables.changed_people() if user != self._store.user]
        found = {user: identity(self._store.tables, user) for user in people}
        return {user: one.changed for user, one in found.items() if one is not None}

    def acknowledge(self, people: Mapping[str, str]) -> None:
        """The person knows that these changed, to these identities."""
        with self._store.transaction():
            changed = self._changed()
            for user, key in people.items():
                if changed.get(user) == key:
                    acknowledge(self._store, user)

    def devices_of(self, user: str) -> DevicesSeen:
        with self._store.transaction():
            tables = self._store.tables
            owner = identity(tables, user)
            found = [
                DeviceSeen(one.device, one.name, is_signed_by_owner(one, owner) if owner else None)
                for one in present(tables, user)
            ]
            found.sort(key=lambda one: (one.vouched is True, one.id))
            return DevicesSeen(trust(self._store, user), tuple(found), tables.outdated_of(user) == 0)

    def look_at(self, user: str) -> None:
        """Ask for somebody's devices, also of whom no change is told and whose server did not answer lately."""
        with self._store.transaction():
            self._store.tables.track([user])
            self._store.tables.outdate([user])
        self._questions.at_once([user])
        self._needs.ask_first([user])

    def follow(self, user: str) -> None:
        with self._store.transaction():
            self._store.tables.track([user])
        self._needs.ask_first([user])

    def trusts(self, limit: int) -> list[tuple[str, Trust]]:
        """How certain it is of people that they are who they say, where that is new; until it was ``told``."""
        with self._store.transaction():
            tables, us = self._store.tables, self._store.user
            now = trust(self._store, us)
            if tables.fact(TOLD_OF_US) != now.value:
                tables.keep_fact(TOLD_OF_US, now.value)
                tables.tell_of_all()
            tables.note_told([us])
            return [(user, trust(self._store, user)) for user in tables.untold(limit)]

    def told(self, users: Iterable[str]) -> None:
        with self._store.transaction():
            self._store.tables.note_told(users)

    def _ours(self) -> Keys:
        """What we vouch for: this device, and our identity as soon as it is certain that it is ours."""
        ours = identity(self._store.tables, self._store.user)
        certain = ours is not None and trust(self._store, self._store.user) is Trust.CONFIRMED
        key: str = self._store.account.identity_keys["ed25519"]
        return Keys(self._store.device, key, ours.master if ours and certain else None)

    def _certain(self, user: str, device: str, confirmed: Confirmed) -> None:
        """Somebody's keys are certain now: whoever they belong to, we tell others."""
        if confirmed.master_key is not None:
            confirm(self._store, user, confirmed.master_key)
        if user == self._store.user and confirmed.device_key is not None:
            self._vouching.vouch(device, confirmed.device_key)
            self._gossip.ask_for_secrets()
            self._is_missing = True

    # What must be asked

    def look(self, room: str) -> bool:
        """Look at some of those in a room of whom something is new; whether there are more of them."""
        with self._store.transaction():
            return self._speaking.look(room)

    def due(self, room: str | None) -> list[Request]:
        with self._store.transaction():
            return self._due_for_us() if room is None else self._speaking.due(room)

    def _due_for_us(self) -> list[Request]:
        self.own.adopt()
        self._needs.upload()
        self._needs.ask_first(self._verifications.waited_for())
        self._needs.all_lists()
        self._verifications.settle()
        self._signatures.upload()
        self._vouching.upload()
        self._gossip.settle()
        if self._is_missing:
            self._is_missing = self._gossip.ask_for_room_keys()
        self._letters.post()
        return self._questions.except_of(SHARE)

    def answered(self, request: Request, reply: object) -> bool:
        """Take an answer, or some of a long one: whether there is more of it to take."""
        return self._questions.answered(request, reply)

    def refused(self, request: Request) -> None:
        self._questions.refused(request)
        self._look_ripe_soon()
