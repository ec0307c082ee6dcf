"""Foreign pictures, made small and harmless by a process that may do next to nothing (S7)."""

import asyncio
import sys
from contextlib import suppress
from pathlib import Path

LARGEST = 4 * 2**20
"""Octets of a picture that is looked at."""
LARGEST_MADE = 65_536
SECONDS = 10.0
KIND = "image/webp"
MAKER = Path(__file__).with_name("picture_maker.py")
_one_at_a_time = asyncio.Semaphore(1)


async def small(content: bytes) -> bytes | None:
    """A small WebP of it; None for what is no picture, or one that asks for too much."""
    if not 0 < len(content) <= LARGEST:
        return None
    async with _one_at_a_time:
        quiet = asyncio.subprocess.DEVNULL
        child = await asyncio.create_subprocess_exec(
            *(sys.executable, "-I", str(MAKER)),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=quiet,
        )
        try:
            async with asyncio.timeout(SECONDS):
                made, _ = await child.communicate(content)
        except TimeoutError:
            return None
        finally:
            with suppress(ProcessLookupError):
                child.kill()
            await child.wait()
    return made if child.returncode == 0 and 0 < len(made) <= LARGEST_MADE else None
