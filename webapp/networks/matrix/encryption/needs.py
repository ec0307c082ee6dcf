"""What must be asked before others can be written to: whose devices there are, and a first key of each."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from webapp.networks.matrix.encryption import olm
from webapp.networks.matrix.encryption.devices import note_query
from webapp.networks.matrix.encryption.foreign import mapping
from webapp.networks.matrix.encryption.prekeys import ALGORITHM, Prekeys
from webapp.networks.matrix.encryption.questions import Answer, Questions
from webapp.networks.matrix.encryption.requests import Request
from webapp.networks.matrix.encryption.store import Store
from webapp.networks.matrix.encryption.tables import KnownDevice

AT_A_TIME = 50
UPLOAD, QUERY, CLAIM = "upload", "query", "claim"


class Needs:
    """Puts what is missing to the ``questions`` of a store."""

    def __init__(self, store: Store, questions: Questions, prekeys: Prekeys) -> None:
        self._store, self._questions, self._prekeys = store, questions, prekeys

    # Our own keys

    def upload(self) -> None:
        """Our keys, where the server should have some more."""
        if self._questions.of(UPLOAD) or not self._questions.may_ask(UPLOAD):
            return
        if body := self._prekeys.upload():
            self._questions.ask(UPLOAD, "POST", "/keys/upload", body, (), self._prekeys.note_uploaded)

    # Lists of devices

    def all_lists(self) -> None:
        """Lists that changed, of whomever."""
        self._query(self._store.tables.outdated(AT_A_TIME))

    def lists(self, users: frozenset[str]) -> list[Request]:
        """What must be answered before the devices of these people are known; we follow all of them by now."""
        self._query(self._store.tables.outdated_among(users))
        return self._questions.of(QUERY, users)

    def _query(self, outdated: Mapping[str, int]) -> None:
        """One question at a time for each person, so that a late answer cannot undo a newer one."""
        asked = self._questions.about(QUERY)
        wanted = [user for user in outdated if user not in asked and self._questions.may_ask(user)]
        for at in range(0, len(wanted), AT_A_TIME):
            some = {user: outdated[user] for user in wanted[at : at + AT_A_TIME]}
            body = {"device_keys": {user: [] for user in some}, "timeout": 10_000}
            self._questions.ask(QUERY, "POST", "/keys/query", body, some, self._listed(some))

    def _listed(self, asked: Mapping[str, int]) -> Answer:
        def answer(reply: Mapping[str, Any]) -> None:
            note_query(self._store.tables, asked, reply)
            self._look_for_us(reply)
            silent = mapping(reply.get("failures"))
            self._questions.later(user for user in asked if user.partition(":")[2] in silent)

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
        wanted = [device for device in devices if device.user not in claimed and self._lacks_session(device)]
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

    def _lacks_session(self, device: KnownDevice) -> bool:
        return self._questions.may_ask(_name(device)) and not self._store.olm_sessions(device.curve25519)

    def _claim(self, devices: Sequence[KnownDevice]) -> None:
        keys: dict[str, dict[str, str]] = {}
        for device in devices:
            keys.setdefault(device.user, {})[device.device] = ALGORITHM
        body = {"one_time_keys": keys, "timeout": 10_000}
        self._questions.ask(CLAIM, "POST", "/keys/claim", body, keys, self._claimed(devices), no_will_do=True)

    def _claimed(self, devices: Sequence[KnownDevice]) -> Answer:
        def answer(reply: Mapping[str, Any]) -> None:
            given = mapping(reply.get("one_time_keys"))
            self._questions.later(
                _name(device)
                for device in devices
                if not olm.begin(self._store, device, mapping(given.get(device.user)).get(device.device))
            )

        return answer


def _name(device: KnownDevice) -> str:
    return f"{device.user} {device.device}"
