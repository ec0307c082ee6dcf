"""The contact list (RFC 6121): who is on it, who is there, who asks to be on it."""

from dataclasses import dataclass
from xml.etree.ElementTree import Element, SubElement

from webapp.networks.actions import AddContact, Done
from webapp.networks.events import (
    ContactChanged,
    ContactGone,
    ConversationChanged,
    ConversationKind,
    ConversationState,
    Event,
    InvitationReceived,
    Presence,
    PresenceChanged,
)
from webapp.networks.xmpp.addresses import bare, resource
from webapp.networks.xmpp.contents import tidy_name
from webapp.networks.xmpp.line import Line
from webapp.networks.xmpp.names import CLIENT, NICK, ROSTER, tag
from webapp.networks.xmpp.stanzas import element, presence

ITEM = f"{tag(ROSTER, 'query')}/{tag(ROSTER, 'item')}"
_SHOWN = {
    "": Presence.ONLINE,
    "chat": Presence.ONLINE,
    "away": Presence.AWAY,
    "xa": Presence.AWAY,
    "dnd": Presence.BUSY,
}
_BEST = [Presence.ONLINE, Presence.BUSY, Presence.AWAY]


@dataclass(frozen=True)
class Contact:
    """One entry. ``subscription``: whose presence is shown to whom (none, to, from, both)."""

    name: str
    subscription: str
    asked: bool

    @property
    def may_see_us(self) -> bool:
        return self.subscription in {"from", "both"}


class Roster:
    """The contact list of one session."""

    def __init__(self, line: Line) -> None:
        self._line = line
        self.contacts: dict[str, Contact] = {}
        self.requests: set[str] = set()
        self._there: dict[str, dict[str, tuple[Presence, str]]] = {}
        line.wire.pushes[tag(ROSTER, "query")] = self._pushed

    async def fetch(self) -> None:
        """Get the whole list, and say what became of it since the last time. Raises Declined, Unreachable."""
        reply = await self._line.wire.ask("get", element(ROSTER, "query"))
        events = [event for item in reply.iterfind(ITEM) for event in self._changed(item)]
        gone = [ContactGone(address) for address in self._line.folder.contacts if address not in self.contacts]
        self._line.outlet.put([*events, *gone], afterwards=self._remember)

    def may_see_us(self, address: str) -> bool:
        contact = self.contacts.get(address)
        return contact is not None and contact.may_see_us

    def hear(self, stanza: Element) -> None:
        """A presence that is not of a room."""
        sender, kind = bare(stanza.get("from")), stanza.get("type", "")
        if sender == self._line.me:
            return
        if kind == "subscribe":
            self._asked(sender, stanza)
        elif kind in {"", "unavailable"}:
            self._moved(sender, resource(stanza.get("from")), kind, stanza)

    async def add(self, action: AddContact) -> Done:
        """Put somebody on the list and ask; they may see us in return, so that one yes makes it mutual."""
        address = action.conversation
        await self._line.order(_entry(address, name=tidy_name(action.name)))
        self._line.wire.say(presence(address, "subscribe"))
        self._line.wire.say(presence(address, "subscribed"))
        self.requests.discard(address)
        await self._line.wire.round_trip()
        return Done(conversation=address)

    async def remove(self, address: str) -> Done:
        await self._line.order(_entry(address, subscription="remove"))
        return Done(conversation=address)

    async def accept(self, address: str) -> Done:
        """Say yes to somebody who asked, and ask in return."""
        self._line.wire.say(presence(address, "subscribed"))
        contact = self.contacts.get(address)
        if contact is None or contact.subscription not in {"to", "both"}:
            self._line.wire.say(presence(address, "subscribe"))
        self.requests.discard(address)
        await self._line.wire.round_trip()
        self._line.tell(ConversationChanged(address, ConversationKind.DIRECT, state=ConversationState.JOINED))
        return Done(conversation=address)

    async def decline(self, address: str) -> Done:
        self._line.wire.say(presence(address, "unsubscribed"))
        self.requests.discard(address)
        await self._line.wire.round_trip()
        self._line.tell(ConversationChanged(address, ConversationKind.DIRECT, state=ConversationState.DECLINED))
        return Done(conversation=address)

    def _pushed(self, stanza: Element) -> None:
        events = [event for item in stanza.iterfind(ITEM) for event in self._changed(item)]
        self._line.outlet.put(events, afterwards=self._remember)

    def _changed(self, item: Element) -> list[Event]:
        address = bare(item.get("jid"))
        if item.get("subscription") == "remove":
            self.contacts.pop(address, None)
            self._line.names.pop(address, None)
            self._there.pop(address, None)
            return [ContactGone(address)]
        name = tidy_name(item.get("name"))
        contact = Contact(name, item.get("subscription", "none"), item.get("ask") == "subscribe")
        self.contacts[address] = contact
        self._line.names[address] = name
        mutual = contact.subscription == "both"
        return [ContactChanged(address, name or None, mutual, conversation=address)]

    def _remember(self) -> None:
        self._line.folder.note_contacts(sorted(self.contacts))

    def _asked(self, sender: str, stanza: Element) -> None:
        """Somebody wants to see when we are there. Whom the person asked first is not asked about again."""
        contact = self.contacts.get(sender)
        if contact is not None and (contact.asked or contact.subscription == "to"):
            self._line.wire.say(presence(sender, "subscribed"))
            return
        self.requests.add(sender)
        name = tidy_name(stanza.findtext(tag(NICK, "nick"))) or (contact.name if contact else "")
        text = tidy_name(stanza.findtext(tag(CLIENT, "status")), 1000)
        kind = ConversationKind.DIRECT
        self._line.tell(InvitationReceived(sender, kind, sender, sender_name=name or None, text=text or None))

    def _moved(self, sender: str, device: str, kind: str, stanza: Element) -> None:
        """Fold the devices of a contact into one presence: the one where they are reached best."""
        if sender not in self.contacts:
            return
        devices = self._there.setdefault(sender, {})
        before = _fold(devices)
        if kind == "unavailable":
            devices.pop(device, None)
        else:
            show = _SHOWN.get(stanza.findtext(tag(CLIENT, "show"), ""), Presence.ONLINE)
            devices[device] = (show, tidy_name(stanza.findtext(tag(CLIENT, "status"))))
        now = _fold(devices)
        if now != before or kind == "unavailable":
            self._line.tell(PresenceChanged(sender, *now))


def _fold(devices: dict[str, tuple[Presence, str]]) -> tuple[Presence, str]:
    return min(devices.values(), key=lambda d: _BEST.index(d[0]), default=(Presence.OFFLINE, ""))


def _entry(address: str, **attributes: str) -> Element:
    made = element(ROSTER, "query")
    SubElement(made, tag(ROSTER, "item"), {"jid": address, **{k: v for k, v in attributes.items() if v}})
    return made
