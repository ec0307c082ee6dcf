"""What a person asked for and cannot have, in words."""

from webapp.languages import Sentence


class NotPossible(Exception):
    """The reason says what is wrong and what to do; nothing was changed."""

    def __init__(self, reason: Sentence) -> None:
        super().__init__(reason.msgid)
        self.reason = reason


class NotYours(LookupError):
    """There is no such thing for this user. Whether there is one for somebody else is nobody's business."""


class LeaseLost(Exception):
    """Another process looks after this account now; what the stale one wanted to write is refused (D7)."""
