"""Changes become fragments: the same files that pages are made of, each with the place where it belongs.

A few verbs are enough: ``place`` (put in by its key, or replace what has its id), ``outerHTML`` (replace what is
always there), ``differ`` (replace it only if it is of another kind: nobody loses what they type), ``delete``. All of
them may be repeated: pushing twice is pushing once.
"""

from collections.abc import Callable, Iterable, Sequence
from datetime import date
from functools import lru_cache
from functools import partial as bound
from typing import Any
from uuid import uuid4

from markupsafe import Markup
from sqlmodel import Session

from webapp import changes as c
from webapp.drawing import Reader, draw
from webapp.languages import Sentence
from webapp.live.tabs import View
from webapp.markup import drawn
from webapp.messaging import inbox, matters, spaces, thread
from webapp.messaging.access import account_behind
from webapp.messaging.errors import NotYours
from webapp.messaging.head import Head, head_of, members_of
from webapp.models import AccountState
from webapp.networks import networks
from webapp.networks.events import Delivery

Draw = Callable[[Session, View, Sequence[c.Change]], str]
MOST_LINES = 300
KEPT = 4_096
"""Fragments that are kept as they were drawn: what changes is drawn anew, because it is another one."""


def shared(view: View) -> dict[str, Any]:
    """What every fragment may use."""
    return {
        "networks": networks(),
        "csrf_token": view.csrf_token,
        "query": view.query,
        "wanted": view.wanted,
        "draw_row": bound(draw_row, view),
        "draw_line": bound(draw_line, view),
    }


def draw_for(view: View, template: str, **context: Any) -> str:
    """A fragment for the one who looks."""
    return draw(template, view.reader, **(shared(view) | context))


def partial(target: str, swap: str, html: str = "") -> str:
    """A piece of page with the place where it belongs."""
    return f'<hx-partial hx-target="#{target}" hx-swap="{swap}">{html}</hx-partial>'


def empty_composer() -> dict[str, Any]:
    """A composer with the draft in it, and a key for what will be written (D6)."""
    return {"key": str(uuid4()), "text": None, "alert": None}


def draw_rows(view: View, rows: Iterable[inbox.Row]) -> str:
    """Rows of the list, one after the other."""
    return "".join(draw_row(view, row) for row in rows)


def draw_row(view: View, row: inbox.Row) -> Markup:
    """A row of the list. Drawn once, for however many tabs of the person show it."""
    current = view.conversation_id if view.conversation_id == row.id else None
    return _drawn_row(view.reader, view.reader.today(), view.query, current, row)


@lru_cache(KEPT)
def _drawn_row(reader: Reader, _today: date, query: str, current: int | None, row: inbox.Row) -> Markup:
    return drawn(draw("inbox/_row.html", reader, networks=networks(), query=query, current=current, row=row))


def draw_lines(view: View, lines: Iterable[thread.Line]) -> str:
    """Messages, one after the other."""
    return "".join(draw_line(view, line) for line in lines)


def draw_line(view: View, line: thread.Line) -> Markup:
    """A message. Drawn once, too; the token matters only to those that have a form in them."""
    has_form = line.gap or line.delivery in (Delivery.FAILED, Delivery.UNCERTAIN)
    return _drawn_line(view.reader, view.reader.today(), view.csrf_token if has_form else "", line)


@lru_cache(KEPT)
def _drawn_line(reader: Reader, _today: date, csrf_token: str, line: thread.Line) -> Markup:
    return drawn(draw("conversations/_message.html", reader, csrf_token=csrf_token, line=line))


def being_read(view: View, changes: Iterable[c.Change]) -> tuple[c.Change, ...]:
    """Those of these changes that one is looking at: messages of the open conversation, and who is typing there."""
    if view.conversation_id is None:
        return ()
    return tuple(one for one in changes if _is_read_at(view.conversation_id, one))


def _is_read_at(conversation_id: int, change: c.Change) -> bool:
    return isinstance(change, c.LooksChanged) or (
        isinstance(change, _BEING_READ) and change.conversation_id == conversation_id
    )


def lines_frame(db: Session, view: View, changes: Sequence[c.Change]) -> str:
    """What one is looking at; all of the changes are of ``being_read``."""
    gone = [change.message_id for change in changes if isinstance(change, c.MessageGone)]
    changed = [change.message_id for change in changes if isinstance(change, c.MessageChanged)]
    parts = [partial(f"message-{message_id}", "delete") for message_id in gone]
    conversation_id = view.conversation_id or 0
    lines: Sequence[thread.Line] = ()
    if gone or any(isinstance(change, c.HistoryLoaded) for change in changes) or _look_different(db, view, changes):
        lines = _loaded_lines(db, view, conversation_id)
    elif changed:
        lines = thread.redrawn(db, view.reader, conversation_id, changed)
    if lines:
        parts.append(partial(f"messages-{conversation_id}", "place", draw_lines(view, lines)))
    if any(isinstance(change, c.TypingChanged) for change in changes):
        parts.append(_typing(db, view, conversation_id))
    return "".join(parts)


def _look_different(db: Session, view: View, changes: Sequence[c.Change]) -> bool:
    """Whether those who speak in the open conversation do."""
    accounts = {change.account_id for change in changes if isinstance(change, c.LooksChanged)}
    try:
        return bool(accounts) and account_behind(db, view.user_id, view.conversation_id or 0) in accounts
    except NotYours:
        return False  # it is gone; the other frame says so


def frame(db: Session, view: View, changes: Sequence[c.Change]) -> str:
    """Everything else of a tab with the inbox that these changes made stale, drawn anew."""
    parts = [
        *_list_parts(db, view, changes),
        *_count_parts(db, view, changes),
        *_notice_parts(db, view, changes),
    ]
    if view.conversation_id is not None:
        try:
            parts += _conversation_parts(db, view, view.conversation_id, changes)
        except NotYours:
            nothing = draw_for(view, "inbox/_nothing.html", gone=True, welcome=False)
            parts.append(partial("conversation", "outerHTML", nothing))
    return "".join(parts)


_BEING_READ = (c.MessageChanged, c.MessageGone, c.HistoryLoaded, c.TypingChanged)
_NOT_OF_THE_HEAD = (c.RowChanged, c.UnreadChanged, *_BEING_READ)
_OF_THE_COUNTS = (c.UnreadChanged, c.ConversationChanged, c.ConversationGone, c.AccountChanged, c.SpacesChanged)
_OF_A_ROW = (c.RowChanged, c.ConversationChanged, c.ConversationGone, c.MessageChanged, c.MessageGone, c.TypingChanged)


def _list_parts(db: Session, view: View, changes: Sequence[c.Change]) -> list[str]:
    """Rows that changed, and rows that do not belong into this list any more; all of them, if that is new."""
    if view.wanted.space_id is not None and any(isinstance(change, c.SpacesChanged) for change in changes):
        page = inbox.inbox_page(db, view.user_id, view.wanted)
        return [partial("rows", "renew", draw_more(view, page) + draw_rows(view, page.rows))]
    ids = dict.fromkeys(change.conversation_id for change in changes if isinstance(change, _OF_A_ROW))
    if not ids:
        return []
    rows = inbox.rows_of(db, view.user_id, ids, view.wanted)
    gone = [partial(f"row-{conversation_id}", "delete") for conversation_id in ids if conversation_id not in rows]
    return [*gone, partial("rows", "place", draw_rows(view, rows.values())) if rows else ""]


def _count_parts(db: Session, view: View, changes: Sequence[c.Change]) -> list[str]:
    """The filters above the list."""
    return [draw_chips(db, view)] if concern_the_counts(changes) else []


def concern_the_counts(changes: Iterable[c.Change]) -> bool:
    """Whether there may be another number of unread ones; most of what happens changes no count."""
    return any(isinstance(change, _OF_THE_COUNTS) for change in changes)


def draw_chips(db: Session, view: View) -> str:
    """The filters above the list, and how much is unread, there and in the navigation."""
    unread = inbox.unread_count(db, view.user_id)
    chips = {"accounts": inbox.chips_of(db, view.user_id), "spaces": spaces.spaces_of(db, view.user_id)}
    html = draw_for(view, "inbox/_chips.html", unread=unread, **chips)
    return partial("chips", "outerHTML", html) + _draw_unread(view, unread)


def draw_unread(db: Session, view: View) -> str:
    """How much is unread, in the navigation of every page."""
    return _draw_unread(view, inbox.unread_count(db, view.user_id))


def _draw_unread(view: View, unread: int) -> str:
    return partial("unread", "outerHTML", draw_for(view, "inbox/_unread.html", unread=unread))


def _notice_parts(db: Session, view: View, changes: Sequence[c.Change]) -> list[str]:
    if not any(isinstance(change, c.AccountChanged) for change in changes):
        return []
    return [_notices(db, view)]


def _notices(db: Session, view: View) -> str:
    return partial("notices", "outerHTML", draw_for(view, "inbox/_notices.html", **notices_of(db, view.user_id)))


def notices_of(db: Session, user_id: int) -> dict[str, Any]:
    """What stands above the list: the accounts that only the person can help, and matters that cannot wait."""
    troubled = [chip for chip in inbox.chips_of(db, user_id) if chip.state == AccountState.SIGNED_OUT]
    return {"troubled": troubled, "urgent": matters.urgent_of(db, user_id)}


def _conversation_parts(db: Session, view: View, conversation_id: int, changes: Sequence[c.Change]) -> list[str]:
    """Only what these changes concern: most are about a message, and the head stays as it is. Raises NotYours."""
    mine = [change for change in changes if getattr(change, "conversation_id", conversation_id) == conversation_id]
    if all(isinstance(change, _NOT_OF_THE_HEAD) for change in mine):
        return []  # a change is only told to the one whose conversation it is: nothing more to ask
    account_id = account_behind(db, view.user_id, conversation_id)
    if any(isinstance(change, c.ConversationChanged) or _concerns(account_id, change) for change in mine):
        return _head_parts(db, view, head_of(db, view.user_id, conversation_id))
    return []


def _typing(db: Session, view: View, conversation_id: int) -> str:
    try:
        head = head_of(db, view.user_id, conversation_id)
    except NotYours:
        return ""  # it is gone; the other frame says so
    return partial(f"typing-{head.id}", "outerHTML", draw_for(view, "conversations/_typing.html", head=head))


def _concerns(account_id: int, change: c.Change) -> bool:
    return isinstance(change, (c.AccountChanged, c.ContactsChanged, c.LooksChanged)) and change.account_id == account_id


def _head_parts(db: Session, view: View, head: Head) -> list[str]:
    scene = {"head": head, "members": members_of(db, head.id) if head.is_group else [], **empty_composer()}
    return [
        partial(f"head-{head.id}", "outerHTML", draw_for(view, "conversations/_head.html", **scene)),
        partial(f"facts-{head.id}", "outerHTML", draw_for(view, "conversations/_facts.html", **scene)),
        partial(f"warning-{head.id}", "outerHTML", draw_for(view, "conversations/_warning.html", **scene)),
        partial(f"seal-{head.id}", "outerHTML", draw_for(view, "conversations/_seal.html", **scene)),
        partial(f"foot-{head.id}", "differ", draw_for(view, "conversations/_foot.html", **scene)),
    ]


def _loaded_lines(db: Session, view: View, conversation_id: int) -> Sequence[thread.Line]:
    """Everything that the tab has loaded of a conversation."""
    if not view.oldest:
        return thread.newest(db, view.reader, conversation_id).lines
    return thread.since(db, view.reader, conversation_id, view.oldest, MOST_LINES)


def list_snapshot(db: Session, view: View) -> str:
    """The list as it is now, as far as its first page goes."""
    page = inbox.inbox_page(db, view.user_id, view.wanted)
    return "".join(
        [
            partial("rows", "renew", draw_more(view, page) + draw_rows(view, page.rows)),
            _notices(db, view),
            draw_chips(db, view),
        ]
    )


def more_query(query: str, end: str) -> str:
    """The query of the next page of the list."""
    return f"{query}&after={end}" if query else f"?after={end}"


def draw_more(view: View, page: inbox.Page) -> str:
    """The way to further rows, where there are some."""
    if not page.end:
        return ""
    return draw_for(view, "inbox/_more.html", end=page.end, more_query=more_query(view.query, page.end))


def conversation_snapshot(db: Session, view: View, conversation_id: int) -> tuple[str, str]:
    """An open conversation as it is now, and the key of its oldest message. Raises NotYours."""
    head = head_of(db, view.user_id, conversation_id)
    stretch = thread.newest(db, view.reader, conversation_id)
    html = [
        partial(f"messages-{head.id}", "renew", draw_older(view, head, stretch) + draw_lines(view, stretch.lines)),
        partial(f"typing-{head.id}", "outerHTML", draw_for(view, "conversations/_typing.html", head=head)),
        *_head_parts(db, view, head),
    ]
    return "".join(html), stretch.start


def draw_older(
    view: View, head: Head, stretch: thread.Stretch, eager: bool = True, trouble: Sentence | None = None
) -> str:
    """The way to older messages, where there may be some; and why none came, if that was tried."""
    if not (stretch.older or head.more_history):
        return ""
    scene = {"head": head, "start": stretch.start, "eager": eager, "trouble": trouble}
    return draw_for(view, "conversations/_older.html", **scene)


def older_page(
    db: Session, view: View, conversation_id: int, before: str, *, eager: bool, trouble: Sentence | None = None
) -> tuple[str, str]:
    """The messages in front of those that a tab has, and the key of the oldest. Raises NotYours, ValueError."""
    head = head_of(db, view.user_id, conversation_id)
    stretch = thread.before(db, view.reader, conversation_id, before)
    eager = eager and len(stretch.lines) > 1
    html = draw_older(view, head, stretch, eager, trouble) + draw_lines(view, stretch.lines)
    return partial("older", "delete") + partial(f"messages-{head.id}", "place", html), stretch.start
