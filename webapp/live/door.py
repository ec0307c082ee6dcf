"""Who may open a websocket: only our own pages, only somebody signed in (S9).

Browsers send cookies along whoever opens the socket, so the ``Origin`` must be exactly ours; none at all is none of
our pages.
"""

from dataclasses import dataclass
from typing import Any

from starlette.websockets import WebSocket

from webapp.database import Database
from webapp.hub import Hub
from webapp.origins import is_our_origin


@dataclass(frozen=True)
class Visitor:
    """Somebody who may watch, and what the house has for that."""

    user_id: int
    sign_in_id: int
    database: Database
    hub: Hub


def visitor_of(websocket: WebSocket) -> Visitor | None:
    """The one who is signed in behind this socket; None: close the door."""
    house: Any = websocket.app.state.house
    state = websocket.state
    headers = websocket.headers
    if not is_our_origin(house.settings, headers.get("origin", ""), headers.get("host", "")):
        return None
    user, sign_in = getattr(state, "user", None), getattr(state, "sign_in", None)
    if user is None or sign_in is None:
        return None
    return Visitor(user.id, sign_in.id, house.database, house.hub)
