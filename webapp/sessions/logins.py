"""Dialogues that are under way: sign-ins to networks, and tasks of accounts. Each belongs to one user and is forgotten
after a quarter of an hour."""

import secrets
import time
from dataclasses import dataclass, field

from webapp.networks.login import Dialogue, Step

LASTS_SECONDS = 15 * 60
MOST_PER_USER = 10


class LoginGone(LookupError):
    """There is no such dialogue (any more); the person starts again."""


@dataclass
class RunningLogin:
    """One dialogue. ``account_id`` is the account that it is about, None for one that is being added; ``task`` is
    empty for a sign-in, ``begun_at`` the page on which a task was begun, if that is not the account's."""

    user_id: int
    network_key: str
    account_id: int | None
    login: Dialogue
    step: Step
    task: str = ""
    begun_at: str = ""
    id: str = field(default_factory=lambda: secrets.token_urlsafe(16))
    ends_at: float = field(default_factory=lambda: time.monotonic() + LASTS_SECONDS)


class Logins:
    """The sign-ins under way, on the protocols' loop."""

    def __init__(self) -> None:
        self._running: dict[str, RunningLogin] = {}

    async def add(self, running: RunningLogin) -> None:
        """Remember a sign-in; the oldest of a user who has too many is given up."""
        await self.forget_stale()
        own = [login for login in self._running.values() if login.user_id == running.user_id]
        if len(own) >= MOST_PER_USER:
            await self.forget(min(own, key=lambda login: login.ends_at))
        self._running[running.id] = running

    def get(self, user_id: int, login_id: str) -> RunningLogin:
        """The user's sign-in with this id. Raises LoginGone."""
        running = self._running.get(login_id)
        if running is None or running.user_id != user_id or running.ends_at < time.monotonic():
            raise LoginGone
        return running

    async def forget(self, running: RunningLogin) -> None:
        """Give up a sign-in, or be done with it."""
        self._running.pop(running.id, None)
        await running.login.close()

    async def forget_stale(self) -> None:
        """Give up what nobody has come back to."""
        for running in list(self._running.values()):
            if running.ends_at < time.monotonic():
                await self.forget(running)
