"""Looking after the keys of an account while nobody waits for it: restore, back up, tell the person how it is.

It begins when what was missed is there, and looks again whenever somebody thinks that something may have changed.
"""

import asyncio
import logging
import time

from webapp.networks.matrix import health
from webapp.networks.matrix.encryption.standing import BackupState
from webapp.networks.matrix.health import Health
from webapp.networks.matrix.key_backup import KeyBackup
from webapp.networks.matrix.keys import Keys
from webapp.networks.matrix.line import Line
from webapp.networks.matrix.secret_store import SecretStore
from webapp.networks.matrix.trouble import Declined, NotReached, Rejected

log = logging.getLogger(__name__)
PAUSE = 1.0
"""Seconds between two rounds: what happens in between is one."""
LATER = 60.0
"""Seconds until something is tried again that did not work."""
PART = "keys"
"""What the matters that come from here are put under."""
REPLACED = frozenset({"M_WRONG_ROOM_KEYS_VERSION", "M_NOT_FOUND"})
"""What a homeserver says when there is another backup by now, or none."""


class Upkeep:
    """``run`` is a task beside the loop around sync, and ends with it."""

    def __init__(self, line: Line, keys: Keys) -> None:
        self._line, self._keys = line, keys
        self._backup, self._store = KeyBackup(line.wire, keys), SecretStore(line.wire, line.me)
        self._locked = False
        self._told_at = 0.0
        line.matters.expect(PART)
        self._broken: Declined | None = None

    async def run(self) -> None:
        """Until it is cancelled, or the homeserver does not know us any more (of which the loop tells)."""
        await self._line.caught_up.wait()
        while True:
            wait = None
            try:
                await self._round()
            except Rejected:
                return
            except NotReached as trouble:
                wait = trouble.retry_after or LATER
            except Exception:
                log.exception("the keys of an account could not be looked after")
                wait = LATER
            self._line.matters.expect_no_more(PART)
            self._line.posted.put()
            await self._until_wanted(wait)

    async def _until_wanted(self, wait: float | None) -> None:
        await asyncio.sleep(PAUSE)
        try:
            await asyncio.wait_for(self._line.keys_wanted.wait(), wait)
        except TimeoutError:
            self._line.keys_changed = True
        self._line.keys_wanted.clear()

    async def _round(self) -> None:
        if self._line.keys_changed:
            self._locked = await self._store.lock() is not None
            await self._backup.look()
            self._line.keys_changed = False
        await self._tell()
        self._broken = None
        try:
            await self._backup.restore(self._progress)
            while await self._backup.upload_some():
                pass
        except Declined as refusal:
            if refusal.errcode in REPLACED:
                self._line.look_after_keys()
            else:
                self._broken = refusal
        await self._tell()

    async def _tell(self, restoring: tuple[int, int] | None = None) -> None:
        standing = await self._keys.own(lambda own: own.standing())
        broken = self._broken.reason if self._broken and standing.backup is BackupState.OPEN else None
        self._line.matters.put(PART, *health.matters(Health(standing, self._locked, restoring, broken)))
        self._line.posted.put()

    async def _progress(self, done: int, of: int) -> None:
        """A word about it each second, and a look whether something can be read now."""
        if time.monotonic() - self._told_at > PAUSE:
            self._told_at = time.monotonic()
            await self._tell((done, of))
