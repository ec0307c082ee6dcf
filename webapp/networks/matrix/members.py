"""Who is in a room, page by page, however many there are.

Homeservers tell of those who speak (specification, "Lazy-loading room members"). Everybody is asked for when somebody
wants to see them, once in a session, and kept beside the rooms, in this account's own file.
"""

import asyncio
from collections.abc import Mapping
from typing import Any

from webapp.networks.contract import MemberPage
from webapp.networks.events import Member
from webapp.networks.matrix.addresses import is_user, local
from webapp.networks.matrix.line import Line, the_room
from webapp.networks.matrix.pieces import Nonsense, each
from webapp.networks.matrix.quarantine import text_in
from webapp.networks.matrix.rooms import MemberRow
from webapp.networks.matrix.texts import tidy_name
from webapp.networks.matrix.trouble import NotReached, Problem
from webapp.networks.matrix.wire import PATIENCE, path

LARGEST = 64 * 2**20
"""Octets of a list of members: some hundred thousand of them."""
MOST_AT_ONCE = 200
AT_A_TIME = 50
"""Members that are looked at before others get their turn."""


async def members(line: Line, conversation: str, after: str | None, limit: int) -> MemberPage:
    """Those after the address ``after``, by name. Raises NotReached, Rejected, Refused."""
    room = the_room(conversation)
    async with line.asking_members:
        if room not in line.all_members:
            line.all_members.add(room)  # before the question: what changes meanwhile makes it be asked again
            try:
                await line.rooms.fill(room, await _everybody(line, room))
            except BaseException:
                line.all_members.discard(room)
                raise
    size = max(1, min(limit, MOST_AT_ONCE))
    rows = await asyncio.to_thread(line.rooms.page, room, after or "", size + 1)
    powers = line.rooms.get(room).powers
    found = [
        Member(user, name or local(user), powers.role(user), membership == "join") for user, name, membership in rows
    ]
    return MemberPage(tuple(found[:size]), found[size - 1].address if len(found) > size else None)


async def _everybody(line: Line, room: str) -> list[MemberRow]:
    query = {"not_membership": "leave"}
    place = path("rooms", room, "members")
    text = await line.wire.text(place, query, patience=PATIENCE * 4, largest=LARGEST)
    found: list[MemberRow] = []
    try:
        for number, event in enumerate(each(text, "chunk"), 1):
            row = _row(event)
            if row is not None:
                found.append(row)
            if number % AT_A_TIME == 0:
                await asyncio.sleep(0)
    except Nonsense:
        raise NotReached(Problem.GARBAGE, line.wire.host) from None
    return found


def _row(event: Any) -> MemberRow | None:
    """Who an event says is in the room, or asked into it; None for any other."""
    content = event.get("content") if isinstance(event, Mapping) else None
    user = event.get("state_key") if isinstance(event, Mapping) else None
    if not isinstance(content, Mapping) or not is_user(user):
        return None
    membership = text_in(content, "membership")
    return (user, tidy_name(content.get("displayname")), membership) if membership in {"join", "invite"} else None
