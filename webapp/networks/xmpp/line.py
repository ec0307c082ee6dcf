"""What the parts of one session share."""

import contextlib
from collections.abc import Iterable
from dataclasses import dataclass, field
from xml.etree.ElementTree import Element

from webapp.networks.errors import Refused, Unreachable
from webapp.networks.events import Event, Origin
from webapp.networks.xmpp.archive import Archives
from webapp.networks.xmpp.folder import Folder
from webapp.networks.xmpp.names import DISCO_INFO, MAM, tag
from webapp.networks.xmpp.outlet import Outlet
from webapp.networks.xmpp.refusals import Declined, refusal
from webapp.networks.xmpp.stanzas import element
from webapp.networks.xmpp.wire import Wire


@dataclass(frozen=True)
class About:
    """What somebody answers about itself (XEP-0030)."""

    identities: tuple[tuple[str, str, str], ...] = ()
    """Category, type and name of each."""
    features: frozenset[str] = frozenset()

    @property
    def is_room(self) -> bool:
        return any(category == "conference" for category, _, _ in self.identities)

    @property
    def name(self) -> str:
        return next((name for _, _, name in self.identities if name), "")


@dataclass
class Line:
    """A stream that is signed in, its archives, and where events go."""

    wire: Wire
    outlet: Outlet
    folder: Folder
    archives: Archives
    names: dict[str, str] = field(default_factory=dict)
    """What the person calls their contacts, by address."""
    about_us: About = field(default_factory=About)

    @property
    def me(self) -> str:
        return self.wire.account

    def tell(self, *events: Event, origin: Origin = Origin.LIVE) -> None:
        self.outlet.put(events, origin)

    def without_archive(self) -> None:
        """Go on without our own archive until the next connection. Its position stays where it is, so what could not
        be read now will be then."""
        self.about_us = About(self.about_us.identities, self.about_us.features - {MAM})

    async def about(self, address: str, seconds: float = 10.0) -> About:
        """Ask an address about itself. Raises Declined, Unreachable."""
        reply = await self.wire.ask("get", element(DISCO_INFO, "query"), address, seconds)
        found = reply.iterfind(f".//{tag(DISCO_INFO, 'identity')}")
        identities = tuple((one.get("category", ""), one.get("type", ""), one.get("name", "")) for one in found)
        features = (one.get("var", "") for one in reply.iterfind(f".//{tag(DISCO_INFO, 'feature')}"))
        return About(identities, frozenset(features))

    async def order(self, payload: Element, to: str = "") -> Element:
        """Ask for a change. Raises Refused in words, Unreachable."""
        try:
            return await self.wire.ask("set", payload, to)
        except Declined as error:
            raise Refused(refusal(error.condition, error.text)) from None

    def try_to_say(self, stanzas: Iterable[Element]) -> None:
        """Say something that nobody misses when there is no line."""
        with contextlib.suppress(Unreachable):
            for stanza in stanzas:
                self.wire.say(stanza)
