"""A reverse proxy in front of a server that answers in its place for as long as a test wants.

::

    with FaultProxy(synapse.url) as proxy:
        ...                                             # clients use proxy.url
        proxy.says = (429, {"Retry-After": "3"})        # to every question, from now on
        proxy.says = None                               # as if nothing had been

``asked`` are the moments (monotonic seconds) and the paths of all questions.
"""

import asyncio
import threading
import time
from types import TracebackType
from typing import Self

import aiohttp
from aiohttp import web

HOP = {"connection", "transfer-encoding", "content-length", "content-encoding", "host", "keep-alive"}


class FaultProxy:
    """Runs in a thread of its own, on a free port of the loopback interface."""

    def __init__(self, target: str) -> None:
        self._target = target
        self._ready = threading.Event()
        self._loop = asyncio.new_event_loop()
        self.says: tuple[int, dict[str, str]] | None = None
        self.asked: list[tuple[float, str]] = []

    def __enter__(self) -> Self:
        self._thread = threading.Thread(target=self._loop.run_until_complete, args=(self._serve(),), daemon=True)
        self._thread.start()
        assert self._ready.wait(20), "the proxy did not start"
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._loop.call_soon_threadsafe(self._ended.set)
        self._thread.join(20)
        self._loop.close()

    async def _serve(self) -> None:
        self._ended = asyncio.Event()
        async with aiohttp.ClientSession(auto_decompress=False) as self._http:
            runner = web.ServerRunner(web.Server(self._pass_on), shutdown_timeout=0.1)
            await runner.setup()
            await web.TCPSite(runner, "127.0.0.1", 0).start()
            self.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
            self._ready.set()
            await self._ended.wait()
            await runner.cleanup()

    async def _pass_on(self, request: web.BaseRequest) -> web.StreamResponse:
        self.asked.append((time.monotonic(), request.path))
        if self.says is not None:
            status, headers = self.says
            return web.json_response({"errcode": "M_LIMIT_EXCEEDED"}, status=status, headers=headers)
        headers = {name: value for name, value in request.headers.items() if name.lower() not in HOP}
        where = f"{self._target}{request.raw_path}"
        data = await request.read()
        try:
            async with self._http.request(request.method, where, data=data, headers=headers) as answer:
                told = {name: value for name, value in answer.headers.items() if name.lower() not in HOP}
                return web.Response(body=await answer.read(), status=answer.status, headers=told)
        except aiohttp.ClientError:
            return web.Response(status=502)
