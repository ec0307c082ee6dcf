"""What a session remembers beside its checkpoint: small, not secret, and lost without much harm."""

import json
import secrets
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class KnownRoom:
    """A room as it was when we were last in it; ``entered`` if we ever were.

    ``name`` is its own, ``called`` how the person calls it. ``wanted``: the person wants to be in it; ``bookmarked``:
    their server remembers that as well. ``kind``: what the room said of itself, a part of ``room.KINDS``; None if it
    was never asked. ``members``: the affiliation of each address that belongs there (``member``, ``admin``, ``owner``).
    """

    name: str = ""
    called: str = ""
    nick: str = ""
    entered: bool = False
    wanted: bool = False
    bookmarked: bool = False
    kind: list[str] | None = None
    members: dict[str, str] | None = None


class Folder:
    """One JSON file in the account's own folder."""

    def __init__(self, path: Path) -> None:
        self._file = path / "xmpp.json"
        try:
            kept = json.loads(self._file.read_text("utf-8"))
        except (OSError, ValueError):
            kept = {}
        self._kept: dict[str, Any] = kept if isinstance(kept, dict) else {}
        self._rooms = _rooms_from(self._kept.get("rooms"))

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
    def wanted_rooms(self) -> dict[str, KnownRoom]:
        """The rooms in which the person wants to be."""
        return {address: room for address, room in self._rooms.items() if room.wanted}

    def room(self, address: str) -> KnownRoom:
        """What we remember of a room; nothing of one that we do not know."""
        return self._rooms.get(address, KnownRoom())

    def note_room(self, address: str, **facts: Any) -> None:
        """Remember these fields of ``KnownRoom``; the others stay."""
        room = replace(self.room(address), **facts)
        if room != self._rooms.get(address):
            self._rooms[address] = room
            self._keep("rooms", {name: asdict(one) for name, one in self._rooms.items()})

    def _keep(self, name: str, value: Any) -> None:
        self._kept[name] = value
        self._file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        new = self._file.with_suffix(".new")
        new.touch(mode=0o600)
        new.write_text(json.dumps(self._kept), "utf-8")
        new.replace(self._file)


def _rooms_from(kept: object) -> dict[str, KnownRoom]:
    """What was kept of rooms. The first versions kept their addresses only."""
    try:
        if isinstance(kept, list):
            return {address: KnownRoom(entered=True) for address in kept if isinstance(address, str)}
        return {address: KnownRoom(**facts) for address, facts in kept.items()} if isinstance(kept, dict) else {}
    except TypeError:
        return {}
