"""The shape of an event, checked once: what is let through can be read without looking twice.

An event that has no such shape is counted, logged without a word of it, and left out; the others go on.
"""

import logging
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from webapp.networks.matrix.addresses import LONGEST, event_id, user_id

log = logging.getLogger(__name__)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_LAST_MS = 253_402_300_799_000
"""The end of the year 9999; no clock of ours goes further."""


@dataclass(frozen=True)
class Heard:
    """An event of a room (specification, "Room event format"). ``name`` is its id, empty in what a person sees of a
    room before joining it. ``state_key`` is None unless it is state. ``whole`` is all of it, as it came."""

    name: str
    type: str
    sender: str
    content: Mapping[str, Any]
    at: datetime
    state_key: str | None
    unsigned: Mapping[str, Any]
    whole: Mapping[str, Any]

    @property
    def transaction_id(self) -> str | None:
        """The id under which this very device of ours sent it."""
        name = self.unsigned.get("transaction_id")
        return name if isinstance(name, str) and name.isascii() and 0 < len(name) <= LONGEST else None


class Quarantine:
    """Lets through what has the shape of an event. ``left_out`` counts the rest."""

    def __init__(self) -> None:
        self.left_out = 0

    def heard(self, event: object, *, stripped: bool = False) -> Heard | None:
        """The event, None when it makes no sense. ``stripped`` state has neither id nor time."""
        try:
            return heard(event, stripped)
        except (ValueError, TypeError) as fault:
            self.left_out += 1
            log.warning("an event without the shape of one was left out: %s", type(fault).__name__)
            return None

    @contextmanager
    def around(self) -> Iterator[None]:
        """Whatever is read inside of this may turn out to make no sense after all: then it is left out."""
        try:
            yield
        except (TypeError, ValueError, LookupError, AttributeError, RecursionError) as fault:
            self.left_out += 1
            log.warning("something that made no sense was left out: %s", type(fault).__name__)

    def all_of(self, section: object, *, stripped: bool = False) -> list[Heard]:
        """The good ones among ``section["events"]``."""
        found = [self.heard(event, stripped=stripped) for event in events_in(section)]
        return [event for event in found if event is not None]


def text_in(content: Mapping[str, Any], key: str) -> str:
    """The text under a key, empty where there is none or something else."""
    found = content.get(key)
    return found if isinstance(found, str) else ""


def events_in(section: object) -> list[object]:
    """``section["events"]``, if it is a list."""
    events = section.get("events") if isinstance(section, Mapping) else None
    return events if isinstance(events, list) else []


def plain_content(event: object, kind: str) -> Mapping[str, Any] | None:
    """The content of an event of this type that is of no room's timeline (typing, receipts, account data)."""
    if not isinstance(event, Mapping) or event.get("type") != kind:
        return None
    content = event.get("content")
    return content if isinstance(content, Mapping) else None


def heard(event: object, stripped: bool = False) -> Heard:
    """The event. Raises ValueError or TypeError where it makes no sense."""
    if not isinstance(event, Mapping):
        raise TypeError
    content, state_key, unsigned = event.get("content"), event.get("state_key"), event.get("unsigned")
    if not isinstance(content, Mapping):
        raise TypeError
    return Heard(
        name="" if stripped else event_id(event.get("event_id")),
        type=_short(event.get("type")),
        sender=user_id(event.get("sender")),
        content=content,
        at=_EPOCH if stripped else _moment(event.get("origin_server_ts")),
        state_key=None if state_key is None else _short(state_key),
        unsigned=unsigned if isinstance(unsigned, Mapping) else {},
        whole=event,
    )


def _short(text: object) -> str:
    if not isinstance(text, str) or len(text.encode("utf-8", "replace")) > LONGEST:
        raise TypeError
    text.encode()  # half of a character raises UnicodeEncodeError, a ValueError
    return text


def _moment(milliseconds: object) -> datetime:
    if isinstance(milliseconds, bool) or not isinstance(milliseconds, int):
        raise TypeError
    return _EPOCH + timedelta(milliseconds=min(max(milliseconds, 0), _LAST_MS))
