"""What the keys want asked of the homeserver. They know no HTTP: somebody else asks, and brings the answers."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Request:
    """One question. ``path`` begins with ``/_matrix/client/``. ``key`` is ours: give the object back with its answer.

    What is sent to devices carries its own transaction id in ``path``: to ask twice does no harm.
    """

    key: str
    method: str
    path: str
    body: Mapping[str, Any] | None = None
    query: Mapping[str, str] = field(default_factory=dict)
