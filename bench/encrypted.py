"""Eighteen encrypted Matrix accounts come back at once: how long the loop that serves pages is held up by their keys.

Eighteen, because so many were once seen to hold up one loop for 2.2 s. Whoever writes to them while they are away is
the library below Element; each finds one letter with a room key, and as many messages as the fifty XMPP accounts.
"""

import tempfile
import time
from pathlib import Path
from urllib.parse import quote

from sqlmodel import Session, col, func, select

from bench.coming_back import come_back, resident_mb, until_online
from bench.figures import Figure, percentile
from tests.element import Device, Element
from tests.rows import Rows
from tests.synapse import Synapse
from webapp.garbage import set_program_aside
from webapp.messaging.accounts import pause
from webapp.models import Message
from webapp.sessions.keeper import Keeper, LoggedIn
from webapp.settings import Settings

ACCOUNTS = 18
MISSED = 40


def measure() -> list[Figure]:
    """The longest stall while all come back, the seconds that takes, and memory for each idle account."""
    with tempfile.TemporaryDirectory(prefix="hausbote-bench-") as name, Synapse() as synapse, Element() as element:
        return _measure(Path(name), synapse, element)


def _measure(folder: Path, synapse: Synapse, element: Element) -> list[Figure]:
    rows = Rows(folder)
    set_program_aside()
    settings = Settings(_env_file=None, data_dir=folder, private_servers=("127.0.0.1",))
    keeper = Keeper(settings, rows.database, rows.hub, rows.vault)
    keeper.start()
    people = [(rows.person(f"Person {n}"), synapse.add_user(f"person{n}", "pw")) for n in range(ACCOUNTS + 1)]
    writer = element.device("writer").sign_in(synapse.url, synapse.add_user("writer", "pw"), "pw")
    room = writer.do("createRoom", name="Garden", invite=[address for _, address in people])
    for _, address in people:
        _join(synapse, address, room)
    _add(keeper, *people[0], synapse)  # what is loaded once is not any account's
    until_online(rows, 1)
    time.sleep(3)  # some of it only when the keys are looked after for the first time
    before = resident_mb()
    accounts = [(user, _add(keeper, user, address, synapse)) for user, address in people[1:]]
    until_online(rows, len(people))
    time.sleep(2)
    each = (resident_mb() - before) / len(accounts)
    for user, account in accounts:
        rows.database.write(pause, user, account)
    _say_what_they_miss(writer, room, len(people))
    late, seconds = come_back(rows, accounts, MISSED * len(accounts))
    assert rows.database.read(_readable) >= MISSED * len(accounts), "what was missed came, and cannot be read"
    keeper.stop()
    rows.database.close()
    return [
        Figure("18 encrypted accounts come back: longest hold-up of the pages' loop", max(late), "ms", 50),
        Figure("18 encrypted accounts come back: hold-up, p99", percentile(late, 0.99), "ms"),
        Figure("18 encrypted accounts come back: until all is stored", seconds, "s"),
        Figure("memory of an idle encrypted account", each, "MB", 1.4),
    ]


def _readable(db: Session) -> int:
    return db.exec(
        select(func.count())
        .select_from(Message)
        .where(col(Message.sealed).is_(False), col(Message.body).startswith("missed"))
    ).one()


def _join(synapse: Synapse, address: str, room: str) -> None:
    device = synapse.sign_in(address, "pw")
    synapse.ask("POST", f"/_matrix/client/v3/join/{quote(room)}", {}, device["access_token"])
    synapse.revoke(address, device["device_id"])


def _add(keeper: Keeper, user_id: int, address: str, synapse: Synapse) -> int:
    login, _ = keeper.start_login(user_id, "matrix")
    done = keeper.submit_login(user_id, login, {"homeserver": synapse.url, "user": address, "password": "pw"})
    assert isinstance(done, LoggedIn)
    return done.account_id


def _say_what_they_miss(writer: Device, room: str, members: int) -> None:
    writer.until(lambda: len(writer.do("members", room=room)) > members)
    for n in range(MISSED):
        writer.do("say", room=room, body=f"missed {n}")
