"""What must be asked before others can be written to: whose devices there are, and a first key of each."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

from webapp.networks.matrix.encryption import olm
from webapp.networks.matrix.encryption.devices import note_query
from webapp.networks.matrix.encryption.foreign import mapping
from webapp.networks.matrix.encryption.prekeys import ALGORITHM, Prekeys
from webapp.networks.matrix.encryption.questions import Answer, Questions
from webapp.networks.matrix.encryption.requests import Request
from webapp.networks.matrix.encryption.store import Store
from webapp.networks.matrix.encryption.tables import KnownDevice

AT_A_TIME = 250
"""People in one question. Others ask for as many, so servers are used to it."""
PART = 15
"""People of an answer that are worked with in one go: some ten to twenty milliseconds."""
MOST_OPEN = 4
"""Questions for lists at a time, where a room has thousands of people."""
UPLOAD, QUERY, CLAIM = "upload", "query", "claim"


class Needs:
    """Puts what is missing to the ``questions`` of a store."""

    def __init__(self, store: Store, questions: Questions, prekeys: Prekeys, listed: Callable[[], None]) -> None:
        """``listed`` is told that more is known of somebody's devices, or will not be soon."""
        self._store, self._questions, self._prekeys, self._told = store, questions, prekeys, listed
        self._first: set[str] = set()

    # Our own keys

    def upload(self) -> None:
        """Our keys, where the server should have some more."""
        if self._questions.of(UPLOAD) or not self._questions.may_ask(UPLOAD):
            return
        if body := self._prekeys.upload():
            self._questions.ask(UPLOAD, "POST", "/keys/upload", body, (), self._prekeys.note_uploaded)

    # Lists of devices

    def ask_first(self, users: Iterable[str]) -> None:
        """Somebody waits to know the devices of these: they do not stand in line with the thousands of a large room."""
        self._first.update(users)

    def all_lists(self) -> None:
        """Lists that changed, of whomever."""
        first = self._store.tables.outdated_among(self._first)
        self._first &= first.keys()
        self._query({user: number for user, number in first.items() if self._may_query(user)})
        self._query(self._store.tables.outdated(AT_A_TIME, self._may_query))

    def lists(self, users: frozenset[str]) -> list[Request]:
        """What is asked now so that the devices of these people are known; we follow all of them by now."""
        while len(self._questions.of(QUERY, users)) < MOST_OPEN:
            some = self._store.tables.outdated(AT_A_TIME, lambda user: user in users and self._may_query(user))
            if not some:
                break
            self._query(some)
        return self._questions.of(QUERY, users)

    def is_asked_for(self, user: str) -> bool:
        """Whether somebody's devices are being asked for, or will be at once."""
        return bool(self._store.tables.outdated_of(user)) and self._questions.may_ask(user)

    def _may_query(self, user: str) -> bool:
        """One question at a time for each person, so that a late answer cannot undo a newer one."""
        return not self._questions.is_about(QUERY, user) and self._questions.may_ask(user)

    def _query(self, outdated: Mapping[str, int]) -> None:
        if outdated:
            body = {"device_keys": {user: [] for user in outdated}, "timeout": 10_000}
            self._questions.ask(QUERY, "POST", "/keys/query", body, outdated, self._listed(outdated))

    def _listed(self, asked: Mapping[str, int]) -> Answer:
        def answer(reply: Mapping[str, Any]) -> Iterator[None]:
            people = list(asked.items())
            for at in range(0, len(people), PART):
                if at:
                    yield
                note_query(self._store.tables, dict(people[at : at + PART]), reply)
            self._look_for_us(reply)
            silent = mapping(reply.get("failures"))
            self._questions.later(user for user in asked if user.partition(":")[2] in silent)
            self._told()

        return answer

    def _look_for_us(self, reply: Mapping[str, Any]) -> None:
        """A device that was taken away and signed in again under its old id is none before its keys are up again."""
        ours = mapping(reply.get("device_keys")).get(self._store.user)
        if isinstance(ours, Mapping) and self._store.device not in ours and not self._questions.of(UPLOAD):
            self._prekeys.note_missing()

    # Sessions with devices

    def sessions(self, devices: Sequence[KnownDevice]) -> list[Request]:
        """What must be answered before each of these devices has had its chance to be written to."""
        claimed = self._questions.about(CLAIM)
        wanted = [device for device in devices if device.user not in claimed and self.lacks_session(device)]
        for at in range(0, len(wanted), AT_A_TIME):
            self._claim(wanted[at : at + AT_A_TIME])
        return self._questions.of(CLAIM, frozenset(device.user for device in devices))

    def renew(self, device: KnownDevice, begun: Callable[[], None]) -> None:
        """A new session with a device, though there is one; ``begun`` is called as soon as it is there."""

        def answer(reply: Mapping[str, Any]) -> None:
            given = mapping(mapping(reply.get("one_time_keys")).get(device.user))
            if olm.begin(self._store, device, given.get(device.device)):
                begun()

        body = {"one_time_keys": {device.user: {device.device: ALGORITHM}}, "timeout": 10_000}
        self._questions.ask(CLAIM, "POST", "/keys/claim", body, [device.user], answer, no_will_do=True)

    def may_claim(self, device: KnownDevice) -> bool:
        """Whether it is worth a try to begin a session with a device: not where there was no key of it just now."""
        return self._questions.may_ask(_name(device))

    def lacks_session(self, device: KnownDevice) -> bool:
        """Whether a device cannot be written to, and might be."""
        return self.may_claim(device) and not self._store.has_olm_session(device.curve25519)

    def _claim(self, devices: Sequence[KnownDevice]) -> None:
        keys: dict[str, dict[str, str]] = {}
        for device in devices:
            keys.setdefault(device.user, {})[device.device] = ALGORITHM
        body = {"one_time_keys": keys, "timeout": 10_000}
        self._questions.ask(CLAIM, "POST", "/keys/claim", body, keys, self._claimed(devices), no_will_do=True)

    def _claimed(self, devices: Sequence[KnownDevice]) -> Answer:
        def answer(reply: Mapping[str, Any]) -> Iterator[None]:
            given = mapping(reply.get("one_time_keys"))
            for at in range(0, len(devices), PART):
                if at:
                    yield
                self._begin(devices[at : at + PART], given)

        return answer

    def _begin(self, devices: Sequence[KnownDevice], given: Mapping[str, Any]) -> None:
        self._questions.later(
            _name(device)
            for device in devices
            if not olm.begin(self._store, device, mapping(given.get(device.user)).get(device.device))
        )


def _name(device: KnownDevice) -> str:
    return f"{device.user} {device.device}"
