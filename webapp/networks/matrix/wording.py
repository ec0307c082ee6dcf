"""What a text becomes on its way out: plain, formatted where it is, and with the names of those whom it means."""

import re
from typing import Any

from webapp.networks.actions import SendText
from webapp.networks.matrix.addresses import is_user
from webapp.networks.matrix.rooms import Rooms

MOST_NAMED = 20
"""People whom one text can mean; a longer list is no list of people."""
LONGEST_NAME = 4
"""Words of a name behind an @."""
_ADDRESS = re.compile(r"(?<![\w@])@[^\s:]+:[\w.:\[\]-]*\w")
_NAMED = re.compile(r"(?<![\w@])@(?=\S)")


def content(rooms: Rooms, room: str, action: SendText) -> dict[str, Any]:
    """The content of ``m.room.message`` (Client-Server API, "m.text", "User and room mentions")."""
    users = mentioned(rooms, room, action.body)
    plain = {"msgtype": "m.text", "body": action.body, "m.mentions": {"user_ids": users} if users else {}}
    if not action.formatted:
        return plain
    return {**plain, "format": "org.matrix.custom.html", "formatted_body": action.formatted}


def mentioned(rooms: Rooms, room: str, body: str) -> list[str]:
    """Who is meant: ``@anna:example.org`` whoever that is, ``@Anna`` where exactly one person there is called so."""
    found = {address: None for address in _ADDRESS.findall(body) if is_user(address)}
    for at in list(_NAMED.finditer(body))[:MOST_NAMED]:
        if user := _called(rooms, room, body[at.end() :]):
            found[user] = None
    return list(found)[:MOST_NAMED]


def _called(rooms: Rooms, room: str, text: str) -> str:
    """Whose name stands at the start of a text, the longest that fits."""
    words = text.split(" ", LONGEST_NAME)[:LONGEST_NAME]
    for count in range(len(words), 0, -1):
        name = re.sub(r"\W+\Z", "", " ".join(words[:count]))
        users = rooms.called(room, name) if name else []
        if len(users) == 1:
            return users[0]
    return ""
