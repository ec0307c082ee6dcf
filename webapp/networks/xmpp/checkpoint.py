"""How far we are in each archive, as the bytes that the rest keeps for us."""

import json
from dataclasses import dataclass
from datetime import datetime

OWN = ""
"""The person's own archive; the others are named by their room."""


@dataclass(frozen=True)
class Position:
    """The last thing that we have of an archive: its name there (None: the archive gives none) and its time."""

    name: str | None
    at: datetime


class Checkpoint:
    """Positions by archive. ``OWN`` is there from the first batch on, even if the archive was empty."""

    def __init__(self, positions: dict[str, Position | None]) -> None:
        self._positions = positions

    @classmethod
    def from_bytes(cls, data: bytes | None) -> "Checkpoint":
        """Nothing, or nothing that makes sense, is a first time."""
        try:
            kept = json.loads(data or b"{}")
            return cls({archive: _position(value) for archive, value in kept.items()})
        except (ValueError, TypeError, AttributeError):
            return cls({})

    def to_bytes(self) -> bytes:
        values = {a: [p.name, p.at.isoformat()] if p else None for a, p in self._positions.items()}
        return json.dumps(values, separators=(",", ":")).encode()

    def knows(self, archive: str) -> bool:
        return archive in self._positions

    def position(self, archive: str) -> Position | None:
        return self._positions.get(archive)

    def move(self, archive: str, position: Position | None) -> None:
        """Go on to this position; None only says that the archive was looked at."""
        if position is not None or archive not in self._positions:
            self._positions[archive] = position

    def forget(self, archive: str) -> None:
        self._positions.pop(archive, None)


def _position(value: object) -> Position | None:
    if value is None:
        return None
    if not isinstance(value, list) or len(value) != 2:
        raise TypeError("a position is a name and a time")
    return Position(value[0], datetime.fromisoformat(value[1]))
