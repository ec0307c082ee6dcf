"""The loop around ``/sync``: one question after the other, each only once the last answer is stored.

Delivery stands on the order within a turn (D5): what devices sent each other, then the rooms, then the position.
Killed anywhere, the same answer comes again, and everything in it is recognised.
"""

import asyncio
import logging
from collections.abc import AsyncIterator, Mapping
from typing import Any

from webapp.networks.events import Batch, Event, Origin, Presence, PresenceChanged
from webapp.networks.matrix import checkpoint, comparing, tasks_key_file, wishes
from webapp.networks.matrix.addresses import NoAddress, is_user, room_id
from webapp.networks.matrix.direct import KIND, Directs
from webapp.networks.matrix.filters import sync_filter
from webapp.networks.matrix.first_look import first_look
from webapp.networks.matrix.line import Line
from webapp.networks.matrix.pieces import Nonsense, Pieces
from webapp.networks.matrix.quarantine import events_in, plain_content, text_in
from webapp.networks.matrix.room_news import RoomNews
from webapp.networks.matrix.seals import Seals
from webapp.networks.matrix.texts import tidy_name
from webapp.networks.matrix.translate import Revealed
from webapp.networks.matrix.trouble import NotReached, Problem
from webapp.networks.matrix.verification.seen import Seen
from webapp.networks.matrix.wire import PATIENCE
from webapp.networks.matrix.wishes import Wishes
from webapp.networks.sealing import TrustChanged

log = logging.getLogger(__name__)
PLACE = "/_matrix/client/v3/sync"
LONG_POLL = 25.0
"""Seconds that the homeserver may hold a question to which there is no news yet."""
SLACK = 15.0
"""Seconds over that after which the line is taken for dead."""
FIRST_PATIENCE = 300.0
"""Seconds for an answer that tells everything from the start."""
LARGEST = 256 * 2**20
MOST_TOGETHER = 500
"""Events of one batch."""
LOCKED_KEYS = ("m.secret_storage.", "m.cross_signing.", "m.megolm_backup.")
"""Account data by which other devices tell that the person has other keys now."""
AT_A_TIME = 20
"""Pieces that are looked through before others get their turn."""
BREATH = 0.001
"""Seconds of that turn. With none at all, the loop that serves pages waited for a tenth of a second (measured)."""
_PRESENCE = {"online": Presence.ONLINE, "unavailable": Presence.AWAY, "offline": Presence.OFFLINE}


class Sync:
    """``position`` is the last one whose answer is stored."""

    def __init__(
        self, line: Line, directs: Directs, wishes: Wishes, news: RoomNews, seals: Seals, position: str
    ) -> None:
        self._line = line
        self._directs = directs
        self._wishes = wishes
        self._news = news
        self._seals = seals
        self.position = position

    async def batches(self) -> AsyncIterator[Batch]:
        """What was missed, then what happens. Raises NotReached, Rejected, Declined."""
        origin = Origin.CATCH_UP
        if not self.position and (seen := await first_look(self._line.wire)):
            yield Batch(tuple(seen), Origin.BACKFILL)
        while True:
            asking = asyncio.create_task(self._ask(origin is Origin.LIVE))
            try:
                while await self._posted_before(asking):
                    async for batch in self._between(origin):
                        yield batch
                text = await asking
            finally:
                asking.cancel()
                await asyncio.gather(asking, return_exceptions=True)
            async for batch in self._turn(text, origin):
                yield batch
            self._line.caught_up.set()
            origin = Origin.LIVE

    async def _posted_before(self, asking: "asyncio.Task[str]") -> bool:
        """Wait for the answer or for something of our own; whether that came first."""
        waiting = asyncio.create_task(self._line.posted.wait())
        try:
            await asyncio.wait({asking, waiting}, return_when=asyncio.FIRST_COMPLETED)
            return waiting.done() and not asking.done()
        finally:
            waiting.cancel()

    async def _between(self, origin: Origin) -> AsyncIterator[Batch]:
        """What happens while the homeserver has nothing to say."""
        keys, events = self._line.keys, self._line.posted.take()
        if keys:
            await keys.look_late()
        if events := events + self._late():
            yield Batch(tuple(events), origin)
        if keys and keys.late:
            self._line.posted.put()
            await keys.late_stored()
        async for batch in self._of_keys():
            yield batch

    async def _ask(self, live: bool) -> str:
        first, wait = not self.position, LONG_POLL if live else 0.0
        query = {
            "filter": sync_filter(first),
            "timeout": str(int(wait * 1000)),
            "set_presence": "offline",
        }
        if not first:
            query["since"] = self.position
            if self._line.rooms.is_new:
                query["full_state"] = "true"
        everything = first or self._line.rooms.is_new
        patience = wait + SLACK if live else FIRST_PATIENCE if everything else PATIENCE
        return await self._line.wire.text(PLACE, query, patience=patience, largest=LARGEST)

    async def _turn(self, text: str, origin: Origin) -> AsyncIterator[Batch]:
        pieces, position = await self._looked_through(text)
        if self._line.keys:
            await self._line.keys.take(pieces.parts)
        events = self._of_account(pieces.parts)
        self._news.gaps.renew()
        async for more in self._of_rooms(pieces):
            events += more
            while len(events) > MOST_TOGETHER:
                yield Batch(tuple(events[:MOST_TOGETHER]), origin)
                del events[:MOST_TOGETHER]
        events += self._news.of_spaces() + self._of_presence(pieces.parts) + self._line.posted.take() + self._late()
        self._line.rooms.put_note("filled", True)
        if self._line.keys:
            await self._line.keys.rooms.keep_rooms()
        await self._line.rooms.prepare(position)
        if events or position != self.position:
            yield Batch(tuple(events), origin, checkpoint.to_bytes(position))
        await self._line.rooms.settle()
        self._line.rooms.is_new = False
        self.position = position
        if keys := self._line.keys:
            if keys.late:
                self._line.posted.put()  # there may be more than what is told at once
            await keys.stored()
            self._line.look_after_keys(changed=False)
        async for batch in self._of_keys():
            yield batch

    def _late(self) -> list[Event]:
        """What stood there sealed and can be read now."""
        found: list[Event] = []
        for one in self._line.keys.late if self._line.keys else ():
            opened = one.opened
            found += self._news.late(one.room, one.event, Revealed(opened.type, opened.content, opened.untrusted))
        return found

    async def _of_keys(self) -> AsyncIterator[Batch]:
        """What the owner of the account should know or answer, and who is who, as far as that is new.

        Some of it is only known once the keys were settled.
        """
        keys = self._line.keys
        if keys is None:
            return
        seen = await keys.verifications()
        self._line.matters.put("verification", *comparing.matters(seen, self._line.me, self._name_of))
        self._line.matters.put("files", *tasks_key_file.matters())
        if news := self._line.matters.news():
            yield Batch(tuple(news), Origin.LIVE)
        while trusts := await keys.trusts():
            events = [TrustChanged(user, trust) for user, trust in trusts]
            yield Batch((*events, *await self._seals.look_again()), Origin.LIVE)
            await keys.told(user for user, _ in trusts)

    def _name_of(self, seen: Seen) -> str:
        """What somebody is called where they ask, and their address: a name alone can be anybody's."""
        name = self._line.rooms.name_of(seen.room, seen.user) if seen.room else ""
        return f"{name} ({seen.user})" if name else seen.user

    async def _looked_through(self, text: str) -> tuple[Pieces, str]:
        """The answer and the position after it. Raises NotReached where it makes no sense."""
        pieces = Pieces(text)
        try:
            for number, _ in enumerate(pieces.look_through(), 1):
                if number % AT_A_TIME == 0:
                    await asyncio.sleep(BREATH)
        except Nonsense:
            raise NotReached(Problem.GARBAGE, self._line.wire.host) from None
        position = pieces.parts.get("next_batch")
        if not isinstance(position, str) or not 0 < len(position) <= checkpoint.LONGEST:
            raise NotReached(Problem.GARBAGE, self._line.wire.host)
        return pieces, position

    async def _of_rooms(self, pieces: Pieces) -> AsyncIterator[list[Event]]:
        first = not self.position
        for kind, room, piece in pieces.rooms():
            await asyncio.sleep(0)
            try:
                yield await self._news.read(kind, room_id(room), piece, first) if isinstance(piece, Mapping) else []
            except NoAddress:
                self._line.quarantine.left_out += 1
            except (NotReached, asyncio.CancelledError):
                raise
            except Exception:
                self._line.quarantine.left_out += 1
                log.exception("what is new in a room could not be read")

    def _of_account(self, parts: Mapping[str, Any]) -> list[Event]:
        found: list[Event] = []
        for event in events_in(parts.get("account_data")):
            with self._line.quarantine.around():
                found += self._of_account_event(event)
        return found

    def _of_account_event(self, event: object) -> list[Event]:
        if isinstance(event, Mapping) and text_in(event, "type").startswith(LOCKED_KEYS):
            self._line.look_after_keys()
        if (content := plain_content(event, KIND)) is not None:
            return [one for room in sorted(self._directs.note(content)) for one in self._news.look_again(room)]
        if (rules := plain_content(event, wishes.KIND)) is not None:
            return [one for room in sorted(self._wishes.note(rules)) for one in self._news.kept(room)]
        return []

    def _of_presence(self, parts: Mapping[str, Any]) -> list[Event]:
        """Who comes and goes of those with whom there is a direct chat; in large rooms it would be everybody."""
        found: list[Event] = []
        for event in events_in(parts.get("presence")):
            content = plain_content(event, "m.presence")
            who = event.get("sender") if isinstance(event, Mapping) else None
            if content is None or not is_user(who) or not self._directs.knows(who):
                continue
            presence = _PRESENCE.get(text_in(content, "presence"), Presence.UNKNOWN)
            found.append(PresenceChanged(who, presence, tidy_name(content.get("status_msg"))))
        return found
