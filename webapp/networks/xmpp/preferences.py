"""What our own archive keeps, as the person's other programs may have told it (XEP-0313 section 6)."""

from collections.abc import Container
from dataclasses import dataclass
from xml.etree.ElementTree import Element

from webapp.networks.xmpp.addresses import NoAddress, bare
from webapp.networks.xmpp.names import MAM, tag


@dataclass(frozen=True)
class Preferences:
    """Whose messages are kept. ``default`` (always, never, roster) is for those who are on neither list."""

    default: str = "always"
    always: frozenset[str] = frozenset()
    never: frozenset[str] = frozenset()

    def keeps(self, address: str, contacts: Container[str]) -> bool:
        """Whether what is said to this address is kept for certain."""
        if address in self.never | self.always:
            return address not in self.never
        return self.default == "always" or (self.default == "roster" and address in contacts)


def preferences_of(answer: Element) -> Preferences:
    """What an archive answers; one that answers nothing keeps everything."""
    told = answer.find(tag(MAM, "prefs"))
    if told is None:
        return Preferences()
    return Preferences(told.get("default", "always"), _addresses(told, "always"), _addresses(told, "never"))


def _addresses(told: Element, name: str) -> frozenset[str]:
    found = set()
    for one in told.iterfind(f"{tag(MAM, name)}/{tag(MAM, 'jid')}"):
        try:
            found.add(bare((one.text or "").strip()))
        except NoAddress:
            continue
    return frozenset(found)
