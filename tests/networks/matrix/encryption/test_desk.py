"""The one thread for keys."""

import asyncio
import subprocess
import sys
import threading

import pytest

from tests.networks.matrix.encryption.makers import KEY
from webapp.networks.matrix.encryption.desk import Desk, the_desk
from webapp.networks.matrix.encryption.store import Store


@pytest.fixture
def desk():
    desk = Desk()
    yield desk
    desk.close()


async def everything(desk, jobs):
    return await asyncio.gather(*(desk.do(job) for job in jobs))


def test_all_jobs_are_done_on_one_thread_that_is_not_ours_in_their_order(desk):
    done = []
    threads = asyncio.run(everything(desk, [lambda n=n: (done.append(n), threading.get_ident())[1] for n in range(50)]))
    assert len(set(threads)) == 1
    assert threads[0] != threading.get_ident()
    assert done == list(range(50))


def test_a_job_gives_back_what_it_returns_and_raises(desk):
    assert asyncio.run(desk.do(divmod, 7, 2)) == (3, 1)
    with pytest.raises(ZeroDivisionError):
        asyncio.run(desk.do(divmod, 7, 0))


def test_a_job_that_began_is_finished_though_nobody_waits_any_more(desk):
    began, go_on, finished = threading.Event(), threading.Event(), threading.Event()

    def job():
        began.set()
        go_on.wait(20)
        finished.set()

    async def give_up():
        task = asyncio.create_task(desk.do(job))
        await asyncio.to_thread(began.wait, 20)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert not finished.is_set()
        go_on.set()
        await desk.do(lambda: None)

    asyncio.run(give_up())
    assert finished.is_set()


def test_there_is_one_desk_for_everybody():
    assert the_desk() is the_desk()


def test_two_accounts_at_the_desk_write_into_their_own_files(desk, tmp_path):
    async def both():
        stores = [await desk.do(Store.open, tmp_path / name, KEY, f"@{name}:x", "D") for name in ("alice", "bob")]

        def note(store, number):
            with store.transaction():
                store.tables.keep_fact(f"fact {number}", store.user)

        await asyncio.gather(*(desk.do(note, stores[n % 2], n) for n in range(40)))
        found = [await desk.do(store.tables.fact, f"fact {n}") for store in stores for n in range(40)]
        for store in stores:
            await desk.do(store.close)
        return found

    found = asyncio.run(both())
    assert found[:40] == ["@alice:x" if n % 2 == 0 else None for n in range(40)]
    assert found[40:] == ["@bob:x" if n % 2 else None for n in range(40)]


def test_people_without_such_an_account_do_not_pay_for_the_library():
    """nio takes 50 MB and two seconds; only ``store`` imports it, and only the desk's thread imports ``store``."""
    rooms = ("machine", "outcomes", "requests", "desk")
    some = "; ".join(f"import webapp.networks.matrix.encryption.{room}" for room in rooms)
    code = f"{some}; import webapp.networks as n, sys; n.networks(); assert not {{'nio', 'peewee'}} & set(sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
