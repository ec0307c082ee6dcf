"""How long to wait before trying again (D8)."""

import random
import time

FIRST_SECONDS = 1.0
LONGEST_SECONDS = 300.0
QUIET_SECONDS = 60.0


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
        """Seconds to wait now; at least as long as the network asked for, up to a second longer: not in step."""
        if self._online_since is not None and time.monotonic() - self._online_since >= QUIET_SECONDS:
            self._ceiling = 2 * FIRST_SECONDS
        self._online_since = None
        wait = random.uniform(FIRST_SECONDS, self._ceiling)  # noqa: S311 (jitter, not a secret)
        self._ceiling = min(self._ceiling * 2, LONGEST_SECONDS)
        return max(wait, asked_for + random.random()) if asked_for else wait  # noqa: S311 (the same)
