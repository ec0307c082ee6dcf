"""Trouble has three names, and each carries a reason that a person can read.

What follows from each is decided in one place (``sessions``): come back later, ask the person, or give up.
"""

from webapp.languages import Sentence


class Trouble(Exception):
    """Something did not work. ``reason`` says what happened and what is safe; never a traceback, never a secret."""

    def __init__(self, reason: Sentence) -> None:
        super().__init__(reason.msgid)
        self.reason = reason


class Unreachable(Trouble):
    """Not now: the network cannot be reached or asks for patience. Try later.

    ``retry_after`` is in seconds, when the network named a time.
    """

    def __init__(self, reason: Sentence, retry_after: float | None = None) -> None:
        super().__init__(reason)
        self.retry_after = retry_after


class SignedOut(Trouble):
    """The network does not accept our credentials (any more). Only the person can help; do not try again before."""


class Refused(Trouble):
    """The network answered and the answer is no. Trying again would not help."""
