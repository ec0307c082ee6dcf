"""Transactions that wait for their turn are carried out together, with one commit for all of them.

There is one writer at a time. While it waits for the disk, further verbs queue up; the next transaction takes them all,
each in a savepoint of its own. So a slow disk makes everybody wait for one commit, not for one each, and what one of
them cannot do is undone, and told, for itself alone. Nobody hears that something is done before it is on the disk.
"""

import threading
from collections import deque
from collections.abc import Callable, Iterable
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import Any, TypeVar

from sqlalchemy import Connection, Engine
from sqlmodel import Session

from webapp.changes import Announcement

T = TypeVar("T")
Work = Callable[[Session], Any]

AT_ONCE = 50
"""Verbs in one transaction, so that none of them waits for too many others."""


@dataclass
class _Job:
    """A verb on its way, what it announces, and where its caller waits."""

    work: Work
    future: Future[Any] = field(default_factory=Future)
    result: Any = None
    changes: list[Announcement] = field(default_factory=list)

    def run(self, db: Session) -> None:
        self.result = self.work(db)
        db.commit()
        self.changes = db.info.get("changes", [])


class Writer:
    """The queue in front of the rows. Every method may be called from any thread."""

    def __init__(self, engine: Engine, announce: Callable[[Iterable[Announcement]], None]) -> None:
        """``engine`` takes the lock for writing when a transaction begins."""
        self._engine = engine
        self._announce = announce
        self._waiting: deque[_Job] = deque()
        self._turn = threading.Lock()

    def put(self, work: Callable[[Session], T]) -> Future[T]:
        """Queue a verb. ``carry_out`` must follow; until it is its turn it can be cancelled."""
        job = _Job(work)
        self._waiting.append(job)
        return job.future

    def carry_out(self, mine: Future[Any]) -> None:
        """Carry out what waits, up to this one. When this returns, it is done or just being announced by another."""
        while not mine.done():
            with self._turn:
                jobs = self._take()
                self._commit(jobs)
            if not jobs:
                return
            for job in jobs:
                self._tell(job)

    def _take(self) -> list[_Job]:
        """What is next. Nothing only if nothing waits."""
        jobs: list[_Job] = []
        while self._waiting and len(jobs) < AT_ONCE:
            job = self._waiting.popleft()
            if job.future.set_running_or_notify_cancel():
                jobs.append(job)
        return jobs

    def _commit(self, jobs: list[_Job]) -> None:
        """Everything or, if the disk does not take it, nothing; then all of them hear why."""
        try:
            if len(jobs) == 1:
                with Session(self._engine, expire_on_commit=False) as db:
                    jobs[0].run(db)
            elif jobs:
                with self._engine.connect() as connection, connection.begin():
                    for job in jobs:
                        _run_within(connection, job)
        except BaseException as error:  # noqa: BLE001 - raised where the callers wait
            for job in jobs:
                _fail(job, error)

    def _tell(self, job: _Job) -> None:
        if job.future.done():
            return
        try:
            self._announce(job.changes)
        except BaseException as error:  # noqa: BLE001 - raised where the caller waits
            _fail(job, error)
        else:
            job.future.set_result(job.result)


def _run_within(connection: Connection, job: _Job) -> None:
    """One of several; what it raises is its own affair."""
    try:
        with Session(connection, expire_on_commit=False, join_transaction_mode="create_savepoint") as db:
            job.run(db)
    except Exception as error:  # noqa: BLE001 - raised where the caller waits
        _fail(job, error)


def _fail(job: _Job, error: BaseException) -> None:
    if not job.future.done():
        job.future.set_exception(error)
