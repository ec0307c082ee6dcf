"""Who is in a room, page by page, however many there are.

Homeservers tell of those who speak (specification, "Lazy-loading room members"). Everybody is asked for when somebody
wants to see them, once in a session, and kept beside the rooms, in this account's own file.
"""

import asyncio

from webapp.networks.contract import MemberPage
from webapp.networks.events import Member
from webapp.networks.matrix.addresses import local
from webapp.networks.matrix.line import Line, the_room
from webapp.networks.matrix.member_list import everybody
from webapp.networks.matrix.quarantine import text_in
from webapp.networks.matrix.rooms import MemberRow
from webapp.networks.matrix.texts import tidy_name

MOST_AT_ONCE = 200


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
    return [
        (user, tidy_name(content.get("displayname")), text_in(content, "membership"))
        async for user, content in everybody(line.wire, room)
    ]
