"""Letters of ours to single devices, under Olm: each waits until there is a session with its device, or there will
never be one.
"""

import secrets
from collections.abc import Mapping
from typing import Any

from webapp.networks.matrix.encryption import olm
from webapp.networks.matrix.encryption.needs import CLAIM, Needs
from webapp.networks.matrix.encryption.questions import Questions
from webapp.networks.matrix.encryption.store import Store
from webapp.networks.matrix.encryption.tables import KnownDevice

LETTER = "letter"
MOST = 200
"""Letters that wait."""


class Letters:
    """In memory only: what must not get lost is asked for again by whoever needs it. Belongs into transactions."""

    def __init__(self, store: Store, questions: Questions, needs: Needs) -> None:
        self._store, self._questions, self._needs = store, questions, needs
        self._waiting: list[tuple[KnownDevice, str, Mapping[str, Any]]] = []

    def write(self, device: KnownDevice, kind: str, content: Mapping[str, Any]) -> None:
        """One letter, encrypted for this device alone."""
        if len(self._waiting) < MOST:
            self._waiting.append((device, kind, content))

    def tell(self, devices: Mapping[str, list[str]], kind: str, content: Mapping[str, Any]) -> None:
        """The same to several devices, by user, for everybody on the way to read."""
        self._put(kind, {user: dict.fromkeys(names, content) for user, names in devices.items()})

    def post(self) -> None:
        """Send what can be sent; ask for sessions where they are missing."""
        if not self._waiting:
            return
        self._needs.sessions([device for device, _, _ in self._waiting])
        claimed, waiting = self._questions.about(CLAIM), self._waiting
        self._waiting = []
        for device, kind, content in waiting:
            sealed = olm.seal(self._store, device, kind, content)
            if sealed is not None:
                self._put("m.room.encrypted", {device.user: {device.device: sealed}})
            elif device.user in claimed:
                self._waiting.append((device, kind, content))

    def _put(self, kind: str, messages: Mapping[str, Any]) -> None:
        path = f"/sendToDevice/{kind}/{secrets.token_hex(16)}"
        self._questions.ask(LETTER, "PUT", path, {"messages": messages}, (), lambda _: None, no_will_do=True)
