"""Fetches the pictures of an account's conversations and people, one after the other, and never in anybody's way."""

import asyncio
from collections.abc import Sequence

import structlog

from webapp import pictures
from webapp.changes import Announcement
from webapp.database import Database
from webapp.hub import Hub
from webapp.messaging.pictures import store_picture, tell_of_looks, wanted_pictures
from webapp.networks.contract import Session
from webapp.networks.errors import Refused, SignedOut, Unreachable

log = structlog.get_logger()
PAUSE = 0.2
"""Seconds between two pictures."""
MOST_LATER = 200


class Likenesses:
    """The pictures of one account, while its session is open."""

    def __init__(self, database: Database, hub: Hub, account_id: int, epoch: int) -> None:
        self._database = database
        self._hub = hub
        self._account_id = account_id
        self._epoch = epoch
        self._later: set[str] = set()
        """What could not be reached: whoever's server is dead keeps no others out. The next session tries again."""

    async def run(self, session: Session) -> None:
        """Fetch what is wanted until cancelled. Raises SignedOut or LeaseLost."""
        loop, wake = asyncio.get_running_loop(), asyncio.Event()

        def wake_up(_changes: Sequence[Announcement]) -> None:
            loop.call_soon_threadsafe(wake.set)

        stop = self._hub.listen(("account", self._account_id), wake_up)
        try:
            while True:
                wake.clear()
                while some := await self._wanted():
                    await self._fetch_all(session, some)
                await wake.wait()
        finally:
            stop()

    async def _fetch_all(self, session: Session, some: list[str]) -> None:
        """Screens are told of people once for all of them: they stand at every message."""
        looks = False
        for ref in some:
            looks = await self._fetch(session, ref) or looks
            await asyncio.sleep(PAUSE)
        if looks:
            await self._database.in_database(tell_of_looks, self._account_id)

    async def _wanted(self) -> list[str]:
        if len(self._later) >= MOST_LATER:
            return []  # it is not theirs that cannot be reached, it is the way there
        return await self._database.from_database(wanted_pictures, self._account_id, frozenset(self._later))

    async def _fetch(self, session: Session, ref: str) -> bool:
        """Whether people look different by it.

        What is refused or is no picture is not asked for again. A picture is never worth a line.
        """
        try:
            made = await pictures.small(await session.picture(ref))
        except Unreachable:
            self._later.add(ref)
            return False
        except SignedOut:
            raise
        except Refused:
            made = None
        except Exception:
            log.exception("a picture could not be made", account=self._account_id)
            made = None
        return await self._database.in_database(store_picture, self._account_id, self._epoch, ref, made or b"")
