"""How long a homeserver asks to be left alone."""

from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

LONGEST = 3600.0
"""Seconds that a server may ask us to wait."""


def wait_named(header: str, answer: object) -> float | None:
    """Seconds, by the header Retry-After or by the answer itself; None where neither names any."""
    named = _in_header(header)
    return named if named is not None else _in_answer(answer)


def _in_header(text: str) -> float | None:
    """RFC 9110 section 10.2.3: seconds, or a date."""
    text = text.strip()
    if text.isascii() and text.isdecimal():
        return min(float(text), LONGEST)
    try:
        at = parsedate_to_datetime(text)
    except (ValueError, TypeError):
        return None
    at = at if at.tzinfo else at.replace(tzinfo=UTC)
    return min(max((at - datetime.now(UTC)).total_seconds(), 0.0), LONGEST)


def _in_answer(answer: object) -> float | None:
    """``retry_after_ms`` of the older specification."""
    said: Mapping[str, Any] = answer if isinstance(answer, Mapping) else {}
    told = said.get("retry_after_ms")
    if isinstance(told, bool) or not isinstance(told, int) or told < 0:
        return None
    return min(told, LONGEST * 1000) / 1000
