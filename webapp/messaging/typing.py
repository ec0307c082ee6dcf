"""Who is typing. It is kept in memory only: it is worth nothing a minute later."""

import threading
import time
from collections import defaultdict

LASTS_SECONDS = 30.0

_lock = threading.Lock()
_until: dict[int, dict[str, tuple[str, float]]] = defaultdict(dict)


def set_typing(conversation_id: int, address: str, name: str, typing: bool) -> bool:
    """Note that somebody types or stopped; returns whether that is news."""
    with _lock:
        names = _until[conversation_id]
        was = address in names and names[address][1] > time.monotonic()
        if typing:
            names[address] = (name, time.monotonic() + LASTS_SECONDS)
        else:
            names.pop(address, None)
            if not names:
                del _until[conversation_id]
        return was != typing


def typing_in(conversation_id: int) -> tuple[str, ...]:
    """The names of those who type right now, in the order in which they began."""
    with _lock:
        names = _until.get(conversation_id, {})
        return tuple(name for name, until in names.values() if until > time.monotonic())


def forget_stale() -> list[int]:
    """Drop those of whom nothing was heard for LASTS_SECONDS; returns the conversations where that shows."""
    stale: list[int] = []
    with _lock:
        for conversation_id in list(_until):
            names = _until[conversation_id]
            gone = [address for address, (_, until) in names.items() if until <= time.monotonic()]
            for address in gone:
                del names[address]
            if gone:
                stale.append(conversation_id)
            if not names:
                del _until[conversation_id]
    return stale
