"""Whom we believe: one TLS context for all accounts, because each of its own would cost a megabyte."""

import asyncio
import ssl
from functools import cache
from pathlib import Path


async def trust(extra_ca_file: Path | None) -> ssl.SSLContext:
    """The context with the system's authorities and those of ``extra_ca_file``. Reading them takes a thread."""
    return await asyncio.to_thread(_context, extra_ca_file)


@cache
def _context(extra_ca_file: Path | None) -> ssl.SSLContext:
    context = ssl.create_default_context()
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    if extra_ca_file is not None:
        context.load_verify_locations(cafile=extra_ca_file)
    return context
