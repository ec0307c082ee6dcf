"""``/conversations/{id}/members``: who is in a group, page by page."""

from typing import Any

from fastapi import APIRouter, Request
from starlette.responses import HTMLResponse

from webapp.messaging.head import MOST_MEMBERS, head_of, known_members, members_of
from webapp.networks.errors import Trouble
from webapp.pages.access import TheUser
from webapp.pages.house import House, TheHouse
from webapp.pages.ids import Id
from webapp.pages.rendering import page

router = APIRouter(prefix="/conversations/{conversation_id:int}")
LONGEST_PLACE = 300


@router.get("/members")
def members(request: Request, house: TheHouse, user: TheUser, conversation_id: Id, after: str = "") -> HTMLResponse:
    """As the network has them; as far as they are known here where it cannot be asked now, and why it cannot."""
    head = house.database.read(head_of, user.id, conversation_id)
    trouble = None
    try:
        asked = house.keeper.members(user.id, conversation_id, after[:LONGEST_PLACE] or None, MOST_MEMBERS)
    except Trouble as error:
        asked, trouble = None, error.reason
    if asked is None:
        found = _known_here(house, conversation_id, after)
    else:
        members = house.database.read(known_members, head.account_id, asked.members)
        found = {"members": members, "after": asked.after}
    return page(request, "conversations/members.html", head=head, trouble=trouble, **found)


def _known_here(house: House, conversation_id: int, after: str) -> dict[str, Any]:
    start = int(after) if after.isascii() and after.isdecimal() and len(after) < 9 else 0
    found = house.database.read(members_of, conversation_id, start)
    return {"members": found, "after": str(start + MOST_MEMBERS) if len(found) == MOST_MEMBERS else ""}
