"""The rooms that the person is in, on every device (XEP-0402)."""

from collections.abc import Callable
from dataclasses import dataclass
from xml.etree.ElementTree import Element, SubElement

from webapp.networks.errors import Unreachable
from webapp.networks.xmpp.addresses import NoAddress, bare
from webapp.networks.xmpp.contents import tidy_name
from webapp.networks.xmpp.line import Line
from webapp.networks.xmpp.names import BOOKMARKS, PUBSUB, PUBSUB_EVENT, tag
from webapp.networks.xmpp.refusals import Declined
from webapp.networks.xmpp.stanzas import clean, element, items, publish, retract


@dataclass(frozen=True)
class Bookmark:
    """A room. ``wanted``: enter it as soon as there is a line."""

    room: str
    name: str = ""
    nick: str = ""
    wanted: bool = False


class Bookmarks:
    """The node of bookmarks of one account."""

    def __init__(self, line: Line, changed: Callable[[Bookmark], None]) -> None:
        self._line = line
        self._changed = changed

    async def fetch(self) -> list[Bookmark] | None:
        """All of them; None if the server keeps no bookmarks. Raises Unreachable."""
        try:
            reply = await self._line.wire.ask("get", items(BOOKMARKS), self._line.me)
        except Declined as error:
            return [] if error.condition == "item-not-found" else None
        return [found for item in reply.iter(tag(PUBSUB, "item")) if (found := _read(item)) is not None]

    def hear(self, announcement: Element) -> None:
        """Another device (or we ourselves) entered or left a room for good."""
        for item in announcement.iter(tag(PUBSUB_EVENT, "item")):
            if (found := _read(item)) is not None:
                self._changed(found)
        for item in announcement.iter(tag(PUBSUB_EVENT, "retract")):
            if (found := _read(item)) is not None:
                self._changed(found)

    async def keep(self, room: str, name: str, nick: str) -> bool:
        """Have the server remember this room; whether it does."""
        conference = element(BOOKMARKS, "conference", autojoin="true", **({"name": name} if name else {}))
        SubElement(conference, tag(BOOKMARKS, "nick")).text = clean(nick)
        return await self._set(publish(BOOKMARKS, room, conference))

    async def drop(self, room: str) -> None:
        await self._set(retract(BOOKMARKS, room))

    async def _set(self, payload: Element) -> bool:
        """A server that keeps no bookmarks is no reason not to be in a room."""
        try:
            await self._line.wire.ask("set", payload, self._line.me)
        except (Declined, Unreachable):
            return False
        return True


def _read(item: Element) -> Bookmark | None:
    try:
        room = bare(item.get("id"))
    except NoAddress:
        return None
    conference = item.find(tag(BOOKMARKS, "conference"))
    if conference is None:
        return Bookmark(room)
    nick = tidy_name(conference.findtext(tag(BOOKMARKS, "nick")))
    wanted = conference.get("autojoin") in {"true", "1"}
    return Bookmark(room, tidy_name(conference.get("name")), nick, wanted)
