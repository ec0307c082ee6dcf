"""New conversations: with a person, by an address or a link, as a group of one's own."""

from typing import Any

from webapp.languages import N_, Sentence
from webapp.networks.actions import CreateGroup, Done, InviteMembers
from webapp.networks.errors import Refused
from webapp.networks.events import ConversationKind, ConversationState
from webapp.networks.matrix.addresses import NoAddress, Place, room_id, server_of, typed
from webapp.networks.matrix.direct import Directs
from webapp.networks.matrix.line import Line, the_room
from webapp.networks.matrix.room import SPACE
from webapp.networks.matrix.room_keys import ENCRYPTION
from webapp.networks.matrix.trouble import Declined, NotReached, Problem
from webapp.networks.matrix.wire import path

MEGOLM = "m.megolm.v1.aes-sha2"
_NO_ADDRESS = N_("%(address)s is not an address that can be reached here. It looks like @anna:example.org.")
_NOBODY = N_("There is nobody called %(address)s.")
_YOURSELF = N_("This is your own address.")


async def start(line: Line, directs: Directs, address: str) -> Done:
    """The conversation with somebody, made if there is none; or a room whose address was given.

    Raises NotReached, Rejected, Refused.
    """
    place = _place(address)
    if not place.is_user:
        return await join(line, address)
    await line.when_caught_up()
    if place.address == line.me:
        raise Refused(Sentence(_YOURSELF))
    for room in reversed(directs.rooms_with(place.address)):
        if line.rooms.get(room).joined:
            return Done(conversation=room, kind=ConversationKind.DIRECT)
    return await _begin(line, directs, place.address)


async def join(line: Line, address: str) -> Done:
    """Enter a room by its id, its alias or a link, or ask to be let in. Raises NotReached, Rejected, Refused."""
    place = _place(address)
    if place.is_user:
        raise Refused(Sentence(_NO_ADDRESS, {"address": address[:100]}))
    via = place.via or tuple(name for name in (server_of(place.address),) if name)
    query = "?" + "&".join(f"via={name}&server_name={name}" for name in via)
    try:
        answer = await line.wire.ask("POST", path("join", place.address) + query, {})
    except Declined as refused:
        if refused.errcode != "M_FORBIDDEN":
            raise
        return await _knock(line, place.address, query, refused)
    room = _made(line, answer)
    return Done(conversation=room, kind=ConversationKind.GROUP, space=await _is_space(line, room))


async def _is_space(line: Line, room: str) -> bool:
    """Whether this room, in which we are by now, is one that only names others."""
    try:
        created = await line.wire.ask("GET", path("rooms", room, "state", "m.room.create") + "/")
    except (Declined, NotReached):
        return False
    return created.get("type") == SPACE


async def _knock(line: Line, address: str, query: str, refused: Declined) -> Done:
    """Ask to be let in, where one may not just enter; where asking is not possible either, the first no counts."""
    try:
        answer = await line.wire.ask("POST", path("knock", address) + query, {})
    except Declined:
        raise refused from None
    return Done(conversation=_made(line, answer), kind=ConversationKind.GROUP, state=ConversationState.ASKED)


async def create(line: Line, action: CreateGroup) -> Done:
    """A private group of the person's own. Raises NotReached, Rejected, Refused."""
    members = _people(action.members)
    state = await _encryption(line, members)
    body = {"name": action.name.strip(), "preset": "private_chat", "invite": members, "initial_state": state}
    return Done(conversation=await _create(line, body), kind=ConversationKind.GROUP)


async def invite(line: Line, action: InviteMembers) -> Done:
    """Ask people into a room. Raises NotReached, Rejected, Refused."""
    room = the_room(action.conversation)
    for user in _people(action.members):
        await line.wire.ask("POST", path("rooms", room, "invite"), {"user_id": user})
    return Done(conversation=room)


async def _begin(line: Line, directs: Directs, user: str) -> Done:
    """A room for two. A name that nobody has would only be found out by waiting for an answer for ever."""
    try:
        await line.wire.ask("GET", path("profile", user))
    except Declined as error:
        if error.status == 404:
            raise Refused(Sentence(_NOBODY, {"address": user})) from None
    state = await _encryption(line, [user])
    body = {"preset": "trusted_private_chat", "is_direct": True, "invite": [user], "initial_state": state}
    room = await _create(line, body)
    await directs.add(user, room)
    return Done(conversation=room, kind=ConversationKind.DIRECT)


async def _encryption(line: Line, users: list[str]) -> list[dict[str, Any]]:
    """What makes a new room encrypted from its first message on: all are, whose members can read that.

    Somebody without a single device that has keys, such as a person behind many bridges, could never read a word.
    """
    if not line.keys:
        return []
    asked: dict[str, Any] = {"device_keys": {user: [] for user in users}}
    told = await line.wire.ask("POST", path("keys", "query"), asked) if users else {}
    devices = told.get("device_keys")
    if not all(isinstance(devices, dict) and devices.get(user) for user in users):
        return []
    return [{"type": ENCRYPTION, "state_key": "", "content": {"algorithm": MEGOLM}}]


async def _create(line: Line, body: dict[str, Any]) -> str:
    """A homeserver may tell us of a room before all of its beginning is there: that it is encrypted is known by then.

    Otherwise what is said right then would not be encrypted (S20).
    """
    room = _made(line, await line.wire.ask("POST", path("createRoom"), body))
    if line.keys and body["initial_state"]:
        await line.keys.rooms.note_encrypted(room)
    return room


def _made(line: Line, answer: dict[str, Any]) -> str:
    try:
        return room_id(answer.get("room_id"))
    except NoAddress:
        raise NotReached(Problem.GARBAGE, line.wire.host) from None


def _place(address: str) -> Place:
    try:
        return typed(address)
    except NoAddress:
        raise Refused(Sentence(_NO_ADDRESS, {"address": address[:100]})) from None


def _people(addresses: tuple[str, ...]) -> list[str]:
    """User ids that may have been typed. Raises Refused."""
    places = [(_place(address), address) for address in addresses]
    for place, address in places:
        if not place.is_user:
            raise Refused(Sentence(_NO_ADDRESS, {"address": address[:100]}))
    return [place.address for place, _ in places]
