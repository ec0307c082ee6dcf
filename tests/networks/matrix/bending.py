"""Good data, bent: the same with something unexpected in one of its places."""

import copy
from collections.abc import Iterator
from itertools import product
from typing import Any

UNEXPECTED: list[Any] = [
    *(None, True, -1, 0, 2**70, 10**400, 1.5, "", [], {}, [[]], {"": {}}),
    *("x" * 70_000, "\ud800", "\x00", "<script>", [None] * 300, {"user_ids": {"a": "b"}}),
    "@" + "x" * 300 + ":b.org",
    f"!room:b.org{'/..' * 5}",
    [1, "x", None, {}],
]
DEEP: Any = None
for _ in range(300):
    DEEP = [DEEP]


def places(value: Any, before: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The ways to all values inside of a value, itself included."""
    yield before
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, one in inner:
        yield from places(one, (*before, key))


def bent(value: Any, place: tuple[Any, ...], into: Any) -> Any:
    """A copy with something else in this place."""
    if not place:
        return into
    whole = copy.deepcopy(value)
    inner = whole
    for key in place[:-1]:
        inner = inner[key]
    inner[place[-1]] = into
    return whole


def all_bent(good: Any) -> Iterator[Any]:
    """With everything unexpected in every place, one after the other. ``good``: data, or what makes it by number."""
    make = good if callable(good) else lambda _: good
    for number, (place, into) in enumerate(product(places(make(0)), [*UNEXPECTED, DEEP])):
        yield bent(make(number), place, into)
