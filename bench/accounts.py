"""Fifty XMPP accounts connect and catch up at once: how long the loop that serves pages is held up, and the memory.

The sessions run where they always run, on the keeper's loop in its own thread; a second loop beside it does what the
pages' loop does and notes how late it gets its turn.
"""

import tempfile
import time
from pathlib import Path

from bench.coming_back import come_back, resident_mb, until_online
from bench.figures import Figure, percentile
from tests.far_side import Background
from tests.prosody import Prosody
from tests.rows import Rows
from webapp.garbage import set_program_aside
from webapp.messaging.accounts import pause
from webapp.sessions.keeper import Keeper, LoggedIn
from webapp.settings import Settings

ACCOUNTS = 50
MISSED = 40
"""Messages that each account finds when it comes back."""


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
    until_online(rows, 1)
    before = resident_mb()
    accounts = [(user, _add(keeper, user, address, prosody)) for user, address in people[1:]]
    until_online(rows, ACCOUNTS)
    time.sleep(2)
    each = (resident_mb() - before) / len(accounts)
    for user, account in accounts:
        rows.database.write(pause, user, account)
    _say_what_they_miss([address for _, address in people[1:]], prosody, background)
    late, seconds = come_back(rows, accounts, MISSED * len(accounts))
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


def _say_what_they_miss(addresses: list[str], prosody: Prosody, background: Background) -> None:
    far = background.sign_in(prosody.add_user("writer", "pw"), "pw", prosody.port, prosody.ca_file)
    for n in range(MISSED):
        for address in addresses:
            background.do(far.say, address, f"missed {n}")
    time.sleep(3)
    background.call(far.sign_out())
