"""A room that its server forgot, made again as it was (XEP-0045 sections 9.5 and 10.1).

Who makes a room gets what the server thinks usual, and that may be open to everybody. A family's closed room must not
come back like that: whoever belonged to it belongs to it before the door is opened, and if it cannot be as closed as it
was, it is not made.
"""

from xml.etree.ElementTree import Element, SubElement

from webapp.networks.xmpp.folder import KnownRoom
from webapp.networks.xmpp.line import Line
from webapp.networks.xmpp.names import FORM, MAM, MUC_ADMIN, MUC_OWNER, tag
from webapp.networks.xmpp.refusals import Declined
from webapp.networks.xmpp.room import Room
from webapp.networks.xmpp.stanzas import element, form_of, query

CONFIGURATION = "http://jabber.org/protocol/muc#roomconfig"
_FIELDS = {
    "muc_hidden": {"muc#roomconfig_publicroom": ("0", "1")},
    "muc_membersonly": {"muc#roomconfig_membersonly": ("1", "0")},
    "muc_moderated": {"muc#roomconfig_moderatedroom": ("1", "0")},
    "muc_nonanonymous": {"muc#roomconfig_whois": ("anyone", "moderators")},
    "muc_persistent": {"muc#roomconfig_persistentroom": ("1", "0")},
    MAM: {"muc#roomconfig_enablearchiving": ("1", "0"), "muc#roomconfig_enablelogging": ("1", "0")},
}
"""What to write into the form where the room was so, and where it was not."""
_CLOSED = {"muc_hidden", "muc_membersonly", "muc_passwordprotected"}
_OPEN = {"muc_nonanonymous"}


async def make_as_it_was(line: Line, room: Room, known: KnownRoom) -> None:
    """Set up a room that is still locked. Raises Declined if we did not know it, or it cannot be as it was."""
    if not known.entered or known.kind is None:
        raise Declined("item-not-found")
    was = frozenset(known.kind)
    await _let_in(line, room, known.members or {})
    offered = await line.wire.ask("get", query(MUC_OWNER), room.address)
    wishes = _wishes(was, known.name)
    names = {field.get("var", "") for field in offered.iter(tag(FORM, "field"))}
    filled = form_of(CONFIGURATION, {name: value for name, value in wishes.items() if name in names})
    await line.wire.ask("set", query(MUC_OWNER, filled), room.address)
    is_now = (await line.about(room.address)).features
    if not (was & _CLOSED <= is_now and is_now & _OPEN <= was):
        await line.wire.ask("set", query(MUC_OWNER, element(MUC_OWNER, "destroy")), room.address)
        raise Declined("not-allowed")


def _wishes(was: frozenset[str], name: str) -> dict[str, str]:
    chosen = {
        field: yes if feature in was else no
        for feature, fields in _FIELDS.items()
        for field, (yes, no) in fields.items()
    }
    return {**({"muc#roomconfig_roomname": name} if name else {}), **chosen}


async def _let_in(line: Line, room: Room, members: dict[str, str]) -> None:
    """Everybody who belonged to it, each with a question of its own: one that is refused takes nobody along."""
    for address, affiliation in members.items():
        wish = query(MUC_ADMIN)
        SubElement(wish, tag(MUC_ADMIN, "item"), {"affiliation": affiliation, "jid": address})
        await _ask_in_vain(line, wish, room.address)


async def _ask_in_vain(line: Line, wish: Element, to: str) -> None:
    try:
        await line.wire.ask("set", wish, to)
    except Declined:
        return
