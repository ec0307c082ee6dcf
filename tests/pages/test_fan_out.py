"""Many tabs cost little more than one."""

import asyncio
from dataclasses import replace

from tests.rows import Rows, said
from webapp.changes import ConversationChanged
from webapp.database import Database
from webapp.drawing import Reader
from webapp.live.door import Visitor
from webapp.live.tabs import Tabs, View
from webapp.live.watcher import Watcher


class Socket:
    """A line that takes everything."""

    def __init__(self) -> None:
        self.got: list[str] = []

    async def send_text(self, text: str) -> None:
        self.got.append(text)


class CountingDatabase:
    """Counts how often it is asked from an async room."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self.asked = 0

    async def from_database(self, query, *args):
        self.asked += 1
        return await self._database.from_database(query, *args)


def test_tabs_that_look_at_the_same_thing_share_what_is_drawn(tmp_path) -> None:
    rows = Rows(tmp_path)
    alice = rows.person("Alice")
    rows.arrive(rows.account(alice), said("Hello", "r1"))
    here = rows.conversation().id
    counting = CountingDatabase(rows.database)
    view = View(alice, Reader(user_id=alice), "token", conversation_id=here)

    async def tell(count: int) -> list[Socket]:
        tabs = Tabs()
        visitor = Visitor(alice, 1, counting, rows.hub)
        sockets = [Socket() for _ in range(count)]
        watchers = [Watcher(socket, visitor, tabs, str(number)) for number, socket in enumerate(sockets)]
        for number, watcher in enumerate(watchers):
            tabs.looks_at(str(number), view if number else replace(view, conversation_id=None))
            watcher.hear([ConversationChanged(alice, here)])
        running = [asyncio.ensure_future(watcher.run()) for watcher in watchers]
        while not all(socket.got for socket in sockets):  # noqa: ASYNC110 (the sockets tell nobody)
            await asyncio.sleep(0.01)
        for task in running:
            task.cancel()
        return sockets

    sockets = asyncio.run(asyncio.wait_for(tell(30), 20))
    assert counting.asked == 2
    assert len({socket.got[0] for socket in sockets}) == 2
    rows.database.close()
