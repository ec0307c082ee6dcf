"""The list and the thread cost the same, however much there is."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from sqlalchemy import event, insert
from sqlmodel import Session

from tests.rows import Rows, said
from webapp.drawing import Reader
from webapp.languages import Sentence
from webapp.messaging import inbox, thread
from webapp.messaging.head import head_of
from webapp.messaging.inbox import Filter
from webapp.messaging.positions import PENDING
from webapp.messaging.send import send_text
from webapp.models import Conversation, Message
from webapp.models.columns import now
from webapp.networks.events import ConversationKind

pytestmark = pytest.mark.process  # together they take seconds

MANY = 10_000
READER = Reader(zone="UTC")


@pytest.fixture
def many(rows: Rows, alice: int, account: int) -> Rows:
    """Ten thousand conversations, some of them unread, some pinned."""
    start = now()
    kept = [
        {
            "user_id": alice,
            "account_id": account,
            "remote_id": f"c{number}",
            "kind": ConversationKind.DIRECT,
            "name": f"Conversation {number}",
            "listed": True,
            "pinned": number % 5000 == 1,
            "unread": int(number % 100 == 0),
            "last_activity": start - number // 2 * 1_000_000,  # two at a time: the id decides
        }
        for number in range(MANY)
    ]
    rows.database.write(lambda db: db.execute(insert(Conversation), kept) and None)
    return rows


@contextmanager
def counted(rows: Rows) -> Iterator[list[str]]:
    """The statements that are executed meanwhile."""
    said: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        said.append(statement)

    event.listen(rows.database.engine, "before_cursor_execute", note)
    yield said
    event.remove(rows.database.engine, "before_cursor_execute", note)


def plan_of(db: Session, query: Any) -> list[str]:
    """How SQLite goes about this query, its values bound as they are when it really runs."""
    compiled = query.compile(db.get_bind())
    values = tuple(compiled.params[name] for name in compiled.positiontup)
    return [step[3] for step in db.connection().exec_driver_sql(f"EXPLAIN QUERY PLAN {compiled}", values)]


def count(rows: Rows, query: Callable[..., object], *args: object) -> int:
    with counted(rows) as said_to_it:
        rows.database.read(query, *args)
    return len([one for one in said_to_it if not one.startswith("BEGIN")])


def test_pages_follow_each_other_without_a_gap_or_a_double(many: Rows, alice: int) -> None:
    seen: list[int] = []
    keys: list[str] = []
    after = None
    for _ in range(10):
        page = many.database.read(inbox.inbox_page, alice, Filter(), after)
        seen += [row.id for row in page.rows]
        keys += [row.key for row in page.rows]
        after = page.end
    assert len(set(seen)) == 10 * inbox.PAGE
    assert keys == sorted(keys, reverse=True)
    assert [row.pinned for row in many.database.read(inbox.inbox_page, alice, Filter()).rows[:3]] == [True, True, False]


def test_the_last_page_says_that_it_is_the_last(rows: Rows, alice: int, account: int) -> None:
    rows.arrive(account, said("Hello", "r1"))
    assert rows.database.read(inbox.inbox_page, alice, Filter()).end is None


@pytest.mark.parametrize("key", ["x", "1" * 27, "-" + "1" * 27, "1' or '1'='1" + "0" * 16, "٣" * 28])
def test_a_key_that_is_none_is_an_error(rows: Rows, alice: int, key: str) -> None:
    with pytest.raises(ValueError):
        rows.database.read(inbox.inbox_page, alice, Filter(), key)


@pytest.mark.parametrize(
    ("wanted", "index"),
    [
        (Filter(), "conversation_inbox"),
        (Filter(unread=True), "conversation_unread"),
        (Filter(account_id=1), "conversation_of_account"),
    ],
)
def test_every_page_is_read_from_an_index_without_sorting(many: Rows, alice: int, wanted: Filter, index: str) -> None:
    for after in (None, many.database.read(inbox.inbox_page, alice, wanted).end):
        plan = many.database.read(plan_of, inbox.page_query(alice, wanted, after, 41))
        assert any(index in step for step in plan), plan
        assert not any("TEMP B-TREE" in step for step in plan), plan


def test_a_page_is_one_query_whatever_is_in_it(many: Rows, alice: int) -> None:
    assert count(many, inbox.inbox_page, alice, Filter()) == 1
    assert count(many, inbox.unread_count, alice) == 1


def test_what_is_unread_is_counted_only_as_far_as_anybody_reads(many: Rows, alice: int) -> None:
    assert many.database.read(inbox.unread_count, alice) == MANY // 100 == inbox.COUNTED


def test_an_open_conversation_costs_the_same_with_one_message_and_with_thousands(
    rows: Rows, alice: int, account: int
) -> None:
    def opened(db: Session) -> None:
        head_of(db, alice, rows.conversation().id)
        thread.newest(db, READER, rows.conversation().id)

    rows.arrive(account, said("Hello", "r1"))
    few = count(rows, opened)
    here = rows.conversation()
    more = [
        {"conversation_id": here.id, "position": here.next_position + n, "body": f"m{n}", "sent_at": now()}
        for n in range(3000)
    ]
    rows.database.write(lambda db: db.execute(insert(Message), more) and None)
    assert count(rows, opened) == few
    assert count(rows, thread.redrawn, READER, here.id, [1]) == 4
    assert count(rows, thread.redrawn, READER, here.id, [3001]) == 1


def test_what_is_redrawn_looks_as_it_does_on_opening(rows: Rows, alice: int, account: int) -> None:
    rows.arrive(account, *(said(f"m{n}", f"r{n}", minute=n) for n in range(12)))
    here = rows.conversation().id
    for n in range(3):
        rows.database.write(send_text, alice, here, f"mine {n}", f"key {n}")
    shown = rows.database.read(thread.newest, READER, here).lines
    for place, line in enumerate(shown):
        drawn = rows.database.read(thread.redrawn, READER, here, [line.id])
        waiting = [later for later in shown[place:] if later.key >= thread.key_of(PENDING)]
        assert {*shown[place : place + 2], *waiting} <= {*drawn} <= {*shown}


def test_pages_of_a_thread_follow_each_other(rows: Rows, account: int) -> None:
    rows.arrive(account, *(said(f"m{n}", f"r{n}", minute=n) for n in range(120)))
    here = rows.conversation().id
    newest = rows.database.read(thread.newest, READER, here)
    older = rows.database.read(thread.before, READER, here, newest.start)
    oldest = rows.database.read(thread.before, READER, here, older.start)
    bodies = [line.body for line in [*oldest.lines[:-1], *older.lines[:-1], *newest.lines]]
    assert bodies == [f"m{n}" for n in range(120)]
    assert (newest.older, older.older, oldest.older) == (True, True, False)


def test_messages_by_the_same_sender_within_five_minutes_belong_together(rows: Rows, account: int) -> None:
    times = (0, 1, 7, 8)
    rows.arrive(account, *(said(f"m{minute}", f"r{minute}", minute=minute) for minute in times))
    lines = rows.database.read(thread.newest, READER, rows.conversation().id).lines
    assert [line.cont for line in lines] == [False, True, False, True]


def test_the_same_doubt_about_several_in_a_row_is_said_in_words_once(rows: Rows, account: int) -> None:
    one, other = Sentence("The key was restored."), Sentence("The device is not known.")
    told = ((0, one), (1, one), (2, other), (3, None), (4, None), (5, one), (20, one))
    rows.arrive(account, *(said(f"m{n}", f"r{n}", minute=n, untrusted=doubt) for n, doubt in told))
    lines = rows.database.read(thread.newest, READER, rows.conversation().id).lines
    assert [line.doubt_again for line in lines] == [False, True, False, False, False, False, False]


def test_a_contact_without_a_name_is_shown_by_its_address(rows: Rows, alice: int, account: int) -> None:
    rows.arrive(account, said("Hello", "r1", conversation="anna@x.example", sender="anna@x.example"))
    row = rows.database.read(inbox.inbox_page, alice, Filter()).rows[0]
    assert row.name == "anna@x.example"
    head = rows.database.read(head_of, alice, row.id)
    assert head.name == "anna@x.example"


def test_the_keys_of_positions_sort_as_the_positions_do() -> None:
    positions = [-(2**40), -1, 0, 1, 2**32, 2**62, 2**62 + now()]
    keys = [thread.key_of(position) for position in positions]
    assert keys == sorted(keys)
    assert [thread.position_of(key) for key in keys] == positions
    assert thread.key_of(6) < thread.just_before(thread.key_of(7)) < thread.key_of(7)
