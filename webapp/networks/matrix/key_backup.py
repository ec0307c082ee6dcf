"""The backup of room keys on the homeserver (specification, "Server-side key backups"): read, written, looked after.

Reading may be cut off anywhere: what is here already is passed over the next time. Writing goes on where it was.
"""

from collections.abc import Awaitable, Callable, Iterator

from webapp.networks.matrix.encryption.standing import BackupState
from webapp.networks.matrix.keys import Keys
from webapp.networks.matrix.pieces import Nonsense, each_key
from webapp.networks.matrix.trouble import Declined, NotReached, Problem
from webapp.networks.matrix.wire import Wire, path

AT_ONCE = 20
"""Keys that are worked with in one go: some twenty milliseconds in which nobody else's keys get their turn."""
LARGEST = 256 * 2**20
"""Octets of a whole backup: some three hundred thousand keys."""
PATIENCE = 300.0
VERSION = path("room_keys", "version")
KEYS = path("room_keys", "keys")
Stored = tuple[str, str, object]
"""Room, session, and what the backup has of it: foreign."""
Progress = Callable[[int, int], Awaitable[None]]
"""Told how many keys of how many were read."""


class KeyBackup:
    """Of one account. All methods raise NotReached, Rejected, Declined."""

    def __init__(self, wire: Wire, keys: Keys) -> None:
        self._wire, self._keys = wire, keys
        self._count = 0

    async def look(self) -> BackupState:
        """Which backup the homeserver has now, and how it stands to us."""
        try:
            told = await self._wire.ask("GET", VERSION)
        except Declined as error:
            if error.status != 404:  # also where the homeserver knows of no backups at all
                raise
            told = {}
        count = told.get("count")
        self._count = count if isinstance(count, int) and not isinstance(count, bool) and count > 0 else 0
        return await self._keys.own(lambda own: own.backup.note(told))

    async def make(self) -> str:
        """A new backup, in place of whatever there was; its private key, in base64."""
        secret, body = await self._keys.own(lambda own: own.backup.prepare())
        await self._wire.ask("POST", VERSION, body)
        await self.look()
        return secret

    async def restore(self, progress: Progress) -> None:
        """Read the whole backup, if that was not done yet."""
        if not await self._keys.own(lambda own: own.backup.needs_restore()):
            return
        version = await self._keys.own(lambda own: own.backup.version)
        text = await self._wire.text(KEYS, {"version": version}, patience=PATIENCE, largest=LARGEST)
        done = 0
        try:
            for some in _some_at_a_time(text):
                await self._take(some)
                done += len(some)
                await progress(done, max(done, self._count))
        except Nonsense:
            raise NotReached(Problem.GARBAGE, self._wire.host) from None
        await self._keys.own(lambda own: own.backup.note_restored(version))

    async def _take(self, some: list[Stored]) -> None:
        await self._keys.own(lambda own: own.backup.take(some))

    async def upload_some(self) -> bool:
        """Give the backup some keys that it does not have; whether there were any."""
        sessions, body = await self._keys.own(lambda own: own.backup.next_upload(AT_ONCE))
        if not sessions:
            return False
        version = await self._keys.own(lambda own: own.backup.version)
        await self._wire.ask("PUT", KEYS, body, {"version": version})
        await self._keys.own(lambda own: own.backup.note_uploaded(sessions))
        return True


def _some_at_a_time(text: str) -> Iterator[list[Stored]]:
    """The keys in an answer, some at a time. Raises Nonsense."""
    some: list[Stored] = []
    for key in each_key(text):
        some.append(key)
        if len(some) == AT_ONCE:
            yield some
            some = []
    if some:
        yield some
