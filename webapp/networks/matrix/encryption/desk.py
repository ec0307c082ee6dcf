"""The desk: one thread on which the keys of all accounts are worked with.

Not one for each account, because two busy threads beside the pages are what the pages' answer times allow. And not more
than one, because nio's store binds its model classes to a database for the time of a call: two threads would write into
each other's files. A job is synchronous, short (20 ms at most), and one transaction of one account's store.
"""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import cache, partial
from typing import ParamSpec, TypeVar

P = ParamSpec("P")
T = TypeVar("T")


class Desk:
    """Does one job after the other, in the order in which they are asked for."""

    def __init__(self) -> None:
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="keys")

    async def do(self, job: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """What ``job`` returns or raises. A job that began is finished, also when whoever waits for it gives up."""
        return await asyncio.get_running_loop().run_in_executor(self._thread, partial(job, *args, **kwargs))

    def close(self) -> None:
        """Finish the job at hand, and take no more."""
        self._thread.shutdown(cancel_futures=True)


@cache
def the_desk() -> Desk:
    """The one of this process."""
    return Desk()
