"""A line between a client and a server on this machine that can be cut, and mended again."""

import asyncio
import threading
from collections.abc import Coroutine
from contextlib import suppress
from typing import Any, TypeVar

from tests.program import free_port

T = TypeVar("T")

EVERYTHING = b""
WEBSOCKETS = b"GET /live"


class Line:
    """Listens on a free loopback port and passes everything on to ``target``, until it is cut.

    Only connections that begin with ``cuts`` can be cut; the others always get through.
    """

    def __init__(self, target: int = 0, cuts: bytes = EVERYTHING) -> None:
        self.target = target
        self.port = free_port()
        self.url = f"http://localhost:{self.port}"
        self._cuts = cuts
        self._whole = True
        self._writers: set[asyncio.StreamWriter] = set()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)

    def open(self) -> "Line":
        """Begin to listen."""
        self._thread.start()
        self._server = self._run(asyncio.start_server(self._carry, "127.0.0.1", self.port))
        return self

    def close(self) -> None:
        """End every connection, for good."""
        self._run(self._close())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(5)

    def __enter__(self) -> "Line":
        return self.open()

    def __exit__(self, *_: object) -> None:
        self.close()

    def cut(self) -> None:
        """Break what can be cut; new connections of that kind are broken at once, until the line is mended."""
        self._whole = False
        self._run(self._break())

    def mend(self) -> None:
        """New connections work again."""
        self._whole = True

    def snap(self) -> None:
        """Break what can be cut; new connections work."""
        self.cut()
        self.mend()

    def _run(self, work: Coroutine[Any, Any, T]) -> T:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(10)

    async def _break(self) -> None:
        for writer in list(self._writers):
            writer.transport.abort()
        self._writers.clear()

    async def _close(self) -> None:
        self._server.close()
        await self._break()
        others = asyncio.all_tasks() - {asyncio.current_task()}
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)

    async def _carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            first = await reader.read(65_536) if self._cuts else b""
            cuttable = first.startswith(self._cuts)
            if cuttable and not self._whole:
                raise ConnectionAbortedError
            far_reader, far_writer = await asyncio.open_connection("127.0.0.1", self.target)
        except OSError:
            writer.transport.abort()
            return
        ends = {writer, far_writer} if cuttable else set()
        self._writers |= ends
        far_writer.write(first)
        await asyncio.gather(_pass_on(reader, far_writer), _pass_on(far_reader, writer))
        self._writers -= ends


async def _pass_on(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with suppress(OSError):
        while data := await reader.read(65_536):
            writer.write(data)
            await writer.drain()
    with suppress(OSError):
        writer.close()
