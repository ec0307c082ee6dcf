"""Foreign texts, made fit to be stored and shown: no control characters, no halves of characters, a bounded length."""

import re

from webapp.languages import N_, Sentence

LONGEST = 65_536
"""Code points of a text that are kept; what is longer is cut, and says so."""
_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f]")
_DIRECTIONS = re.compile("[\u202a-\u202e\u2066-\u2069\u200e\u200f\u061c]")
_HALVES = re.compile("[\ud800-\udfff]")
"""JSON may carry half of a character, which no database can keep (RFC 8259 section 8.2)."""


def tidy(text: str) -> str:
    """A text without control characters, with plain line breaks."""
    return _HALVES.sub("\ufffd", _CONTROL.sub("", text.replace("\r\n", "\n").replace("\r", "\n")))


def tidy_name(text: object, longest: int = 200) -> str:
    """A name: one line, without characters that turn the direction of what follows. Empty where there is no text."""
    if not isinstance(text, str):
        return ""
    return " ".join(_DIRECTIONS.sub("", tidy(text[: 4 * longest])).split())[:longest]


def tidy_body(text: str) -> str | Sentence:
    """What somebody said."""
    body = tidy(text)
    if len(body) <= LONGEST:
        return body
    return Sentence(N_("%(text)s … (the rest of this very long message was left out)"), {"text": body[:LONGEST]})
