"""Values that others sent, looked at before they are believed."""

import json
from collections.abc import Mapping
from typing import Any

from webapp.networks.matrix.encryption import unpadded

LONGEST_ID = 255
MOST = 2**53 - 1
"""The largest whole number of canonical JSON. Python reads larger ones, and they fit into no other kind of number."""
EMPTY: Mapping[str, Any] = {}


def mapping(value: object) -> Mapping[str, Any]:
    """``value`` if it is an object, an empty one otherwise."""
    return value if isinstance(value, Mapping) else EMPTY


def short_text(value: object, longest: int = LONGEST_ID) -> str:
    """``value`` if it is a text of reasonable length that can be stored, an empty one otherwise."""
    usable = isinstance(value, str) and len(value) <= longest and value.isprintable()
    return str(value) if usable else ""


def key_text(value: object) -> str:
    """A public key of 32 bytes in its one proper spelling; empty for anything else."""
    try:
        return unpadded.encode(unpadded.decode(value, 32))
    except ValueError:
        return ""


def moment(value: object) -> float:
    """Seconds since 1970 of a time in milliseconds; 0 for what is none, or is further than any clock goes."""
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= MOST:
        return 0.0
    return value / 1000


def parsed(text: str) -> Mapping[str, Any]:
    """The object that a decrypted text holds, an empty one if it holds none. Never raises."""
    try:
        return mapping(json.loads(text))
    except (ValueError, RecursionError):
        return EMPTY
