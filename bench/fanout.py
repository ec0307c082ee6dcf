"""A thousand open tabs of one house, and one message to all of them."""

import asyncio
import json
import statistics
import time
from concurrent.futures import ThreadPoolExecutor

import websockets

from bench.figures import Figure
from bench.stage import PASSWORD, Stage, stage
from tests.visitor import Visitor

SOCKETS = 1_000


def measure() -> list[Figure]:
    """Until the last of the sockets has the message, and memory for each."""
    with stage() as made, Visitor(made.url) as alice:
        alice.sign_in("Alice", PASSWORD)
        # The browser's driver has a loop in this thread already.
        with ThreadPoolExecutor(1) as thread:
            return thread.submit(asyncio.run, _measure(made, alice)).result()


async def _measure(made: Stage, alice: Visitor) -> list[Figure]:
    cookie = "; ".join(f"{name}={value}" for name, value in alice.cookies.items())
    before = made.resident_mb()
    sockets = []
    live = alice.page("/").select_one("#live")
    assert live is not None
    url = f"ws://localhost:{made.program.port}{live['hx-ws:connect']}"
    for _ in range(SOCKETS):
        sockets.append(await websockets.connect(url, additional_headers={"cookie": cookie}, origin=made.url))
    await asyncio.sleep(3)
    each = (made.resident_mb() - before) / SOCKETS
    waiting = [asyncio.create_task(_hear(socket)) for socket in sockets]
    await asyncio.sleep(0.5)
    start = time.perf_counter()
    await asyncio.to_thread(made.background.do, made.bob.say, made.address, "to all tabs")
    heard = [moment - start for moment in await asyncio.gather(*waiting)]
    await asyncio.gather(*(socket.close() for socket in sockets))
    return [
        Figure("one message to 1,000 sockets, median", statistics.median(heard) * 1000, "ms"),
        Figure("one message to 1,000 sockets, the last", max(heard) * 1000, "ms"),
        Figure("memory of a socket", each * 1000, "KB"),
    ]


async def _hear(socket: websockets.ClientConnection) -> float:
    async for frame in socket:
        text = frame if isinstance(frame, str) else frame.decode()
        if "to all tabs" in json.dumps(text):
            return time.perf_counter()
    raise AssertionError("a socket was closed before it heard anything")
