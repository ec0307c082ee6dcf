"""The first time with a Matrix account in 2,000 rooms with 200,000 messages: when the inbox can be used, and the rest.

The homeserver is a program of its own that has its answer ready, so this is what the house adds to the time that a
homeserver takes. A second loop does what the pages' loop does and notes how late it gets its turn.
"""

import subprocess
import sys
import tempfile
import time
from pathlib import Path

from sqlmodel import Session, func, select

from bench.coming_back import Turns, resident_mb
from bench.figures import Figure, percentile
from bench.large_homeserver import ME, ROOMS, SHOWN
from tests.rows import Rows
from webapp.garbage import set_program_aside
from webapp.models import Conversation, Message
from webapp.sessions.keeper import Keeper, LoggedIn
from webapp.settings import Settings

SCREEN = 40
"""Conversations that fill the list on a large screen."""
PATIENCE = 300.0


def measure() -> list[Figure]:
    """Seconds until the inbox can be used and until all is there, memory, and the longest stall."""
    with (
        tempfile.TemporaryDirectory(prefix="hausbote-bench-") as name,
        subprocess.Popen(
            [sys.executable, "-m", "bench.large_homeserver"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        ) as homeserver,
    ):
        assert homeserver.stdout is not None
        url, octets = homeserver.stdout.readline().split()
        figures = _measure(Path(name), url, int(octets))
        assert homeserver.stdin is not None
        homeserver.stdin.close()
        return figures


def _measure(folder: Path, url: str, octets: int) -> list[Figure]:
    rows = Rows(folder)
    set_program_aside()
    settings = Settings(_env_file=None, data_dir=folder, private_servers=("127.0.0.1",))
    keeper = Keeper(settings, rows.database, rows.hub, rows.vault)
    keeper.start()
    user = rows.person("Person")
    before = resident_mb()
    with Turns() as turns:
        start = time.perf_counter()
        login, _ = keeper.start_login(user, "matrix")
        done = keeper.submit_login(user, login, {"homeserver": url, "user": ME, "password": "pw"})
        assert isinstance(done, LoggedIn)
        usable = _until(rows, start, SCREEN, SCREEN)
        whole = _until(rows, start, ROOMS, ROOMS * SHOWN)
    time.sleep(2)
    memory = resident_mb() - before
    keeper.stop()
    rows.database.close()
    return [
        Figure("2,000 rooms: until the inbox can be used", usable, "s", 5),
        Figure(f"2,000 rooms: until all of {octets / 1e6:.0f} MB is there", whole, "s"),
        Figure("2,000 rooms: memory for them", memory, "MB"),
        Figure("2,000 rooms: longest hold-up of the pages' loop", max(turns.late), "ms", 50),
        Figure("2,000 rooms: hold-up, p99", percentile(turns.late, 0.99), "ms"),
    ]


def _until(rows: Rows, start: float, conversations: int, messages: int) -> float:
    ends = time.monotonic() + PATIENCE
    while (found := rows.database.read(_counts))[0] < conversations or found[1] < messages:
        assert time.monotonic() < ends, f"only {found} were there in time"
        time.sleep(0.05)
    return time.perf_counter() - start


def _counts(db: Session) -> tuple[int, int]:
    conversations = db.exec(select(func.count()).select_from(Conversation)).one()
    return conversations, db.exec(select(func.count()).select_from(Message)).one()
