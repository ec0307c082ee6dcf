"""What an account's network says, taken in one batch after the other."""

import structlog

from webapp.database import Database
from webapp.messaging.accounts import seal_checkpoint
from webapp.messaging.errors import LeaseLost
from webapp.messaging.receive import receive
from webapp.models import User
from webapp.networks.contract import Session
from webapp.networks.events import Batch
from webapp.vault import Vault

log = structlog.get_logger()


class Inflow:
    """The way in of one account."""

    def __init__(self, database: Database, vault: Vault, user: User, account_id: int, epoch: int) -> None:
        self._database = database
        self._vault = vault
        self._user = user
        self._account_id = account_id
        self._epoch = epoch

    async def run(self, session: Session) -> None:
        """Store what the session yields until it raises Unreachable or SignedOut. Raises LeaseLost."""
        async for batch in session.batches():
            await self.store(batch)

    async def store(self, batch: Batch) -> None:
        """Store a batch; if one of its events cannot be stored, all the others are, and the session goes on."""
        try:
            await self._receive(batch)
        except LeaseLost:
            raise
        except Exception:
            log.exception("batch could not be stored whole", account=self._account_id, events=len(batch.events))
            await self._store_one_by_one(batch)

    async def _store_one_by_one(self, batch: Batch) -> None:
        for event in batch.events:
            try:
                await self._receive(Batch((event,), batch.origin))
            except LeaseLost:
                raise
            except Exception:  # the poison event itself: told, left out, never in the way of the next one
                log.exception("event left out", account=self._account_id, kind=type(event).__name__)
        await self._receive(Batch((), batch.origin, batch.checkpoint))

    async def _receive(self, batch: Batch) -> None:
        sealed = None
        if batch.checkpoint is not None:
            sealed = seal_checkpoint(self._vault, self._user, self._account_id, batch.checkpoint)
        await self._database.in_database(receive, self._account_id, self._epoch, batch, sealed)
