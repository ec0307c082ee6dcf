"""Who gets the key of one room and who does not, kept up to date person by person: there may be fifty thousand."""

from dataclasses import replace
from itertools import islice

from webapp.networks.matrix.encryption import sharing
from webapp.networks.matrix.encryption.store import Store
from webapp.networks.matrix.encryption.tables import KnownDevice

MOST_PEOPLE = 500
MOST_DEVICES = 50
"""People, and devices of theirs, that are looked at in one go: some ten to twenty milliseconds."""


class Recipients:
    """The devices by name (``named``); their signatures were looked at and are left out, because there may be many."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self.members: frozenset[str] = frozenset()
        self.give: dict[str, KnownDevice] = {}
        self.withhold: dict[str, KnownDevice] = {}
        self._of_person: dict[str, list[str]] = {}
        self._stale: set[str] = set()
        self._seen = store.tables.changes

    def note_members(self, members: frozenset[str]) -> None:
        """These and nobody else shall read what is said from now on. In a transaction."""
        gone, new = self.members - members, members - self.members
        for user in gone:
            self._forget(user)
        self._store.tables.track(islice(new, MOST_PEOPLE))  # more of them when they are looked at
        self._stale = (self._stale | new) - gone
        self.members = members

    def look(self) -> bool:
        """Look at some people of whom something is new; whether there are more. In a transaction."""
        tables = self._store.tables
        self._stale.update(user for user in tables.changed_since(self._seen) if user in self.members)
        self._seen = tables.changes
        some, devices = [], 0
        for user in islice(self._stale, MOST_PEOPLE):
            devices += self._look_at(user)
            some.append(user)
            if devices >= MOST_DEVICES:
                break
        tables.track(some)
        self._stale.difference_update(some)
        return bool(self._stale)

    def _look_at(self, user: str) -> int:
        self._forget(user)
        give, withhold = sharing.recipients(self._store, user)
        for devices, kept in ((give, self.give), (withhold, self.withhold)):
            kept.update((named(device), replace(device, signed={})) for device in devices)
        if found := [named(device) for device in (*give, *withhold)]:
            self._of_person[user] = found
        return len(found)

    def _forget(self, user: str) -> None:
        for name in self._of_person.pop(user, ()):
            self.give.pop(name, None)
            self.withhold.pop(name, None)


def named(device: KnownDevice) -> str:
    """A device with its key: none of its parts has a line break in it."""
    return f"{device.user}\n{device.device}\n{device.curve25519}"
