"""The running connection of one account: its parts, put together.

``wire`` asks, ``sync`` goes round, ``keys`` open and seal, ``room_news`` and ``translate`` make events of what comes,
``rooms`` remembers.
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator

from webapp.networks.actions import Action, Done, SendText
from webapp.networks.contract import Anchor, Credentials, Found, History, MemberPage, Session, Surroundings
from webapp.networks.events import Batch
from webapp.networks.login import Dialogue
from webapp.networks.matrix import history, members, outgoing, pictures, tasks
from webapp.networks.matrix.actions import Actions
from webapp.networks.matrix.checkpoint import from_bytes
from webapp.networks.matrix.direct import Directs
from webapp.networks.matrix.key_opening import open_keys
from webapp.networks.matrix.line import Line
from webapp.networks.matrix.room_news import RoomNews
from webapp.networks.matrix.rooms import Rooms
from webapp.networks.matrix.seals import Seals
from webapp.networks.matrix.sync import Sync
from webapp.networks.matrix.tasks_trust import TrustTasks
from webapp.networks.matrix.trouble import Declined, NotReached, Problem, Rejected
from webapp.networks.matrix.upkeep import Upkeep
from webapp.networks.matrix.wire import Wire, path
from webapp.networks.matrix.wishes import Wishes


class MatrixSession(Session):
    """One account. ``open`` first, then ``batches``; the rest may be called while those run."""

    def __init__(self, credentials: Credentials, surroundings: Surroundings) -> None:
        self._me = credentials.address
        self._secrets = credentials.secrets
        self._surroundings = surroundings
        self._line: Line | None = None

    async def open(self, checkpoint: bytes | None) -> None:
        """What was opened by then is closed again if the rest cannot be."""
        async with contextlib.AsyncExitStack() as opened:
            wire = Wire(self._secrets.get("homeserver", ""), self._surroundings, self._secrets.get("token", ""))
            opened.push_async_callback(wire.close)
            await self._introduce(wire)
            device, position = self._secrets.get("device", ""), from_bytes(checkpoint)
            keys = await open_keys(self._surroundings, self._me, device, wire)
            if keys:
                opened.push_async_callback(keys.close)
            rooms = await asyncio.to_thread(Rooms, self._surroundings.folder, position)
            opened.push_async_callback(rooms.close)
            since = float(self._secrets.get("since", 0) or 0)
            line = Line(wire, self._me, device, since, rooms, self._surroundings, keys)
            await self._put_together(line, position)
            opened.pop_all()
        self._line = line

    async def _put_together(self, line: Line, position: str) -> None:
        directs = Directs(line)
        wishes = await asyncio.to_thread(Wishes, line.rooms)
        seals = Seals(line, directs)
        await seals.load()
        self._news = RoomNews(line, directs, wishes, seals)
        self._actions = Actions(line, directs, seals)
        if line.keys:
            line.keys.changed = line.posted.put
        self._trust_tasks = TrustTasks(line, directs)
        self._sync = Sync(line, directs, wishes, self._news, seals, position)

    async def _introduce(self, wire: Wire) -> None:
        """The token must be ours, and of the device that we take ourselves for. Raises NotReached, Rejected."""
        try:
            told = await wire.ask("GET", path("account", "whoami"))
        except Declined:
            raise NotReached(Problem.NO_HOMESERVER, wire.host) from None
        if told.get("user_id") != self._me or told.get("device_id") != self._secrets.get("device"):
            raise Rejected("M_UNKNOWN_TOKEN", wire.host)

    async def batches(self) -> AsyncIterator[Batch]:
        line = self._open_line()
        upkeep = asyncio.create_task(Upkeep(line, line.keys).run()) if line.keys else None
        try:
            async for batch in self._sync.batches():
                yield batch
        except Declined:
            raise NotReached(Problem.GARBAGE, line.wire.host) from None
        finally:
            if upkeep is not None:
                upkeep.cancel()
                await asyncio.gather(upkeep, return_exceptions=True)

    async def perform(self, action: Action) -> Done:
        self._open_line()
        return await self._actions.perform(action)

    async def already_sent(self, action: SendText) -> Found:
        return await outgoing.already_sent(self._open_line(), action)

    async def members(self, conversation: str, after: str | None, limit: int) -> MemberPage:
        return await members.members(self._open_line(), conversation, after, limit)

    async def picture(self, ref: str) -> bytes:
        return await pictures.fetch(self._open_line(), ref)

    async def older(self, conversation: str, before: Anchor, limit: int) -> History:
        return await history.older(self._open_line(), self._news, conversation, before, limit)

    async def begin(self, task: str) -> Dialogue:
        return await self._trust_tasks.begin(task) or tasks.begin(self._open_line(), task)

    async def sign_out(self) -> None:
        """The homeserver forgets this device, and with it its token and its keys. Raises NotReached, Declined."""
        with contextlib.suppress(Rejected):  # it has done so before
            await self._open_line().wire.ask("POST", path("logout"), {})

    async def close(self) -> None:
        line, self._line = self._line, None
        if line is None:
            return
        keys = [line.keys.close()] if line.keys else []  # first: from then on nobody works with them any more
        await asyncio.gather(*keys, line.wire.close(), line.rooms.close())

    def _open_line(self) -> Line:
        if self._line is None:
            raise NotReached(Problem.CLOSED, "")
        return self._line
