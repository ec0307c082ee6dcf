"""Pictures are fetched when nobody waits for them, and no dead server keeps the others' out."""

import asyncio

import pytest

from tests.rows import Rows, said
from webapp.languages import Sentence
from webapp.messaging.pictures import MOST_WANTED, wanted_pictures
from webapp.networks.errors import Refused, Unreachable
from webapp.networks.events import ConversationChanged, ConversationKind
from webapp.sessions import likenesses
from webapp.sessions.likenesses import Likenesses

DEAD = "dead"


class Session:
    """Whose pictures of a dead server cannot be reached; the others are none."""

    def __init__(self, enough: int) -> None:
        self.asked: list[str] = []
        self._enough, self.were_enough = enough, asyncio.Event()

    async def picture(self, ref: str) -> bytes:
        self.asked.append(ref)
        if len(self.asked) >= self._enough:
            self.were_enough.set()
        if ref.startswith(DEAD):
            raise Unreachable(Sentence("It does not answer."))
        raise Refused(Sentence("There is no such picture."))


@pytest.fixture
def account(rows: Rows) -> int:
    return rows.account(rows.person("Alice"))


@pytest.fixture(autouse=True)
def _no_pause(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(likenesses, "PAUSE", 0.0)


def known(rows: Rows, account: int, name: str, minute: int) -> None:
    """A conversation that looks like something."""
    looks = ConversationChanged(name, ConversationKind.DIRECT, picture=f"{name}'s")
    rows.arrive(account, said("Hello", f"of {name}", conversation=name, minute=minute), looks)


def asked_for(rows: Rows, account: int, enough: int) -> list[str]:
    """What is asked for until it is so many and no more come."""

    async def work() -> list[str]:
        session, fetching = Session(enough), Likenesses(rows.database, rows.hub, account, rows.epoch(account))
        running = asyncio.create_task(fetching.run(session))  # type: ignore[arg-type]  # as much of one as is asked for
        try:
            await asyncio.wait_for(session.were_enough.wait(), 20)
            await asyncio.sleep(0.1)
        finally:
            running.cancel()
            await asyncio.gather(running, return_exceptions=True)
        return session.asked

    return asyncio.run(work())


def test_pictures_of_a_dead_server_keep_no_others_out(rows: Rows, account: int) -> None:
    known(rows, account, "bob", 0)
    for number in range(MOST_WANTED + 5):
        known(rows, account, f"{DEAD} {number}", number + 1)
    asked = asked_for(rows, account, MOST_WANTED + 6)
    assert len(asked) == len(set(asked)) == MOST_WANTED + 6
    assert asked[-1] == "bob's"
    assert len(rows.database.read(wanted_pictures, account)) == MOST_WANTED, "the next session tries again"


def test_where_nothing_can_be_reached_nothing_more_is_asked_for(
    rows: Rows, account: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(likenesses, "MOST_LATER", 10)
    for number in range(MOST_WANTED + 5):
        known(rows, account, f"{DEAD} {number}", number + 1)
    assert len(asked_for(rows, account, MOST_WANTED)) == MOST_WANTED
