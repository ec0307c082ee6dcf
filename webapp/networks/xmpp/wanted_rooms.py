"""The rooms in which the person wants to be: as their server remembers it, and as we do in case that it does not."""

import contextlib
from collections.abc import Callable
from xml.etree.ElementTree import Element

from webapp.networks.errors import Unreachable
from webapp.networks.xmpp.bookmarks import Bookmark, Bookmarks
from webapp.networks.xmpp.line import Line
from webapp.networks.xmpp.tasks import Tasks


class WantedRooms:
    """Tells ``follow`` of each room that the person wants, or does not want any more."""

    def __init__(self, line: Line, tasks: Tasks, follow: Callable[[Bookmark], None]) -> None:
        self._folder = line.folder
        self._tasks = tasks
        self._follow = follow
        self._bookmarks = Bookmarks(line, self._changed)
        self._first_found: set[str] = set()

    async def begin(self) -> None:
        """Tell of every room of the bookmarks, and of those that only we remember. Raises Unreachable."""
        found = await self._bookmarks.fetch()
        for bookmark in found or []:
            self._changed(bookmark)
            if bookmark.wanted:
                self._first_found.add(bookmark.room)
        for bookmark in self._ours(found):
            self._follow(bookmark)
            if found is not None:
                self._tasks.start(self.remember(bookmark.room, bookmark.name, bookmark.nick))

    async def look_again(self) -> None:
        """Tell of what changed since the beginning."""
        with contextlib.suppress(Unreachable):
            kept = await self._bookmarks.fetch()
            if kept is None:
                return
            found = [bookmark for bookmark in kept if bookmark.wanted]
            gone = self._first_found - {bookmark.room for bookmark in found}
            for bookmark in [*found, *map(Bookmark, gone)]:
                self._changed(bookmark)

    def hear(self, announcement: Element) -> None:
        """News of the node of bookmarks."""
        self._bookmarks.hear(announcement)

    async def remember(self, address: str, name: str, nick: str) -> None:
        """That the person wants to be in this room, here and, if their server can, on every device."""
        self._folder.note_room(address, called=name, nick=nick, wanted=True)
        bookmarked = await self._bookmarks.keep(address, name, nick)
        self._folder.note_room(address, bookmarked=bookmarked)

    async def forget(self, address: str) -> None:
        """That the person does not want to be there any more, on any device."""
        self._folder.note_room(address, wanted=False)
        await self._bookmarks.drop(address)

    def _ours(self, found: list[Bookmark] | None) -> list[Bookmark]:
        """Rooms of which the person's server knows nothing: all, if it keeps none."""
        wanted = self._folder.wanted_rooms.items()
        return [Bookmark(a, one.called, one.nick, True) for a, one in wanted if found is None or not one.bookmarked]

    def _changed(self, bookmark: Bookmark) -> None:
        """The server says so; it is remembered in case that it does not know any more one day."""
        if bookmark.wanted or bookmark.room in self._folder.wanted_rooms:
            said = {"called": bookmark.name, "nick": bookmark.nick, "wanted": bookmark.wanted}
            self._folder.note_room(bookmark.room, **said, bookmarked=True)
        self._follow(bookmark)
