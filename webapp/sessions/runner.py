"""One account, kept connected: connect, run, and when the line breaks wait and connect again.

The only place that turns trouble into an account state.
"""

import asyncio
from dataclasses import dataclass

import structlog
from sqlmodel import Session as Db

from webapp.database import Database
from webapp.hub import Hub
from webapp.languages import N_, Sentence
from webapp.messaging import settle
from webapp.messaging.accounts import checkpoint_of, credentials_of, report_state, set_state
from webapp.messaging.errors import LeaseLost
from webapp.messaging.leases import take_lease
from webapp.models import Account, AccountState, User
from webapp.models.columns import now
from webapp.networks import network
from webapp.networks.contract import Credentials, Network, Session
from webapp.networks.errors import Refused, SignedOut, Unreachable
from webapp.sessions.backoff import Backoff
from webapp.sessions.inflow import Inflow
from webapp.sessions.likenesses import Likenesses
from webapp.sessions.outflow import Outflow
from webapp.sessions.surroundings import SurroundingsMaker
from webapp.vault import Vault

log = structlog.get_logger()

CLOSE_SECONDS = 2.0
FAULT = Sentence(N_("Something in this program went wrong. Nothing is lost; it connects again by itself."))


@dataclass(frozen=True)
class OpenSession:
    """A line that is up, and the lease's epoch that every write of what it says must name."""

    session: Session
    epoch: int


class Runner:
    """Looks after one account until it is stopped, signed out, or another process took over."""

    def __init__(
        self,
        database: Database,
        hub: Hub,
        vault: Vault,
        account_id: int,
        surroundings: SurroundingsMaker,
        gate: asyncio.Semaphore,
    ) -> None:
        self._database = database
        self._hub = hub
        self._vault = vault
        self._surroundings = surroundings
        self._gate = gate
        self._backoff = Backoff()
        self._epoch = 0
        self.account_id = account_id
        self.open: OpenSession | None = None
        """The open session; None while there is no line."""

    async def run(self) -> None:
        """Keep the account connected. Ends by itself when only the person can help."""
        try:
            self._epoch = await self._database.in_database(self._take_over)
            while True:
                wait = await self._connect_once()
                await asyncio.sleep(wait)
        except SignedOut as trouble:
            await self._report(AccountState.SIGNED_OUT, trouble.reason)
        except LeaseLost:
            log.warning("another keeper has taken over", account=self.account_id)

    def _take_over(self, db: Db) -> int:
        if db.get(Account, self.account_id) is None:
            raise LeaseLost(self.account_id)
        settle.wait_again(db, self.account_id)
        set_state(db, self.account_id, AccountState.CONNECTING)  # whatever it was before: there is no line yet
        return take_lease(db, self.account_id)

    async def _connect_once(self) -> float:
        """One connection, from sign-in to its end. Returns the seconds to wait; raises SignedOut or LeaseLost."""
        try:
            await self._live_through()
        except (Unreachable, Refused) as trouble:
            reason, asked_for = trouble.reason, getattr(trouble, "retry_after", None)
        except (SignedOut, LeaseLost):
            raise
        except Exception:
            log.exception("session ended by a fault of ours", account=self.account_id)
            reason, asked_for = FAULT, None
        else:
            reason, asked_for = Sentence(N_("The network closed the line.")), None
        wait = self._backoff.next(asked_for)
        await self._report(AccountState.RETRYING, reason, now() + round(wait * 1_000_000))
        return wait

    async def _live_through(self) -> None:
        kind, user, credentials, checkpoint = await self._database.from_database(self._load)
        session = kind.session(credentials, self._surroundings.of_account(kind.key, self.account_id))
        try:
            async with self._gate:  # fifty accounts do not all shake hands at once
                await session.open(checkpoint)
            self._backoff.online()
            self.open = OpenSession(session, self._epoch)
            await self._report(AccountState.ONLINE)
            await self._run_both(session, user)
        finally:
            self.open = None
            await self._close(session)

    async def _run_both(self, session: Session, user: User) -> None:
        """The way in and the way out, until one of them ends; its reason is the reason."""
        inflow = Inflow(self._database, self._vault, user, self.account_id, self._epoch)
        outflow = Outflow(self._database, self._hub, self.account_id, self._epoch)
        likenesses = Likenesses(self._database, self._hub, self.account_id, self._epoch)
        tasks = [asyncio.create_task(one.run(session)) for one in (inflow, outflow, likenesses)]
        try:
            done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                task.result()
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def _close(self, session: Session) -> None:
        try:
            async with asyncio.timeout(CLOSE_SECONDS):
                await session.close()
        except Exception:  # the line is gone either way; what matters is stored already
            log.exception("session did not close cleanly", account=self.account_id)

    def _load(self, db: Db) -> tuple[Network, User, Credentials, bytes | None]:
        account = db.get_one(Account, self.account_id)
        kind = network(account.network)
        if kind is None:
            raise SignedOut(Sentence(N_("This version of the program does not know the network any more.")))
        user = db.get_one(User, account.user_id)
        return kind, user, credentials_of(db, self._vault, account), checkpoint_of(db, self._vault, account)

    async def _report(self, state: AccountState, reason: Sentence | None = None, retry_at: int | None = None) -> None:
        await self._database.in_database(report_state, self.account_id, self._epoch, state, reason, retry_at)
