"""What a session remembers beside its checkpoint: small, not secret, and lost without harm."""

import json
import secrets
from pathlib import Path
from typing import Any


class Folder:
    """One JSON file in the account's own folder."""

    def __init__(self, path: Path) -> None:
        self._file = path / "xmpp.json"
        try:
            kept = json.loads(self._file.read_text("utf-8"))
        except (OSError, ValueError):
            kept = {}
        self._kept: dict[str, Any] = kept if isinstance(kept, dict) else {}

    @property
    def resource(self) -> str:
        """The name of this device: always the same, so that a new connection replaces what was left of the old one."""
        name = self._kept.get("resource")
        if not isinstance(name, str) or not name:
            name = f"hausbote-{secrets.token_hex(4)}"
            self._keep("resource", name)
        return name

    @property
    def scram_seen(self) -> bool:
        """Whether the server knew a way to sign in without being told the password; then it must for ever (S16)."""
        return self._kept.get("scram_seen") is True

    def note_scram(self) -> None:
        if not self.scram_seen:
            self._keep("scram_seen", True)

    @property
    def contacts(self) -> list[str]:
        """Who was on the contact list last time."""
        return [name for name in self._kept.get("contacts", []) if isinstance(name, str)]

    def note_contacts(self, addresses: list[str]) -> None:
        if addresses != self.contacts:
            self._keep("contacts", addresses)

    @property
    def rooms(self) -> list[str]:
        """Every address that turned out to be a room."""
        return [name for name in self._kept.get("rooms", []) if isinstance(name, str)]

    def note_room(self, address: str) -> None:
        if address not in self.rooms:
            self._keep("rooms", [*self.rooms, address])

    def _keep(self, name: str, value: Any) -> None:
        self._kept[name] = value
        self._file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        new = self._file.with_suffix(".new")
        new.touch(mode=0o600)
        new.write_text(json.dumps(self._kept), "utf-8")
        new.replace(self._file)
