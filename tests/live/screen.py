"""A screen without a browser: a page, and what pushed fragments make of it.

It puts fragments in by its own rules, written down a second time on purpose; the script in the browser must do
the same.
"""

import re

from bs4 import BeautifulSoup, Tag
from sqlmodel import Session

from tests.rows import Rows
from webapp.changes import Change
from webapp.drawing import Reader, draw
from webapp.live import fragments
from webapp.live.tabs import View
from webapp.messaging.inbox import Filter
from webapp.pages.scenes import whole_scene


class Screen:
    """What a tab shows. ``push`` draws and applies what changed since the last push."""

    def __init__(
        self, rows: Rows, user_id: int, conversation_id: int | None = None, wanted: Filter | None = None
    ) -> None:
        self._rows = rows
        reader = Reader(user_id=user_id, name="Alice", zone="Europe/Berlin")
        self.view = View(user_id, reader, "token", wanted or Filter(), "", conversation_id)
        self._heard = len(rows.hub.heard)
        self.page = self.fresh()

    def fresh(self) -> BeautifulSoup:
        """The page as it is drawn now."""
        return BeautifulSoup(self._rows.database.read(self._draw), "html.parser")

    def _draw(self, db: Session) -> str:
        scene = fragments.shared(self.view) | whole_scene(db, self.view, None, None)
        if self.view.conversation_id and not self.view.oldest:
            self.view = View(**{**vars(self.view), "oldest": scene["stretch"].start})
        shell = {"user": None, "path": "/", "house_name": "Home", "tab": "t", "version": 0}
        return draw("inbox/page.html", self.view.reader, **(shell | scene))

    def push(self) -> str:
        """Everything that was announced to this user since the last time."""
        heard = self._rows.hub.heard[self._heard :]
        self._heard += len(heard)
        changes = [one for one in heard if isinstance(one, Change) and one.user_id == self.view.user_id]
        read = self._rows.database.read
        pushed = [
            read(fragments.lines_frame, self.view, fragments.being_read(self.view, changes)),
            read(fragments.frame, self.view, changes),
        ]
        for frame in pushed:
            self.apply(frame)
        return "".join(pushed)

    def apply(self, frame: str) -> None:
        """Put each fragment where it belongs."""
        for part in BeautifulSoup(frame, "html.parser").find_all("hx-partial", recursive=False):
            target = self.page.find(id=str(part["hx-target"]).removeprefix("#"))
            if isinstance(target, Tag):
                news = [one for one in part.children if isinstance(one, Tag)]
                getattr(self, "_" + str(part["hx-swap"]).lower())(target, news)

    def _outerhtml(self, target: Tag, news: list[Tag]) -> None:
        target.replace_with(*news)

    def _delete(self, target: Tag, _news: list[Tag]) -> None:
        target.decompose()

    def _renew(self, target: Tag, news: list[Tag]) -> None:
        target.clear()
        target.extend(news)

    def _differ(self, target: Tag, news: list[Tag]) -> None:
        if target["data-kind"] != news[0]["data-kind"]:
            target.replace_with(*news)

    def _place(self, target: Tag, news: list[Tag]) -> None:
        fresh_ids = {one["id"] for one in news}
        all_of_them = [one for one in target.find_all(True, recursive=False) if one.get("id") not in fresh_ids] + news
        end = [one for one in all_of_them if one.has_attr("data-end")]
        others = [one for one in all_of_them if one not in end and (not end or one["data-key"] >= end[0]["data-key"])]
        down = target.get("data-order") == "down"
        others.sort(key=lambda one: one["data-key"], reverse=down)
        target.clear()
        target.extend(others + end if down else end + others)

    def parts(self) -> dict[str, str]:
        """What must be equal, in normal form."""
        return parts(self.page, self.view.conversation_id)

    def fresh_parts(self) -> dict[str, str]:
        """The same of a page that is drawn now."""
        return parts(self.fresh(), self.view.conversation_id)


def _normal(html: str) -> str:
    without_line = re.sub(r'<p class="new-line".*?</p>', "", html, flags=re.DOTALL)
    return re.sub(r"\s*(<|>)\s*", r"\1", re.sub(r"\s+", " ", without_line)).strip()


def parts(page: BeautifulSoup, conversation_id: int | None) -> dict[str, str]:
    """The list, and the open conversation, as text that compares. The "new" line stays until the next opening."""
    ids = ["rows", "chips", "notices", "unread"]
    if conversation_id is not None:
        ids += [f"{name}-{conversation_id}" for name in ("head", "messages", "typing", "facts", "warning")]
    found = {name: _normal(str(page.find(id=name))) for name in ids}
    foot = page.find(id=f"foot-{conversation_id}")
    seal = {"seal": _normal(str(page.find(id=f"seal-{conversation_id}")))}
    return found | seal | ({"foot": _of_foot(foot)} if isinstance(foot, Tag) else {})


def _of_foot(foot: Tag) -> str:
    """What somebody types in a composer stays theirs; where none is, everything counts."""
    return str(foot["data-kind"]) if foot.find("form", id="composer") else _normal(str(foot))
