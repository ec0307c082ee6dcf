"""How long to wait before trying again (D8)."""

import random
import time

FIRST_SECONDS = 1.0
LONGEST_SECONDS = 300.0
QUIET_SECONDS = 60.0
NOT_IN_STEP = 0.5
"""Seconds over which accounts that were told the same time come back (R6 allows a second in all)."""


class Backoff:
    """1 … 300 s with full jitter: anywhere between the first second and a ceiling that doubles each time.

    So fifty accounts of one server do not come back in step, and none of them hammers. A line that held for a minute
    starts anew.
    """

    def __init__(self) -> None:
        self._ceiling = 2 * FIRST_SECONDS
        self._online_since: float | None = None

    def online(self) -> None:
        """The line is up."""
        self._online_since = time.monotonic()

    def next(self, asked_for: float | None = None) -> float:
        """Seconds to wait now: as long as the network asked for, if it did, and a little; else the next wait."""
        if self._online_since is not None and time.monotonic() - self._online_since >= QUIET_SECONDS:
            self._ceiling = 2 * FIRST_SECONDS
        self._online_since = None
        wait = random.uniform(FIRST_SECONDS, self._ceiling)  # noqa: S311 (jitter, not a secret)
        self._ceiling = min(self._ceiling * 2, LONGEST_SECONDS)
        if not asked_for:
            return wait
        return max(asked_for, FIRST_SECONDS) + random.uniform(0, NOT_IN_STEP)  # noqa: S311 (the same)
