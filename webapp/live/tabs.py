"""What each open tab looks at.

A tab has a random id. Every page that is drawn for it says first what it will show (subscribe), then draws it
(snapshot); whatever changes afterwards is pushed (stream). So nothing falls between drawing and listening.
"""

import asyncio
import secrets
import threading
from collections import OrderedDict
from collections.abc import Hashable
from dataclasses import dataclass, replace
from typing import Any

from webapp.drawing import Reader
from webapp.messaging.inbox import Filter

EVERYTHING = Filter()
MOST_TABS = 2_000
MOST_TABS_EACH = 40


@dataclass(frozen=True)
class View:
    """What a tab shows. ``oldest`` is the key of the oldest message that was loaded into the open conversation.

    Some pages show nothing of the inbox: ``accounts`` is that of networks, with the person's accounts; ``account_id``
    that of one of them; ``people`` is that of people, narrowed by these words (None: another page); ``keys`` is that of
    settings, on which only the keys move.
    """

    user_id: int
    reader: Reader
    csrf_token: str
    wanted: Filter = EVERYTHING
    query: str = ""
    conversation_id: int | None = None
    oldest: str = ""
    accounts: bool = False
    people: str | None = None
    account_id: int | None = None
    keys: bool = False

    @property
    def is_of_the_inbox(self) -> bool:
        """Whether the list stands there, with a conversation beside it or not."""
        return not (self.accounts or self.keys) and self.people is None and self.account_id is None


class Tabs:
    """The tabs that were drawn, the least recently used ones forgotten; and frames that are being drawn for them."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._views: OrderedDict[tuple[int, str], View] = OrderedDict()
        self.drawings: dict[Hashable, asyncio.Future[str]] = {}

    def looks_at(self, tab: str, view: View) -> None:
        """A page is about to be drawn for this tab."""
        with self._lock:
            self._views[view.user_id, tab] = view
            self._views.move_to_end((view.user_id, tab))
            own = [key for key in self._views if key[0] == view.user_id]
            for key in own[: max(0, len(own) - MOST_TABS_EACH)]:
                del self._views[key]
            while len(self._views) > MOST_TABS:
                self._views.popitem(last=False)

    def loaded_back_to(self, user_id: int, tab: str, conversation_id: int, oldest: str) -> None:
        """Older messages were put in front of the open conversation."""
        with self._lock:
            view = self._views.get((user_id, tab))
            if view is not None and view.conversation_id == conversation_id:
                self._views[user_id, tab] = replace(view, oldest=min(view.oldest, oldest))

    def view_of(self, user_id: int, tab: str) -> View | None:
        """What this tab of this user shows; None if it is not known (the program was started anew)."""
        with self._lock:
            return self._views.get((user_id, tab))


def new_tab() -> str:
    """An id for a tab that is being opened."""
    return secrets.token_urlsafe(12)


def tabs_of(app: Any) -> Tabs:
    """The tabs of a running app (``request.app``, ``websocket.app``), made with the first question."""
    if not hasattr(app.state, "tabs"):
        app.state.tabs = Tabs()
    tabs: Tabs = app.state.tabs
    return tabs
