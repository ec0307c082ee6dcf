"""Fifty XMPP accounts connect and catch up at once: how long the loop that serves pages is held up, and the memory.

The sessions run where they always run, on the keeper's loop in its own thread; a second loop beside it does what the
pages' loop does and notes how late it gets its turn.
"""

import asyncio
import resource
import tempfile
import threading
import time
from pathlib import Path

from bench.figures import Figure, percentile
from tests.far_side import Background
from tests.prosody import Prosody
from tests.rows import Rows
from webapp.garbage import set_program_aside
from webapp.messaging.accounts import count_states, pause, resume
from webapp.models import AccountState
from webapp.sessions.keeper import Keeper, LoggedIn
from webapp.settings import Settings

ACCOUNTS = 50
MISSED = 40
"""Messages that each account finds when it comes back."""
TICK = 0.002


class Turns:
    """A loop that wants its turn every two milliseconds, and notes by how many it was late."""

    def __init__(self) -> None:
        self.late: list[float] = []
        self._stopped = False
        self._thread = threading.Thread(target=lambda: asyncio.run(self._tick()), daemon=True)

    def __enter__(self) -> "Turns":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stopped = True
        self._thread.join()

    async def _tick(self) -> None:
        while not self._stopped:
            start = time.perf_counter()
            await asyncio.sleep(TICK)
            self.late.append((time.perf_counter() - start - TICK) * 1000)


def measure() -> list[Figure]:
    """The longest stall while all come back, the seconds that takes, and memory for each idle account."""
    background = Background()
    with tempfile.TemporaryDirectory(prefix="hausbote-bench-") as name, Prosody(Path(name) / "prosody") as prosody:
        try:
            return _measure(Path(name), prosody, background)
        finally:
            background.stop()


def _measure(folder: Path, prosody: Prosody, background: Background) -> list[Figure]:
    rows = Rows(folder)
    set_program_aside()
    settings = Settings(_env_file=None, data_dir=folder, extra_ca_file=prosody.ca_file, private_servers=("127.0.0.1",))
    keeper = Keeper(settings, rows.database, rows.hub, rows.vault)
    keeper.start()
    people = [(rows.person(f"Person {n}"), prosody.add_user(f"person{n}", "pw")) for n in range(ACCOUNTS)]
    _add(keeper, *people[0], prosody)  # what is loaded once is not any account's
    _until_online(rows, 1)
    before = _resident_mb()
    accounts = [_add(keeper, user, address, prosody) for user, address in people[1:]]
    _until_online(rows, ACCOUNTS)
    time.sleep(2)
    each = (_resident_mb() - before) / len(accounts)
    _let_them_miss_something(rows, people, accounts, prosody, background)
    late, seconds = _come_back(rows, people, accounts)
    keeper.stop()
    rows.database.close()
    return [
        Figure("50 accounts come back: longest hold-up of the pages' loop", max(late), "ms", 50),
        Figure("50 accounts come back: hold-up, p99", percentile(late, 0.99), "ms"),
        Figure("50 accounts come back: until all are online", seconds, "s"),
        Figure("memory of an idle account", each, "MB", 1),
    ]


def _add(keeper: Keeper, user_id: int, address: str, prosody: Prosody) -> int:
    login, _ = keeper.start_login(user_id, "xmpp")
    answers = {"address": address, "password": "pw", "server": "127.0.0.1", "port": str(prosody.port)}
    done = keeper.submit_login(user_id, login, answers)
    assert isinstance(done, LoggedIn)
    return done.account_id


def _let_them_miss_something(
    rows: Rows, people: list[tuple[int, str]], accounts: list[int], prosody: Prosody, background: Background
) -> None:
    for (user, _), account in zip(people[1:], accounts, strict=True):
        rows.database.write(pause, user, account)
    far = background.sign_in(prosody.add_user("writer", "pw"), "pw", prosody.port, prosody.ca_file)
    for n in range(MISSED):
        for _, address in people[1:]:
            background.do(far.say, address, f"missed {n}")
    time.sleep(3)
    background.call(far.sign_out())


def _come_back(rows: Rows, people: list[tuple[int, str]], accounts: list[int]) -> tuple[list[float], float]:
    with Turns() as turns:
        start = time.perf_counter()
        for (user, _), account in zip(people[1:], accounts, strict=True):
            rows.database.write(resume, user, account)
        _until_online(rows, ACCOUNTS)
        _until_stored(rows, MISSED * len(accounts))
        seconds = time.perf_counter() - start
    return turns.late, seconds


def _until_online(rows: Rows, count: int) -> None:
    ends = time.monotonic() + 120
    while rows.database.read(count_states).get(AccountState.ONLINE, 0) < count:
        assert time.monotonic() < ends, "not all accounts came online"
        time.sleep(0.1)


def _until_stored(rows: Rows, count: int) -> None:
    from sqlmodel import func, select

    from webapp.models import Message

    ends = time.monotonic() + 120
    while rows.database.read(lambda db: db.exec(select(func.count()).select_from(Message)).one()) < count:
        assert time.monotonic() < ends, "not everything was caught up with"
        time.sleep(0.1)


def _resident_mb() -> float:
    with Path("/proc/self/statm").open() as file:
        return int(file.read().split()[1]) * resource.getpagesize() / 1e6
