"""Transactions that wait together are committed together, and what one of them cannot do concerns nobody else."""

import asyncio
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from sqlalchemy import Connection, event
from sqlalchemy.exc import OperationalError
from sqlmodel import Session

from tests.pages.test_inbox import until
from tests.rows import Rows
from webapp.changes import SettingsChanged
from webapp.database import announce
from webapp.models import User

WAITING = 6


@pytest.fixture
def rows(tmp_path: Path) -> Rows:
    return Rows(tmp_path)


class Disk:
    """Counts commits, holds the first one up until it is let go, and refuses those that it is told to refuse."""

    def __init__(self) -> None:
        self.commits = 0
        self.refuses = False
        self.reached = threading.Event()
        self.goes_on = threading.Event()

    def commit(self, _connection: Connection) -> None:
        self.commits += 1
        self.reached.set()
        self.goes_on.wait(10)
        if self.refuses:
            raise OperationalError("COMMIT", {}, Exception("disk I/O error"))


@pytest.fixture
def disk(rows: Rows) -> Iterator[Disk]:
    made = Disk()
    event.listen(rows.database.engine, "commit", made.commit)
    yield made
    event.remove(rows.database.engine, "commit", made.commit)


def rename(user_id: int, name: str) -> Callable[[Session], str]:
    """A verb: give this user another name, and say so."""

    def verb(db: Session) -> str:
        user = db.get_one(User, user_id)
        before, user.name = user.name, name
        db.add(user)
        db.flush()
        announce(db, SettingsChanged(user_id))
        if name == "impossible":
            raise ValueError(name)
        return before

    return verb


def names(rows: Rows, people: list[int]) -> list[str]:
    return [rows.database.read(lambda db, who=who: db.get_one(User, who).name) for who in people]


async def _meanwhile(rows: Rows, disk: Disk, verbs: list[Callable[[Session], str]]) -> list[str | BaseException]:
    """What these say, that come while the disk is busy with the first one."""
    first = asyncio.ensure_future(rows.database.in_database(verbs[0]))
    await asyncio.to_thread(disk.reached.wait, 10)
    others = [asyncio.ensure_future(rows.database.in_database(verb)) for verb in verbs[1:]]
    await asyncio.sleep(0)
    disk.goes_on.set()
    return await asyncio.gather(first, *others, return_exceptions=True)


@pytest.fixture
def people(rows: Rows) -> list[int]:
    made = [rows.person(f"Person{number}") for number in range(WAITING)]
    rows.hub.heard.clear()
    return made


def test_what_waits_for_the_disk_is_committed_at_once(rows: Rows, people: list[int], disk: Disk) -> None:
    said = asyncio.run(_meanwhile(rows, disk, [rename(who, f"N{who}") for who in people]))
    assert disk.commits == 2
    assert said == [f"Person{number}" for number in range(WAITING)]
    assert names(rows, people) == [f"N{who}" for who in people]
    assert rows.hub.heard == [SettingsChanged(who) for who in people]


def test_what_one_cannot_do_is_undone_and_told_for_itself_alone(rows: Rows, people: list[int], disk: Disk) -> None:
    verbs = [rename(who, "impossible" if who == people[3] else f"N{who}") for who in people]
    said = asyncio.run(_meanwhile(rows, disk, verbs))
    assert isinstance(said[3], ValueError)
    assert [one for one in said if isinstance(one, BaseException)] == [said[3]]
    assert names(rows, people) == [f"N{who}" if who != people[3] else "Person3" for who in people]
    assert SettingsChanged(people[3]) not in rows.hub.heard
    assert len(rows.hub.heard) == WAITING - 1


def test_each_sees_what_those_before_it_did(rows: Rows, people: list[int], disk: Disk) -> None:
    said = asyncio.run(_meanwhile(rows, disk, [rename(people[0], f"N{number}") for number in range(WAITING)]))
    assert said == ["Person0", *(f"N{number}" for number in range(WAITING - 1))]


def test_what_the_disk_refuses_is_done_for_nobody_and_announced_to_nobody(
    rows: Rows, people: list[int], disk: Disk
) -> None:
    async def all_of_them() -> list[str | BaseException]:
        disk.refuses = True
        return await _meanwhile(rows, disk, [rename(who, f"N{who}") for who in people])

    said = asyncio.run(all_of_them())
    assert [type(one) for one in said] == [OperationalError] * WAITING
    assert names(rows, people) == [f"Person{number}" for number in range(WAITING)]
    assert rows.hub.heard == []
    disk.refuses = False
    assert rows.database.write(rename(people[0], "again")) == "Person0"


def test_whoever_stops_waiting_before_it_is_their_turn_changes_nothing(
    rows: Rows, people: list[int], disk: Disk
) -> None:
    async def change_of_mind() -> None:
        first = asyncio.ensure_future(rows.database.in_database(rename(people[0], "first")))
        await asyncio.to_thread(disk.reached.wait, 10)
        second = asyncio.ensure_future(rows.database.in_database(rename(people[1], "second")))
        third = asyncio.ensure_future(rows.database.in_database(rename(people[2], "third")))
        await asyncio.sleep(0)
        second.cancel()
        await asyncio.sleep(0)
        disk.goes_on.set()
        await asyncio.gather(first, third)

    asyncio.run(change_of_mind())
    assert names(rows, people[:3]) == ["first", "Person1", "third"]


def test_whoever_writes_from_a_thread_of_their_own_waits_with_the_others(
    rows: Rows, people: list[int], disk: Disk
) -> None:
    threads = [threading.Thread(target=rows.database.write, args=(rename(who, f"N{who}"),)) for who in people]
    threads[0].start()
    disk.reached.wait(10)
    for thread in threads[1:]:
        thread.start()
    until(lambda: len(rows.database._writer._waiting) == WAITING - 1)
    disk.goes_on.set()
    for thread in threads:
        thread.join(10)
    assert disk.commits == 2
    assert names(rows, people) == [f"N{who}" for who in people]
