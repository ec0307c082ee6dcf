"""The keeper: one task an account, all on the protocols' loop, in a thread of its own.

``FrontDoor`` is the part that pages know.
"""

import asyncio
import shutil
import threading
from collections.abc import Sequence

import structlog
from sqlmodel import Session

from webapp.changes import AccountWanted, Announcement, TypingChanged
from webapp.database import Database
from webapp.hub import KEEPER, Hub
from webapp.messaging import accounts
from webapp.messaging.typing import forget_stale
from webapp.models import Account, Conversation
from webapp.networks import networks
from webapp.sessions.front_door import FrontDoor, LoggedIn
from webapp.sessions.logins import LoginGone, RunningLogin
from webapp.sessions.runner import Runner
from webapp.settings import Settings
from webapp.vault import Vault

__all__ = ["Keeper", "LoggedIn", "LoginGone", "RunningLogin"]

log = structlog.get_logger()

TYPING_SWEEP_SECONDS = 5.0
SHELL_SECONDS = 3.0
"""How often to look for what was done at the shell, by another process."""
STOP_SECONDS = 8.0
AT_ONCE = 8
"""How many accounts sign in to their networks at the same time."""


class Keeper(FrontDoor):
    """Keeps accounts connected."""

    def __init__(self, settings: Settings, database: Database, hub: Hub, vault: Vault) -> None:
        super().__init__(settings, database, vault)
        self._hub = hub
        self._thread: threading.Thread | None = None
        self._tasks: dict[int, asyncio.Task[None]] = {}

    def start(self) -> None:
        """Start the thread and connect every account that shall be connected."""
        ready = threading.Event()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._main(ready)), name="keeper", daemon=True)
        self._thread.start()
        ready.wait()

    def stop(self) -> None:
        """Close every session politely and end the thread; takes a few seconds at most."""
        if self._loop is not None and self._thread is not None:
            self._loop.call_soon_threadsafe(self._stopping.set)
            self._thread.join(STOP_SECONDS)
            self._loop = None

    async def _main(self, ready: threading.Event) -> None:
        self._loop = asyncio.get_running_loop()
        self._wanted: asyncio.Queue[int] = asyncio.Queue()
        self._stopping = asyncio.Event()
        self._gate = asyncio.Semaphore(AT_ONCE)
        stop_listening = self._hub.listen(KEEPER, self._hear)
        for kind in networks().values():
            await asyncio.to_thread(kind.configure, self.surroundings.shared(kind.key))
        for account_id in await self._database.from_database(accounts.accounts_to_keep):
            self._begin(account_id)
        duties = (self._serve_wanted(), self._sweep_typing(), self._welcome_newcomers(), self._see_off())
        chores = [asyncio.create_task(duty) for duty in duties]
        ready.set()
        await self._stopping.wait()
        stop_listening()
        for task in chores:
            task.cancel()
        await asyncio.gather(*(self._end(account_id) for account_id in list(self._tasks)))

    def _hear(self, changes: Sequence[Announcement]) -> None:
        for change in changes:
            if isinstance(change, AccountWanted) and self._loop is not None:
                self._loop.call_soon_threadsafe(self._wanted.put_nowait, change.account_id)

    async def _serve_wanted(self) -> None:
        """An account was made, resumed, paused, signed in again or removed: end what runs, begin what shall run."""
        while True:
            account_id = await self._wanted.get()
            await self._end(account_id)
            if account_id in await self._database.from_database(accounts.accounts_to_keep):
                self._begin(account_id)
            elif await self._database.from_database(_is_gone, account_id):
                await asyncio.to_thread(self._forget_folders, account_id)

    def _begin(self, account_id: int) -> None:
        runner = Runner(self._database, self._hub, self._vault, account_id, self.surroundings, self._gate)
        task = asyncio.create_task(runner.run(), name=f"account-{account_id}")
        task.add_done_callback(_tell_fault)
        self._runners[account_id] = runner
        self._tasks[account_id] = task

    async def _end(self, account_id: int) -> None:
        self._runners.pop(account_id, None)
        task = self._tasks.pop(account_id, None)
        if task is not None:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

    async def _sweep_typing(self) -> None:
        """Somebody whose line broke while typing does not type for ever."""
        while True:
            await asyncio.sleep(TYPING_SWEEP_SECONDS)
            for conversation_id in forget_stale():
                user_id = await self._database.from_database(_owner_of, conversation_id)
                if user_id is not None:
                    self._hub.announce([TypingChanged(user_id, conversation_id)])

    async def _welcome_newcomers(self) -> None:
        """Whoever was added from the shell lives here too, within seconds."""
        while True:
            for kind in networks().values():
                if kind.built_in:
                    for user_id in await self._database.from_database(accounts.users_without, kind.key):
                        await asyncio.to_thread(self.enrol, user_id)
            await asyncio.sleep(SHELL_SECONDS)

    async def _see_off(self) -> None:
        """Whoever was disabled from the shell is disconnected, within seconds too."""
        while True:
            await asyncio.sleep(SHELL_SECONDS)
            running = [account_id for account_id, task in self._tasks.items() if not task.done()]
            kept = set(await self._database.from_database(accounts.accounts_to_keep))
            for account_id in running:
                if account_id not in kept:
                    self._wanted.put_nowait(account_id)

    def _forget_folders(self, account_id: int) -> None:
        """What a session kept on the disk goes with its account."""
        for key in networks():
            shutil.rmtree(self.surroundings.of_account(key, account_id).folder, ignore_errors=True)


def _is_gone(db: Session, account_id: int) -> bool:
    return db.get(Account, account_id) is None


def _owner_of(db: Session, conversation_id: int) -> int | None:
    conversation = db.get(Conversation, conversation_id)
    return conversation.user_id if conversation else None


def _tell_fault(task: asyncio.Task[None]) -> None:
    if not task.cancelled() and task.exception() is not None:
        log.error("an account's task ended by a fault", exc_info=task.exception())
