"""Values that others sent, looked at before they are believed."""

import json
from collections.abc import Mapping
from typing import Any

from webapp.networks.matrix.encryption import unpadded

LONGEST_ID = 255
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


def parsed(text: str) -> Mapping[str, Any]:
    """The object that a decrypted text holds, an empty one if it holds none. Never raises."""
    try:
        return mapping(json.loads(text))
    except (ValueError, RecursionError):
        return EMPTY
