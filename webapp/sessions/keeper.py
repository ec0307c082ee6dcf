"""The keeper: one task an account, and the front door by which pages ask the sessions for something.

Everything here runs on the protocols' loop, in a thread of its own. The methods of the front door may be called from
any other thread and wait for their answer; each looks up first whether what is asked for is the user's.
"""

import asyncio
import shutil
import threading
from collections.abc import Coroutine
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Any, TypeVar

import structlog

from webapp.changes import AccountWanted, Announcement, TypingChanged
from webapp.database import Database
from webapp.hub import KEEPER, Hub
from webapp.languages import N_, Sentence
from webapp.messaging import accounts, conversations, history
from webapp.messaging.access import account_of, conversation_of
from webapp.messaging.typing import forget_stale
from webapp.models import Account, AccountState, Conversation, InstanceOption, User
from webapp.networks import network, networks
from webapp.networks.actions import (
    AcceptInvitation,
    Action,
    CreateGroup,
    DeclineInvitation,
    Done,
    JoinGroup,
    LeaveGroup,
    SetTyping,
    StartDirect,
)
from webapp.networks.contract import More, Resident, Surroundings
from webapp.networks.errors import Refused, Trouble, Unreachable
from webapp.networks.events import ConversationKind, ConversationState
from webapp.networks.login import SignedIn, Step
from webapp.sessions.logins import LoginGone, Logins, RunningLogin
from webapp.sessions.runner import Runner
from webapp.settings import Settings
from webapp.vault import Vault

log = structlog.get_logger()
T = TypeVar("T")

ANSWER_SECONDS = 30.0
TYPING_SWEEP_SECONDS = 5.0
AT_ONCE = 8
"""How many accounts sign in to their networks at the same time."""
OFFLINE = Sentence(N_("This account is not connected right now. Nothing was changed; try again when it is online."))
SLOW = Sentence(N_("The network did not answer in time. Look again in a moment; nothing you typed is lost."))


@dataclass(frozen=True)
class LoggedIn:
    """A sign-in that is complete: the account is there and is being connected."""

    account_id: int


class Keeper:
    """Keeps accounts connected."""

    def __init__(self, settings: Settings, database: Database, hub: Hub, vault: Vault) -> None:
        self._settings = settings
        self._database = database
        self._hub = hub
        self._vault = vault
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: threading.Thread | None = None
        self._runners: dict[int, tuple[Runner, asyncio.Task[None]]] = {}
        self._logins = Logins()
        self._wanted: asyncio.Queue[int]
        self._stopping: asyncio.Event

    # -- life ---------------------------------------------------------------------------------------------------

    def start(self) -> None:
        """Start the thread and connect every account that shall be connected."""
        ready = threading.Event()
        self._thread = threading.Thread(target=self._thread_main, args=(ready,), name="keeper", daemon=True)
        self._thread.start()
        ready.wait()

    def stop(self) -> None:
        """Close every session politely and end the thread; takes a few seconds at most."""
        if self._loop is not None and self._thread is not None:
            self._loop.call_soon_threadsafe(self._stopping.set)
            self._thread.join(timeout=8)
            self._loop = None

    def _thread_main(self, ready: threading.Event) -> None:
        asyncio.run(self._main(ready))

    async def _main(self, ready: threading.Event) -> None:
        self._loop = asyncio.get_running_loop()
        self._wanted = asyncio.Queue()
        self._stopping = asyncio.Event()
        self._gate = asyncio.Semaphore(AT_ONCE)
        stop_listening = self._hub.listen(KEEPER, self._hear)
        await self._configure_networks()
        for account_id in await self._database.from_database(accounts.accounts_to_keep):
            self._begin(account_id)
        ready.set()
        chores = [asyncio.create_task(self._serve_wanted()), asyncio.create_task(self._sweep_typing())]
        await self._stopping.wait()
        stop_listening()
        for task in chores:
            task.cancel()
        await asyncio.gather(*(self._end(account_id) for account_id in list(self._runners)))

    def _hear(self, change: Announcement) -> None:
        if isinstance(change, AccountWanted) and self._loop is not None:
            self._loop.call_soon_threadsafe(self._wanted.put_nowait, change.account_id)

    async def _serve_wanted(self) -> None:
        """An account was made, resumed, paused, signed in again or removed: end what runs, begin what shall run."""
        while True:
            account_id = await self._wanted.get()
            await self._end(account_id)
            if account_id in await self._database.from_database(accounts.accounts_to_keep):
                self._begin(account_id)
            elif await self._database.from_database(lambda db: db.get(Account, account_id)) is None:
                await asyncio.to_thread(self._forget_folder, account_id)

    def _begin(self, account_id: int) -> None:
        runner = Runner(self._database, self._hub, self._vault, account_id, self._surroundings, self._gate)
        task = asyncio.create_task(runner.run(), name=f"account-{account_id}")
        task.add_done_callback(_tell_fault)
        self._runners[account_id] = (runner, task)

    async def _end(self, account_id: int) -> None:
        if account_id in self._runners:
            _, task = self._runners.pop(account_id)
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

    async def _sweep_typing(self) -> None:
        """Somebody whose line broke while typing does not type for ever."""
        while True:
            await asyncio.sleep(TYPING_SWEEP_SECONDS)
            for conversation_id in forget_stale():
                conversation = await self._database.from_database(_find_conversation, conversation_id)
                if conversation is not None:
                    self._hub.announce([TypingChanged(conversation.user_id, conversation_id)])

    # -- surroundings -------------------------------------------------------------------------------------------

    def _shared_folder(self, key: str) -> Surroundings:
        folder = self._settings.data_dir / "networks" / key
        kind = networks()[key]
        switches = self._database.read(_switches, key, {s.key: s.default for s in kind.switches})
        return Surroundings(
            shared_folder=folder / "shared",
            folder=folder / "none",
            extra_ca_file=self._settings.extra_ca_file,
            private_servers=self._settings.private_servers,
            switches=switches,
        )

    def _surroundings(self, key: str, account_id: int) -> Surroundings:
        shared = self._shared_folder(key)
        return Surroundings(
            shared_folder=shared.shared_folder,
            folder=self._settings.data_dir / "networks" / key / str(account_id),
            extra_ca_file=shared.extra_ca_file,
            private_servers=shared.private_servers,
            switches=shared.switches,
        )

    def _forget_folder(self, account_id: int) -> None:
        for key in networks():
            shutil.rmtree(self._settings.data_dir / "networks" / key / str(account_id), ignore_errors=True)

    async def _configure_networks(self) -> None:
        for key, kind in networks().items():
            await asyncio.to_thread(lambda kind=kind, key=key: kind.configure(self._shared_folder(key)))

    # -- front door ---------------------------------------------------------------------------------------------

    def enrol(self, user_id: int) -> None:
        """Make a new user's accounts on every network that needs no sign-in."""
        user = self._database.read(lambda db: db.get_one(User, user_id))
        resident = Resident(str(user.id), user.name, user.language or "en")
        for kind in networks().values():
            if kind.built_in:
                signed_in = kind.enrol(resident, self._shared_folder(kind.key))
                self._database.write(accounts.add_account, self._vault, user_id, kind.key, signed_in)

    def switches_changed(self, network_key: str) -> None:
        """The administrator changed a switch of a network: make it true."""
        networks()[network_key].configure(self._shared_folder(network_key))

    def states(self) -> dict[AccountState, int]:
        """How many accounts are in which state, for the metrics."""
        return self._database.read(accounts.count_states)

    def start_login(self, user_id: int, network_key: str, account_id: int | None = None) -> tuple[str, Step]:
        """Begin a sign-in; returns its id and first step. Raises NotYours, Unreachable or Refused."""
        return self._ask(self._start_login(user_id, network_key, account_id))

    def current_step(self, user_id: int, login_id: str) -> Step:
        """The step at which a sign-in stands. Raises LoginGone."""
        return self._logins.get(user_id, login_id).step

    def submit_login(self, user_id: int, login_id: str, answers: dict[str, str]) -> Step | LoggedIn:
        """Answer a step. Raises LoginGone, WrongInput, Unreachable, Refused; NotPossible if the account is there."""
        return self._ask(self._submit_login(user_id, login_id, answers))

    def ask(self, user_id: int, account_id: int, action: Action) -> int | None:
        """Have an action carried out now; returns our id of the conversation that it made, joined or left.

        Raises NotYours; Unreachable, SignedOut or Refused with the reason.
        """
        self._database.read(account_of, user_id, account_id)
        done = self._ask(self._perform(account_id, action))
        return self._note_answer(account_id, action, done)

    def older(self, user_id: int, conversation_id: int, gap_id: int | None = None) -> bool:
        """Fetch a page of older messages into the rows. False when there are none. Raises NotYours, Trouble."""
        place = self._database.read(history.place_before, user_id, conversation_id, gap_id)
        return place.more and self._ask(self._older(conversation_id, place))

    def typing(self, user_id: int, conversation_id: int, typing: bool) -> None:
        """Tell the others that the person types; dropped when there is no line. Raises NotYours."""
        conversation = self._database.read(conversation_of, user_id, conversation_id)
        if self._loop is not None:
            action = SetTyping(conversation.remote_id, typing)
            asyncio.run_coroutine_threadsafe(self._whisper(conversation.account_id, action), self._loop)

    # -- behind the door ----------------------------------------------------------------------------------------

    def _ask(self, question: Coroutine[Any, Any, T]) -> T:
        if self._loop is None:
            question.close()
            raise Unreachable(OFFLINE)
        answer: Future[T] = asyncio.run_coroutine_threadsafe(question, self._loop)
        try:
            return answer.result(ANSWER_SECONDS)
        except TimeoutError:
            answer.cancel()
            raise Unreachable(SLOW) from None

    async def _perform(self, account_id: int, action: Action) -> Done:
        return await self._runner(account_id)[1].perform(action)

    def _runner(self, account_id: int) -> tuple[Runner, Any]:
        runner, _ = self._runners.get(account_id, (None, None))
        if runner is None or runner.session is None:
            raise Unreachable(OFFLINE)
        return runner, runner.session

    async def _whisper(self, account_id: int, action: Action) -> None:
        try:
            await self._perform(account_id, action)
        except Trouble:
            log.debug("typing was not told", account=account_id)

    async def _older(self, conversation_id: int, place: history.Place) -> bool:
        runner, session = self._runner(place.account_id)
        page = await session.older(place.conversation, place.anchor, 100)
        stored = await self._database.in_database(
            history.store_history, place.account_id, runner.epoch, conversation_id, place.gap_id, page
        )
        return stored or page.more == More.YES

    def _note_answer(self, account_id: int, action: Action, done: Done) -> int | None:
        answered = _ANSWERS.get(type(action))
        if answered is None:
            return None
        kind, state = answered
        remote_id = done.conversation or action.conversation
        return self._database.write(conversations.answer, account_id, remote_id, kind, state)

    async def _start_login(self, user_id: int, network_key: str, account_id: int | None) -> tuple[str, Step]:
        kind = network(network_key)
        if kind is None or kind.built_in:
            raise Refused(Sentence(N_("There is no such network here.")))
        known = None
        surroundings = self._shared_folder(network_key)
        if account_id is not None:
            account = await self._database.from_database(account_of, user_id, account_id)
            known = await self._database.from_database(accounts.credentials_of, self._vault, account)
            surroundings = self._surroundings(network_key, account_id)
        login = kind.login(surroundings, known)
        running = RunningLogin(user_id, network_key, account_id, login, await login.start())
        await self._logins.add(running)
        return running.id, running.step

    async def _submit_login(self, user_id: int, login_id: str, answers: dict[str, str]) -> Step | LoggedIn:
        running = self._logins.get(user_id, login_id)
        step = await running.login.submit(answers)
        if not isinstance(step, SignedIn):
            running.step = step
            return step
        account_id = await self._database.in_database(self._finish_login, running, step)
        await self._logins.forget(running)
        return LoggedIn(account_id)

    def _finish_login(self, db: Any, running: RunningLogin, signed_in: SignedIn) -> int:
        if running.account_id is None:
            return accounts.add_account(db, self._vault, running.user_id, running.network_key, signed_in).id
        return accounts.sign_in_again(db, self._vault, running.user_id, running.account_id, signed_in).id


_ANSWERS: dict[type[Action], tuple[ConversationKind | None, ConversationState]] = {
    StartDirect: (ConversationKind.DIRECT, ConversationState.JOINED),
    CreateGroup: (ConversationKind.GROUP, ConversationState.JOINED),
    JoinGroup: (ConversationKind.GROUP, ConversationState.JOINED),
    AcceptInvitation: (None, ConversationState.JOINED),
    DeclineInvitation: (None, ConversationState.LEFT),
    LeaveGroup: (ConversationKind.GROUP, ConversationState.LEFT),
}
"""What an action that was carried out makes of its conversation; None leaves the kind as it is."""


def _switches(db: Any, key: str, defaults: dict[str, bool]) -> dict[str, bool]:
    rows = {name: db.get(InstanceOption, f"network.{key}.{name}") for name in defaults}
    return {name: defaults[name] if row is None else row.value == "yes" for name, row in rows.items()}


def _find_conversation(db: Any, conversation_id: int) -> Conversation | None:
    return db.get(Conversation, conversation_id)  # type: ignore[no-any-return]


def _tell_fault(task: asyncio.Task[None]) -> None:
    if not task.cancelled() and task.exception() is not None:
        log.error("an account's task ended by a fault", exc_info=task.exception())


__all__ = ["Keeper", "LoggedIn", "LoginGone"]
