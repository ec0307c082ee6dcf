"""The front door of the sessions: what pages may ask for.

Every method may be called from any thread but the protocols' own and waits for its answer; each looks up first whether
what is asked for is the user's.
"""

import asyncio
from collections.abc import Coroutine
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Any, TypeVar

import structlog
from sqlmodel import Session as Db

from webapp.database import Database
from webapp.languages import N_, Sentence
from webapp.messaging import accounts, conversations, history
from webapp.messaging.access import account_of, conversation_of
from webapp.models import Account, AccountState, User
from webapp.networks import actions, network, networks
from webapp.networks.contract import MemberPage, More, Resident
from webapp.networks.errors import Refused, Trouble, Unreachable
from webapp.networks.events import ConversationKind, ConversationState
from webapp.networks.login import Finished, SignedIn, Step
from webapp.sessions.logins import Logins, RunningLogin
from webapp.sessions.runner import OpenSession, Runner
from webapp.sessions.surroundings import SurroundingsMaker
from webapp.settings import Settings
from webapp.vault import Vault

log = structlog.get_logger()
T = TypeVar("T")

ANSWER_SECONDS = 30.0
SIGN_OUT_SECONDS = 5.0
PAGE = 100
"""Messages that are asked for at once when a person scrolls back."""
OFFLINE = Sentence(N_("This account is not connected right now. Nothing was changed; try again when it is online."))
SLOW = Sentence(N_("The network did not answer in time. Look again in a moment; nothing you typed is lost."))


@dataclass(frozen=True)
class LoggedIn:
    """A sign-in that is complete: the account is there and is being connected."""

    account_id: int


class FrontDoor:
    """What pages may ask of the sessions."""

    def __init__(self, settings: Settings, database: Database, vault: Vault) -> None:
        self._database = database
        self._vault = vault
        self._loop: asyncio.AbstractEventLoop | None = None
        self._runners: dict[int, Runner] = {}
        self._logins = Logins()
        self.surroundings = SurroundingsMaker(settings, database, vault)

    def enrol(self, user_id: int, language: str = "") -> None:
        """Make a new user's accounts on every network that needs no sign-in; those that are there stay.

        ``language`` is the one they read right now, for those who have not chosen one.
        """
        user = self._database.read(lambda db: db.get_one(User, user_id))
        resident = Resident(str(user.id), user.name, user.language or language or "en")
        for kind in networks().values():
            if kind.built_in:
                signed_in = kind.enrol(resident, self.surroundings.shared(kind.key))
                self._database.write(accounts.add_built_in, self._vault, user_id, kind.key, signed_in)

    def switches_changed(self, network_key: str) -> None:
        """The administrator changed a switch of a network: make it true."""
        networks()[network_key].configure(self.surroundings.shared(network_key))

    def states(self) -> dict[AccountState, int]:
        """How many accounts are in which state, for the metrics."""
        return self._database.read(accounts.count_states)

    def start_login(self, user_id: int, network_key: str, account_id: int | None = None) -> tuple[str, Step]:
        """Begin a sign-in; returns its id and first step. Raises NotYours, Unreachable or Refused."""
        return self._wait_for(self._start_login(user_id, network_key, account_id))

    def start_task(self, user_id: int, account_id: int, task: str, begun_at: str = "") -> tuple[str, Step]:
        """Begin a task of an account, on some page; the dialogue's id and first step. Raises NotYours, Trouble."""
        account = self._database.read(account_of, user_id, account_id)
        return self._wait_for(self._start_task(user_id, account, task, begun_at))

    def sign_out(self, user_id: int, account_id: int) -> None:
        """Have the network forget an account that is being removed, if there is a line. Raises NotYours."""
        self._database.read(account_of, user_id, account_id)
        try:
            self._wait_for(self._sign_out(account_id))
        except Trouble:
            log.info("the network was not told that an account is removed", account=account_id)

    def dialogue(self, user_id: int, login_id: str) -> RunningLogin:
        """A dialogue that is under way. Raises LoginGone."""
        return self._logins.get(user_id, login_id)

    def current_step(self, user_id: int, login_id: str) -> Step:
        """The step at which a dialogue stands. Raises LoginGone."""
        return self.dialogue(user_id, login_id).step

    def submit_login(self, user_id: int, login_id: str, answers: dict[str, str]) -> Step | LoggedIn:
        """Answer a step. Raises LoginGone, WrongInput, Unreachable, Refused; NotPossible if the account is there."""
        return self._wait_for(self._submit_login(user_id, login_id, answers))

    def ask(self, user_id: int, account_id: int, action: actions.Action) -> int | None:
        """Have an action carried out now; returns our id of the conversation that it made, joined, declined or left.

        None where there is none, as of a space. Raises NotYours; Unreachable, SignedOut or Refused with the reason.
        """
        self._database.read(account_of, user_id, account_id)
        done = self._wait_for(self._perform(account_id, action))
        return self._note_answer(account_id, action, done)

    def older(self, user_id: int, conversation_id: int, gap_id: int | None = None) -> bool:
        """Fetch a page of older messages into the rows. False when there are none. Raises NotYours, Trouble."""
        place = self._database.read(history.place_before, user_id, conversation_id, gap_id)
        return place.more and self._wait_for(self._older(conversation_id, place))

    def members(self, user_id: int, conversation_id: int, after: str | None, limit: int) -> MemberPage | None:
        """A page of a group's members, as its network has them; None where the rows have. Raises NotYours, Trouble."""
        conversation = self._database.read(conversation_of, user_id, conversation_id)
        return self._wait_for(self._members(conversation.account_id, conversation.remote_id, after, limit))

    def typing(self, user_id: int, conversation_id: int, typing: bool) -> None:
        """Tell the others that the person types; dropped when there is no line. Raises NotYours."""
        conversation = self._database.read(conversation_of, user_id, conversation_id)
        if self._loop is not None:
            action = actions.SetTyping(conversation.remote_id, typing)
            asyncio.run_coroutine_threadsafe(self._whisper(conversation.account_id, action), self._loop)

    def _wait_for(self, question: Coroutine[Any, Any, T]) -> T:
        """The answer of the protocols' loop, in this thread."""
        if self._loop is None:
            question.close()
            raise Unreachable(OFFLINE)
        answer: Future[T] = asyncio.run_coroutine_threadsafe(question, self._loop)
        try:
            return answer.result(ANSWER_SECONDS)
        except TimeoutError:
            answer.cancel()
            raise Unreachable(SLOW) from None

    def _open(self, account_id: int) -> OpenSession:
        runner = self._runners.get(account_id)
        if runner is None or runner.open is None:
            raise Unreachable(OFFLINE)
        return runner.open

    async def _perform(self, account_id: int, action: actions.Action) -> actions.Done:
        return await self._open(account_id).session.perform(action)

    async def _whisper(self, account_id: int, action: actions.SetTyping) -> None:
        try:
            await self._perform(account_id, action)
        except Trouble:
            log.debug("typing was not told", account=account_id)

    async def _members(self, account_id: int, remote_id: str, after: str | None, limit: int) -> MemberPage | None:
        return await self._open(account_id).session.members(remote_id, after, limit)

    async def _older(self, conversation_id: int, place: history.Place) -> bool:
        line = self._open(place.account_id)
        page = await line.session.older(place.conversation, place.anchor, PAGE)
        stored = await self._database.in_database(
            history.store_history, place.account_id, line.epoch, conversation_id, place.gap_id, page
        )
        return stored or page.more == More.YES

    def _note_answer(self, account_id: int, action: actions.Action, done: actions.Done) -> int | None:
        if isinstance(action, actions.ForgetGroup):
            self._database.write(conversations.forget, account_id, action.conversation)
        if done.space:
            self._database.write(conversations.lose_called, account_id, done.conversation or action.conversation)
        if type(action) not in _ANSWERS or done.space:
            return None
        kind, state = _ANSWERS[type(action)]
        remote_id = done.conversation or action.conversation
        now = done.state or state
        return self._database.write(conversations.answer, account_id, remote_id, done.kind or kind, now)

    async def _start_login(self, user_id: int, network_key: str, account_id: int | None) -> tuple[str, Step]:
        kind = network(network_key)
        if kind is None or kind.built_in:
            raise Refused(Sentence(N_("There is no such network here.")))
        known = None
        surroundings = self.surroundings.shared(network_key)
        if account_id is not None:
            account = await self._database.from_database(account_of, user_id, account_id)
            known = await self._database.from_database(accounts.credentials_of, self._vault, account)
            surroundings = self.surroundings.of_account(network_key, account_id)
        login = kind.login(surroundings, known)
        running = RunningLogin(user_id, network_key, account_id, login, await login.start())
        await self._logins.add(running)
        return running.id, running.step

    async def _start_task(self, user_id: int, account: Account, task: str, begun_at: str) -> tuple[str, Step]:
        dialogue = await self._open(account.id).session.begin(task)
        running = RunningLogin(user_id, account.network, account.id, dialogue, await dialogue.start(), task, begun_at)
        await self._logins.add(running)
        return running.id, running.step

    async def _sign_out(self, account_id: int) -> None:
        session = self._open(account_id).session
        try:
            async with asyncio.timeout(SIGN_OUT_SECONDS):
                await session.sign_out()
        except Trouble:
            raise
        except Exception:  # a fault of a connector must not keep anybody's account here
            log.exception("an account was not signed out at its network", account=account_id)

    async def _submit_login(self, user_id: int, login_id: str, answers: dict[str, str]) -> Step | LoggedIn:
        running = self._logins.get(user_id, login_id)
        if isinstance(running.step, Finished):
            return running.step
        step = await running.login.submit(answers)
        if not isinstance(step, SignedIn):
            running.step = step
            if isinstance(step, Finished):
                await running.login.close()
            return step
        account_id = await self._database.in_database(self._finish_login, running, step)
        await self._logins.forget(running)
        return LoggedIn(account_id)

    def _finish_login(self, db: Db, running: RunningLogin, signed_in: SignedIn) -> int:
        if running.account_id is None:
            return accounts.add_account(db, self._vault, running.user_id, running.network_key, signed_in).id
        return accounts.sign_in_again(db, self._vault, running.user_id, running.account_id, signed_in).id


_ANSWERS: dict[type[actions.Action], tuple[ConversationKind | None, ConversationState]] = {
    actions.StartDirect: (ConversationKind.DIRECT, ConversationState.JOINED),
    actions.CreateGroup: (ConversationKind.GROUP, ConversationState.JOINED),
    actions.JoinGroup: (ConversationKind.GROUP, ConversationState.JOINED),
    actions.AcceptInvitation: (None, ConversationState.JOINED),
    actions.DeclineInvitation: (None, ConversationState.DECLINED),
    actions.LeaveGroup: (ConversationKind.GROUP, ConversationState.LEFT),
}
"""What an action that was carried out makes of its conversation; None leaves the kind as it is."""
