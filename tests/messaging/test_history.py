"""Older messages: in front of everything, and into gaps."""

import pytest

from tests.rows import Rows, said
from webapp.drawing import Reader
from webapp.messaging import thread
from webapp.messaging.errors import LeaseLost, NotYours
from webapp.messaging.history import Place, place_before, store_history
from webapp.models import Message
from webapp.networks.contract import History, More
from webapp.networks.events import Batch, GapFound, MessageReceived, Origin

READER = Reader(language="en", zone="UTC")


def store(rows: Rows, account: int, gap: int | None, more: More, *messages: MessageReceived) -> bool:
    page = History(Batch(messages, Origin.BACKFILL), more)
    return rows.database.write(store_history, account, rows.epoch(account), rows.conversation().id, gap, page)


def place(rows: Rows, alice: int, gap: int | None = None) -> Place:
    return rows.database.read(place_before, alice, rows.conversation().id, gap)


def behind_gaps(rows: Rows) -> list[Message]:
    """The messages in front of which something is missing; the screen says the same."""
    found = [message for message in rows.messages() if message.gap_before]
    shown = rows.database.read(thread.newest, READER, rows.conversation().id).lines
    assert [line.id for line in shown if line.gap] == [message.id for message in found]
    return found


def numbered(*numbers: int) -> tuple[MessageReceived, ...]:
    return tuple(said(f"m{n}", f"r{n}", minute=n) for n in numbers)


@pytest.fixture
def gap(rows: Rows, account: int) -> int:
    """Bob's first message, then something that we missed; the id of the one after it."""
    rows.arrive(account, *numbered(0))
    rows.arrive(account, GapFound("bob"))
    rows.arrive(account, *numbered(5))
    return rows.messages()[-1].id


def test_what_is_missing_is_a_gap_in_front_of_what_follows(rows: Rows, gap: int) -> None:
    assert [message.id for message in behind_gaps(rows)] == [gap]


def test_a_gap_is_filled_from_its_end_and_closed_where_it_meets_what_we_have(
    rows: Rows, alice: int, account: int, gap: int
) -> None:
    asked = place(rows, alice, gap)
    assert (asked.anchor.remote_id, asked.more) == ("r5", True)
    assert store(rows, account, gap, More.YES, *numbered(3, 4))
    assert rows.bodies() == ["m0", "m3", "m4", "m5"]
    (narrowed,) = behind_gaps(rows)
    assert narrowed.body == "m3"
    assert place(rows, alice, narrowed.id).anchor.remote_id == "r3"
    assert store(rows, account, narrowed.id, More.YES, *numbered(0, 1, 2))
    assert rows.bodies() == [f"m{n}" for n in range(6)]
    assert behind_gaps(rows) == []
    assert not place(rows, alice, narrowed.id).more
    assert rows.conversation().unread == 2


def test_a_gap_is_closed_when_the_network_has_no_more(rows: Rows, account: int, gap: int) -> None:
    assert store(rows, account, gap, More.NO, *numbered(4))
    assert rows.bodies() == ["m0", "m4", "m5"]
    assert behind_gaps(rows) == []


def test_history_goes_in_front_until_there_is_no_more(rows: Rows, alice: int, account: int) -> None:
    rows.arrive(account, *numbered(7))
    assert place(rows, alice).anchor.remote_id == "r7"
    assert store(rows, account, None, More.YES, *numbered(5, 6))
    assert place(rows, alice).anchor.remote_id == "r5"
    assert store(rows, account, None, More.NO, *numbered(4))
    assert rows.bodies() == ["m4", "m5", "m6", "m7"]
    assert not place(rows, alice).more
    assert (rows.conversation().unread, rows.conversation().preview) == (1, "m7")


def test_a_page_with_nothing_new_is_the_last_one(rows: Rows, alice: int, account: int) -> None:
    rows.arrive(account, *numbered(7))
    assert not store(rows, account, None, More.YES, *numbered(7))
    assert not place(rows, alice).more


def test_only_the_holder_of_the_account_stores_and_only_its_owner_asks(rows: Rows, account: int, gap: int) -> None:
    page = History(Batch(numbered(4), Origin.BACKFILL), More.YES)
    with pytest.raises(LeaseLost):
        rows.database.write(store_history, account, rows.epoch(account) - 1, rows.conversation().id, gap, page)
    with pytest.raises(NotYours):
        place(rows, rows.person("Carol"), gap)
