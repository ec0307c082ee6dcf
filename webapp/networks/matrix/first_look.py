"""What fills the first screen while a homeserver still gathers everything, the first time (MSC4186).

A first ``/sync`` of thousands of rooms takes homeservers a minute and more. Many can tell of the newest rooms at once;
their names are shown then, and what was said comes with the rest. Nothing of it is remembered, so it cannot be wrong
for long; where a homeserver does not know the question, the list fills a little later.
"""

from collections.abc import Mapping
from typing import Any

from webapp.networks.events import ConversationChanged, ConversationKind, ConversationState
from webapp.networks.matrix.addresses import NoAddress, room_id, user_id
from webapp.networks.matrix.texts import tidy_name
from webapp.networks.matrix.trouble import Declined, NotReached
from webapp.networks.matrix.wire import Wire

FEATURE = "org.matrix.simplified_msc3575"
PLACE = f"/_matrix/client/unstable/{FEATURE}/sync"
ROOMS = 40
"""As many as a large screen shows."""
PATIENCE = 10.0
"""Seconds; what takes longer is no first look."""
_QUESTION = {
    "lists": {"newest": {"ranges": [[0, ROOMS - 1]], "timeline_limit": 0, "required_state": [["m.room.create", ""]]}}
}


async def first_look(wire: Wire) -> list[ConversationChanged]:
    """The newest conversations, the newest last. Empty where that cannot be told. Raises Rejected."""
    try:
        if not _knows_how(await wire.ask("GET", "/_matrix/client/versions", patience=PATIENCE)):
            return []
        told = await wire.ask("POST", PLACE, _QUESTION, {"timeout": "0"}, patience=PATIENCE)
    except (Declined, NotReached):
        return []  # what is wrong with the line, the question for everything will tell
    return seen_in(told)


def seen_in(told: Mapping[str, Any]) -> list[ConversationChanged]:
    """The rooms of an answer in which the person is, the newest last. Foreign: may be anything."""
    rooms = told.get("rooms")
    listed = [(name, room) for name, room in rooms.items() if _is_shown(room)] if isinstance(rooms, Mapping) else []
    listed.sort(key=lambda one: _stamp(one[1]))
    found = [_conversation(name, room) for name, room in listed[-ROOMS:]]
    return [one for one in found if one is not None]


def _knows_how(versions: Mapping[str, Any]) -> bool:
    features = versions.get("unstable_features")
    return isinstance(features, Mapping) and features.get(FEATURE) is True


def _is_shown(room: object) -> bool:
    """Invitations are told with what they ask, and spaces are no conversations."""
    if not isinstance(room, Mapping) or "invite_state" in room or "stripped_state" in room:
        return False
    state = room.get("required_state")
    created = [one for one in state if isinstance(one, Mapping)] if isinstance(state, list) else []
    contents = [one.get("content") for one in created if one.get("type") == "m.room.create"]
    return bool(contents) and isinstance(contents[0], Mapping) and contents[0].get("type") is None


def _stamp(room: Mapping[str, Any]) -> int:
    stamp = room.get("bump_stamp")
    return stamp if isinstance(stamp, int) else 0


def _conversation(name: str, room: Mapping[str, Any]) -> ConversationChanged | None:
    heroes = [hero for hero in map(_hero, _list(room.get("heroes"))) if hero]
    direct = room.get("is_dm") is True and len(heroes) == 1
    shown = tidy_name(room.get("name")) or ", ".join(called for _, called in heroes)[:200]
    try:
        where = room_id(name)
    except NoAddress:
        return None
    if not shown:
        return None
    return ConversationChanged(
        where,
        ConversationKind.DIRECT if direct else ConversationKind.GROUP,
        name=shown,
        state=ConversationState.JOINED,
        listed=True,
        partner=heroes[0][0] if direct else None,
    )


def _hero(hero: object) -> tuple[str, str] | None:
    """Somebody after whom a room is called, and what they are called."""
    if not isinstance(hero, Mapping):
        return None
    try:
        user = user_id(hero.get("user_id"))
    except NoAddress:
        return None
    return user, tidy_name(hero.get("displayname")) or user


def _list(value: object) -> list[object]:
    return value[:10] if isinstance(value, list) else []
