"""Patterns with ``*`` and ``?`` (Matrix specification, appendices, "glob-style matching"), in bounded time.

No regular expressions: patterns and texts are foreign, and a few stars in one would take for ever on a long text.
"""

from collections.abc import Iterable

LONGEST = 1_000
"""Characters of a pattern. A longer one matches nothing."""
MOST_TEXT = 70_000
"""Characters of a text that are looked at; no event is larger than 64 KiB."""


def matches(pattern: str, text: str) -> bool:
    """Whether the whole text is like the pattern, in whatever case."""
    return _is_like(pattern, text, starts={0}, ends={len(text[:MOST_TEXT].casefold())})


def occurs(pattern: str, text: str) -> bool:
    """Whether the pattern is like a part of the text that begins and ends at the border of a word.

    A word is made of letters from A to Z, digits and underscores, as the specification says of ``content.body``.
    """
    borders = _borders(text[:MOST_TEXT].casefold())
    return _is_like(pattern, text, starts=borders, ends=borders)


def _is_like(pattern: str, text: str, starts: set[int], ends: set[int]) -> bool:
    if len(pattern) > LONGEST:
        return False
    text, (*pieces, last) = text[:MOST_TEXT].casefold(), pattern.casefold().split("*")
    places: Iterable[int] = sorted(starts)
    for piece in pieces:  # the earliest place of each leaves the most room for the next
        at = next((one for one in places if _stands_at(piece, text, one)), None)
        if at is None:
            return False
        places = range(at + len(piece), len(text) + 1)
    return any(at + len(last) in ends and _stands_at(last, text, at) for at in places)


def _stands_at(piece: str, text: str, at: int) -> bool:
    if "?" not in piece:
        return text.startswith(piece, at)
    part = text[at : at + len(piece)]
    return len(part) == len(piece) and all(wanted in ("?", found) for wanted, found in zip(piece, part, strict=True))


def _borders(text: str) -> set[int]:
    """Where a word may begin or end: at the ends of the text, and beside whatever belongs to no word."""
    inside = [letter.isascii() and (letter.isalnum() or letter == "_") for letter in text]
    beside = (place for place, word in enumerate(inside) if not word)
    return {0, len(text)} | {near for place in beside for near in (place, place + 1)}
