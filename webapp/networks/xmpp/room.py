"""One room that we are in, or want to be in (XEP-0045): who is there, and who we are there."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from xml.etree.ElementTree import Element

from webapp.networks.events import Member
from webapp.networks.xmpp.addresses import bare, local, resource
from webapp.networks.xmpp.contents import tidy_name
from webapp.networks.xmpp.names import MAM, MUC_ADMIN, MUC_USER, OCCUPANT_ID, tag
from webapp.networks.xmpp.translate import InRoom

ITEM = f"{tag(MUC_USER, 'x')}/{tag(MUC_USER, 'item')}"
STATUS = f"{tag(MUC_USER, 'x')}/{tag(MUC_USER, 'status')}"
DESTROY = f"{tag(MUC_USER, 'x')}/{tag(MUC_USER, 'destroy')}"
DESTROYED = "destroyed"
"""No status code says it; it stands among them all the same."""
FOR_GOOD = {DESTROYED, "301", "321", "322"}
"""Banned, no member any more: not for us, whatever becomes of the room."""
OURSELVES, CREATED, NICK_CHANGED, RESTARTING = "110", "201", "303", {"332", "333"}
_ROLES = {"owner": "owner", "admin": "admin"}
_AFFILIATIONS = {*_ROLES, "member"}


KINDS = {MAM} | {
    f"muc_{word}" for word in ("hidden", "membersonly", "moderated", "nonanonymous", "passwordprotected", "persistent")
}
"""What a room can say of itself (XEP-0045 section 15.3), and that it keeps an archive."""


@dataclass(frozen=True)
class Occupant:
    """Somebody in a room. ``address`` is the real one where the room tells it, else the one in the room."""

    address: str
    role: str


@dataclass
class Room:
    """What we know of a room. ``entered`` is done once we are in (or cannot be), ``opened`` once we may speak there."""

    address: str
    nick: str
    me: str
    bookmarked_as: str = ""
    name: str = ""
    kind: frozenset[str] | None = None
    """What it says of itself, as far as we care (``KINDS``); None as long as it was not asked."""
    archive: bool = False
    position_stays: bool = False
    """The archive could not be read: what was missed will be asked for again at the next entry."""
    created: bool = False
    occupant: str = ""
    inside: bool = False
    ready: bool = False
    """What was missed is told, what happens now may be told."""
    heard_at: float = 0.0
    """When the room last said something, on the clock of ``time.monotonic``."""
    occupants: dict[str, Occupant] = field(default_factory=dict)
    affiliated: dict[str, str] = field(default_factory=dict)
    held: list[Element] = field(default_factory=list)
    entered: asyncio.Future[None] = field(default_factory=lambda: asyncio.get_running_loop().create_future())
    opened: asyncio.Future[None] = field(default_factory=lambda: asyncio.get_running_loop().create_future())

    @property
    def title(self) -> str:
        return self.bookmarked_as or self.name or local(self.address)

    @property
    def members_only(self) -> bool:
        return "muc_membersonly" in (self.kind or ())

    @property
    def belonging(self) -> dict[str, str]:
        """The affiliation of everybody else who belongs here, as far as we know."""
        leading = [one for one in self.occupants.values() if one.role in _ROLES and "/" not in one.address]
        known = {**{one.address: one.role for one in leading}, **self.affiliated}
        return {address: role if role in _ROLES else "member" for address, role in known.items() if address != self.me}

    def note_features(self, features: frozenset[str]) -> None:
        """What the room answers when it is asked about itself."""
        self.kind, self.archive = features & KINDS, MAM in features

    @property
    def people(self) -> Mapping[str, str]:
        return {nick: one.address for nick, one in self.occupants.items() if "/" not in one.address}

    @property
    def setting(self) -> InRoom:
        return InRoom(self.address, self.me, self.nick, self.occupant, self.people)

    def arrived(self, stanza: Element) -> Member:
        """Somebody is here, perhaps we. The answer is how the list of members shows them."""
        nick = resource(stanza.get("from"))
        item = stanza.find(ITEM)
        real = bare(item.get("jid")) if item is not None and item.get("jid") else ""
        affiliation = "" if item is None else item.get("affiliation", "")
        moderates = item is not None and item.get("role") == "moderator"
        ours = OURSELVES in statuses(stanza)
        if ours:
            self._it_is_us(nick, stanza)
        role = _ROLES.get(affiliation) or ("moderator" if moderates else "")
        address = self.me if ours else real or f"{self.address}/{nick}"
        if self.members_only and real and affiliation in _AFFILIATIONS:
            self.affiliated[real] = _ROLES.get(affiliation, "")
        self.occupants[nick] = Occupant(address, role)
        return Member(address, tidy_name(nick), role)

    def left(self, stanza: Element) -> Member | str | None:
        """Somebody went: a member who is only away now, an address that is gone, or nobody whom we knew."""
        nick = resource(stanza.get("from"))
        gone = self.occupants.pop(nick, None)
        item = stanza.find(ITEM)
        if gone is not None and item is not None and item.get("affiliation") in {"none", "outcast"}:
            self.affiliated.pop(gone.address, None)
        if gone is None or any(one.address == gone.address for one in self.occupants.values()):
            return None
        if gone.address in self.affiliated:
            return Member(gone.address, tidy_name(nick), self.affiliated[gone.address], present=False)
        return gone.address

    def open(self) -> None:
        """We are in, and so may others be: a room that we made is locked for everybody else until it is set up."""
        if not self.opened.done():
            self.opened.set_result(None)

    def give_up(self) -> None:
        """Nobody needs to wait for it any longer."""
        self.entered.cancel()
        self.opened.cancel()

    @property
    def is_open(self) -> bool:
        return self.inside and self.opened.done() and not self.opened.cancelled()

    def members(self) -> tuple[Member, ...]:
        """Everybody who is here or belongs here, each once."""
        found = {a: Member(a, None, role, present=False) for a, role in self.affiliated.items()}
        for nick, one in self.occupants.items():
            found[one.address] = Member(one.address, tidy_name(nick), one.role)
        return tuple(found.values())

    def note_affiliated(self, answer: Element) -> None:
        """Who belongs here, whether they are here or not."""
        for item in answer.iter(tag(MUC_ADMIN, "item")):
            if item.get("jid"):
                self.affiliated[bare(item.get("jid"))] = _ROLES.get(item.get("affiliation", ""), "")

    def _it_is_us(self, nick: str, stanza: Element) -> None:
        self.nick, self.inside = nick, True
        self.created = CREATED in statuses(stanza)
        occupant = stanza.find(tag(OCCUPANT_ID, "occupant-id"))
        self.occupant = "" if occupant is None else occupant.get("id", "")
        if not self.entered.done():
            self.entered.set_result(None)


def statuses(stanza: Element) -> set[str]:
    """The status codes of a presence or message of a room (XEP-0045 section 15.6.2)."""
    return {found.get("code", "") for found in stanza.iterfind(STATUS)}
