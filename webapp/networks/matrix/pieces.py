"""A large answer, read room by room.

Reading a first answer of many megabytes in one call would hold up everybody for a tenth of a second. Here only the
outer shape is walked by hand, and each room is read by a call of its own, when it is its turn. What is nested so deeply
that it cannot be read is left out alone: its neighbours are read all the same.
"""

import json
import re
from collections.abc import Iterator
from typing import Any

UNREADABLE: dict[str, Any] = {"\x00unreadable": True}
"""Stands where something was nested too deeply; no honest answer has this key."""
INSIDE = 4
"""How deep below a piece its parts are looked at one by one: room, timeline, events, event, content."""
_SPACE = re.compile(r"[ \t\n\r]*")
_TOKEN = re.compile(r'"(?:[^"\\]|\\.)*"|[{}\[\]]', re.S)


class Nonsense(ValueError):
    """This is not the JSON that was asked for."""


def read(text: str) -> Any:
    """A small answer, all of it. Raises Nonsense."""
    walk = _Walk(text)
    found = walk.value(INSIDE)
    if walk.space() != len(text):
        raise Nonsense
    return found


def each(text: str, name: str) -> Iterator[Any]:
    """The items of the list that a large answer has under this name, one by one. Raises Nonsense."""
    walk = _Walk(text)
    for member in walk.members():
        if member == name and walk.stands_on("["):
            yield from walk.items()
        else:
            walk.value(INSIDE)


def each_key(text: str) -> Iterator[tuple[str, str, Any]]:
    """The answer to "GET /_matrix/client/v3/room_keys/keys": room, session and key, one by one. Raises Nonsense."""
    walk = _Walk(text)
    for _ in _into(walk, "rooms"):
        for room in _objects(walk):
            for _ in _into(walk, "sessions"):
                for session in walk.members():
                    yield room, session, walk.value(INSIDE)


def _into(walk: "_Walk", wanted: str) -> Iterator[None]:
    """Stop at the object of this name in the one where the walk stands; what else is in it is left out."""
    for name in walk.members():
        if name == wanted and walk.stands_on("{"):
            yield
        else:
            walk.value(0)


def _objects(walk: "_Walk") -> Iterator[str]:
    """Stop at each object in the one where the walk stands; what is none is left out."""
    for name in walk.members():
        if walk.stands_on("{"):
            yield name
        else:
            walk.value(0)


class Pieces:
    """The answer to "GET /_matrix/client/v3/sync" (specification). ``parts`` are all members but ``rooms``, by name."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._places: list[tuple[str, str, int]] = []
        self.parts: dict[str, Any] = {}

    def look_through(self) -> Iterator[None]:
        """Find everything; stops after each piece so that others may do something. Raises Nonsense."""
        walk = _Walk(self._text)
        for name in walk.members():
            if name == "rooms" and walk.stands_on("{"):
                yield from self._find_rooms(walk)
            else:
                self.parts[name] = walk.value(INSIDE)
                yield

    def _find_rooms(self, walk: "_Walk") -> Iterator[None]:
        for kind in walk.members():
            if not walk.stands_on("{"):
                walk.value(0)
                continue
            for room in walk.members():
                self._places.append((kind, room, walk.at))
                walk.value(INSIDE)
                yield

    def rooms(self) -> Iterator[tuple[str, str, Any]]:
        """Each room: how we stand to it (join, invite, knock, leave), its id, what is new in it."""
        for kind, room, place in self._places:
            yield kind, room, _Walk(self._text, place).value(INSIDE)


class _Walk:
    """Somewhere in a text of JSON. Whoever goes through ``members`` or ``items`` reads each before the next."""

    def __init__(self, text: str, at: int = 0) -> None:
        self._text = text
        self.at = at
        self.space()

    def space(self) -> int:
        found = _SPACE.match(self._text, self.at)
        self.at = found.end() if found else self.at
        return self.at

    def stands_on(self, sign: str) -> bool:
        return self._text.startswith(sign, self.at)

    def members(self) -> Iterator[str]:
        """The names in an object, each with the walk standing on its value. Raises Nonsense."""
        for _ in self._between("{", "}"):
            name = self._plain()
            if not isinstance(name, str) or not self._take(":"):
                raise Nonsense
            yield name

    def items(self) -> Iterator[Any]:
        """What is in a list. Raises Nonsense."""
        for _ in self._between("[", "]"):
            yield self.value(INSIDE)

    def value(self, inside: int) -> Any:
        """What stands here; the walk goes on behind it. Raises Nonsense."""
        try:
            return self._plain()
        except RecursionError:
            return self._by_parts(inside)

    def _plain(self) -> Any:
        try:
            found, self.at = _DECODER.raw_decode(self._text, self.at)
        except ValueError:
            raise Nonsense from None
        return found

    def _by_parts(self, inside: int) -> Any:
        if inside and self.stands_on("{"):
            return {name: self.value(inside - 1) for name in self.members()}
        if inside and self.stands_on("["):
            return [self.value(inside - 1) for _ in self._between("[", "]")]
        self._skip()
        return UNREADABLE

    def _between(self, first: str, last: str) -> Iterator[None]:
        if not self._take(first):
            raise Nonsense
        if self._take(last):
            return
        while True:
            yield
            if self._take(last):
                return
            if not self._take(","):
                raise Nonsense

    def _take(self, sign: str) -> bool:
        self.space()
        if not self.stands_on(sign):
            return False
        self.at += 1
        self.space()
        return True

    def _skip(self) -> None:
        """Go behind an object or a list without reading it, however deep it is. Raises Nonsense."""
        depth = 0
        for found in _TOKEN.finditer(self._text, self.at):
            depth += {"{": 1, "[": 1, "}": -1, "]": -1}.get(found[0], 0)
            if depth <= 0:
                self.at = found.end()
                return
        raise Nonsense


def _no_constant(name: str) -> Any:
    raise Nonsense(name)


_DECODER = json.JSONDecoder(parse_constant=_no_constant)
