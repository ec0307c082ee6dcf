"""Names of what lies on homeservers (specification, "Matrix Content (mxc://) URIs")."""

import re
from collections.abc import Mapping
from typing import Any

_NAME = re.compile(r"mxc://([A-Za-z0-9._:\[\]-]{1,255})/([A-Za-z0-9_-]{1,255})")


def parts_of(name: str) -> tuple[str, str] | None:
    """Server and id of such a name, None for anything else."""
    found = _NAME.fullmatch(name)
    return (found[1], found[2]) if found else None


def picture_in(content: Mapping[str, Any], key: str) -> str:
    """The picture that an event names, empty where it names none that makes sense."""
    url = content.get(key)
    return url if isinstance(url, str) and parts_of(url) else ""
