"""Message archives (XEP-0313): our own, kept by our server, and one for each room, kept by the room.

Only results that answer a question of ours count, and only from the archive that was asked (S14).
"""

import logging
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from xml.etree.ElementTree import Element, SubElement

from webapp.networks.errors import Unreachable
from webapp.networks.xmpp.addresses import NoAddress, bare
from webapp.networks.xmpp.checkpoint import OWN, Position
from webapp.networks.xmpp.names import MAM, RSM, tag
from webapp.networks.xmpp.preferences import Preferences, preferences_of
from webapp.networks.xmpp.refusals import Declined
from webapp.networks.xmpp.stanzas import element, form_of, new_id
from webapp.networks.xmpp.translate import forwarded
from webapp.networks.xmpp.wire import Wire

log = logging.getLogger(__name__)
PAGE = 250
RESULT = tag(MAM, "result")


@dataclass(frozen=True)
class Kept:
    """One message as an archive keeps it. ``name`` is its id there."""

    name: str
    at: datetime
    stanza: Element

    @property
    def position(self) -> Position:
        return Position(self.name, self.at)


@dataclass(frozen=True)
class Page:
    """Some of an archive, oldest first. ``complete``: there is nothing further in the direction that was asked for."""

    kept: tuple[Kept, ...]
    complete: bool
    last: str | None = None
    """The archive's own word for where the page ends; also there when nothing in it made sense."""
    first: str | None = None


@dataclass
class _Question:
    archive: str
    results: list[Kept] = field(default_factory=list)


class Archives:
    """Asks archives; ``hear_result`` must get every message that carries a result."""

    def __init__(self, wire: Wire) -> None:
        self._wire = wire
        self._questions: dict[str, _Question] = {}
        self.forged = 0
        self._preferences: Preferences | None = None

    async def preferences(self) -> Preferences:
        """What our own archive keeps, asked once; where nobody says, everything. Raises Unreachable."""
        if self._preferences is None:
            self._preferences = await self._ask_for_preferences()
        return self._preferences

    async def _ask_for_preferences(self) -> Preferences:
        try:
            return preferences_of(await self._wire.ask("get", element(MAM, "prefs"), seconds=10))
        except Declined:
            return Preferences()
        except Unreachable:
            if self._wire.ended.done():
                raise
            return Preferences()

    def hear_result(self, stanza: Element) -> None:
        """Take one result, if it belongs to a question of ours and comes from the right archive."""
        result = stanza.find(RESULT)
        question = self._questions.get(result.get("queryid", "")) if result is not None else None
        if result is None or question is None or not self._is_from(stanza.get("from"), question.archive):
            self.forged += 1
            return
        inner = forwarded(result)
        if inner is None or not result.get("id") or not self._belongs(inner[0], question.archive):
            self.forged += 1
            return
        question.results.append(Kept(result.attrib["id"], inner[1] or datetime.now(UTC), inner[0]))

    async def page(
        self,
        archive: str,
        *,
        size: int = PAGE,
        after: str | None = None,
        before: str | None = None,
        start: datetime | None = None,
        end: datetime | None = None,
        other: str | None = None,
    ) -> Page:
        """At most ``size`` messages: the first ones after a name or a time, or, with ``before`` (empty: the end), the
        last ones before it; of one conversation with ``other``. Raises Declined, Unreachable."""
        name = new_id()
        self._questions[name] = _Question(archive)
        times = {"start": start, "end": end}
        fields = {key: _stamp(time) for key, time in times.items() if time} | ({"with": other} if other else {})
        question = element(MAM, "query", queryid=name)
        question.append(form_of(MAM, fields))
        question.append(_cut(size, after, before))
        try:
            reply = await self._wire.ask("set", question, archive)
        finally:
            results = self._questions.pop(name).results
        fin = reply.find(tag(MAM, "fin"))
        complete = fin is None or fin.get("complete") in {"true", "1"}
        ends = [
            None if fin is None else fin.findtext(f"{tag(RSM, 'set')}/{tag(RSM, end)}") for end in ("last", "first")
        ]
        return Page(tuple(results), complete or ends[0] is None, *ends)

    async def since(self, archive: str, position: Position | None, other: str | None = None) -> AsyncIterator[Page]:
        """Everything after a position (None: everything there is), page by page; of one conversation with ``other``.

        Raises Declined, Unreachable.
        """
        after, start = (position.name, None) if position else (None, None)
        if position and position.name is None:
            start = position.at
        while True:
            try:
                page = await self.page(archive, after=after, start=start, other=other)
            except Declined as error:
                if error.condition != "item-not-found" or after is None or position is None:
                    raise
                after, start, position = None, position.at, None  # the archive forgot that name; times are left
                continue
            yield page
            if page.complete or page.last == after:
                return
            after = page.last

    def _is_from(self, sender: str | None, archive: str) -> bool:
        if archive == OWN:
            return self._wire.is_ours(sender)
        return sender == archive  # not by way of an occupant

    def _belongs(self, stanza: Element, archive: str) -> bool:
        """Our own archive holds what we said and heard, a room's what was said in it."""
        ends = [stanza.get("from"), stanza.get("to")] if archive == OWN else [stanza.get("from")]
        try:
            return (archive or self._wire.account) in {bare(end) for end in ends if end}
        except NoAddress:
            return False


def _stamp(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def _cut(size: int, after: str | None, before: str | None) -> Element:
    """Which page (XEP-0059)."""
    wish = element(RSM, "set")
    SubElement(wish, tag(RSM, "max")).text = str(size)
    if before is not None:
        SubElement(wish, tag(RSM, "before")).text = before or None
    elif after:
        SubElement(wish, tag(RSM, "after")).text = after
    return wish
