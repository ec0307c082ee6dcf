"""How far the person has read, in step with their other devices (XEP-0490)."""

from xml.etree.ElementTree import Element, SubElement

from webapp.networks.events import Event, MessageRef, ReadElsewhere
from webapp.networks.xmpp.addresses import NoAddress, parse
from webapp.networks.xmpp.line import Line
from webapp.networks.xmpp.names import PUBSUB, PUBSUB_EVENT, READ_POSITIONS, STANZA_IDS, tag
from webapp.networks.xmpp.refusals import Declined
from webapp.networks.xmpp.stanzas import element, items, publish


class ReadPositions:
    """The node of read positions of one account."""

    def __init__(self, line: Line) -> None:
        self._line = line

    async def fetch(self) -> list[Event]:
        """All positions that other devices left. Raises Unreachable."""
        try:
            reply = await self._line.wire.ask("get", items(READ_POSITIONS), self._line.me)
        except Declined:
            return []  # nothing was ever published, or the server cannot keep it
        return [event for item in reply.iter(tag(PUBSUB, "item")) for event in _read(item)]

    def hear(self, announcement: Element) -> None:
        """Another device (or we ourselves) moved a position."""
        for item in announcement.iter(tag(PUBSUB_EVENT, "item")):
            self._line.tell(*_read(item))

    async def move(self, conversation: str, name: str, by: str) -> None:
        """Publish a position: the name that the archive of ``by`` gave to the message. Raises Unreachable."""
        payload = element(READ_POSITIONS, "displayed")
        SubElement(payload, tag(STANZA_IDS, "stanza-id"), {"id": name, "by": by})
        try:
            await self._line.wire.ask("set", publish(READ_POSITIONS, conversation, payload), self._line.me)
        except Declined:
            return  # the marker has told the others all the same


def _read(item: Element) -> list[Event]:
    found = item.find(f"{tag(READ_POSITIONS, 'displayed')}/{tag(STANZA_IDS, 'stanza-id')}")
    try:
        conversation = str(parse(item.get("id")))
    except NoAddress:
        return []
    name = None if found is None else found.get("id")
    return [ReadElsewhere(conversation, MessageRef(remote_id=name))] if name else []
