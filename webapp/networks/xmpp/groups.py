"""Making rooms, and asking people into them."""

import contextlib
from xml.etree.ElementTree import SubElement

from webapp.languages import N_, Sentence
from webapp.networks.errors import Refused, Unreachable
from webapp.networks.events import Member, MembersChanged
from webapp.networks.xmpp.line import Line
from webapp.networks.xmpp.names import DISCO_ITEMS, FORM, MUC_ADMIN, MUC_OWNER, tag
from webapp.networks.xmpp.refusals import Declined, refusal
from webapp.networks.xmpp.room import Room
from webapp.networks.xmpp.stanzas import direct_invitation, element, form_of, mediated_invitation, new_id, query


class Groups:
    """Rooms that one session makes, and whom it asks in."""

    def __init__(self, line: Line) -> None:
        self._line = line
        self._service: str | None = None

    async def find_address(self) -> str:
        """An address for a new room. Raises Refused, Unreachable."""
        return f"{new_id()[:16]}@{await self._find_service()}"

    async def configure(self, room: Room) -> None:
        """Make a new room private and lasting, with real addresses and an archive. Raises Refused, Unreachable."""
        try:
            offered = await self._line.wire.ask("get", query(MUC_OWNER), room.address)
        except Declined as error:
            raise Refused(refusal(error.condition, error.text)) from None
        known = {field.get("var", "") for field in offered.iter(tag(FORM, "field"))}
        wishes = {
            "muc#roomconfig_roomname": room.name,
            "muc#roomconfig_persistentroom": "1",
            "muc#roomconfig_membersonly": "1",
            "muc#roomconfig_publicroom": "0",
            "muc#roomconfig_whois": "anyone",
            "muc#roomconfig_allowinvites": "1",
            "muc#roomconfig_enablearchiving": "1",
            "muc#roomconfig_enablelogging": "1",
            "{http://prosody.im/protocol/muc}roomconfig_allowmemberinvites": "1",
        }
        wanted = {name: value for name, value in wishes.items() if name in known}
        await self._line.order(
            query(MUC_OWNER, form_of("http://jabber.org/protocol/muc#roomconfig", wanted)), room.address
        )
        room.note_features((await self._line.about(room.address)).features)

    async def invite(self, room: Room, members: tuple[str, ...]) -> None:
        """Make them members, and tell them; where we may not, the room is asked to do both."""
        for member in members:
            wish = query(MUC_ADMIN)
            SubElement(wish, tag(MUC_ADMIN, "item"), {"affiliation": "member", "jid": member})
            try:
                await self._line.wire.ask("set", wish, room.address)
            except Declined:
                await self._line.wire.hand_over(mediated_invitation(room.address, member))
            else:
                await self._line.wire.hand_over(direct_invitation(member, room.address))
                room.affiliated.setdefault(member, "")
                self._line.folder.note_room(room.address, members=room.belonging)
                if not any(one.address == member for one in room.occupants.values()):
                    self._line.tell(MembersChanged(room.address, (Member(member, present=False),)))

    async def _find_service(self) -> str:
        """The component of our server that has rooms. Raises Refused when there is none."""
        if self._service is None:
            try:
                answer = await self._line.wire.ask("get", element(DISCO_ITEMS, "query"), self._line.wire.host)
            except Declined as error:
                raise Refused(refusal(error.condition)) from None
            for item in answer.iter(tag(DISCO_ITEMS, "item")):
                with contextlib.suppress(Declined, Unreachable):
                    address = item.get("jid", "")
                    if "@" not in address and (await self._line.about(address, 5)).is_room:
                        self._service = address
                        break
        if self._service is None:
            raise Refused(Sentence(N_("This server has no groups.")))
        return self._service
