"""What is said here waits, goes out once, and ends as sent, failed or uncertain: never as nothing."""

from uuid import uuid4

import pytest

from tests.rows import Rows, said
from webapp.languages import Sentence
from webapp.messaging import settle
from webapp.messaging.errors import LeaseLost, NotPossible, NotYours
from webapp.messaging.positions import PENDING
from webapp.messaging.read import mark_read
from webapp.messaging.send import delete_unsent, retry, send_text
from webapp.models.outbox import OutboxKind
from webapp.networks.actions import Done, MarkRead, SendText
from webapp.networks.events import Delivery, Origin


@pytest.fixture
def talk(rows: Rows, account: int) -> int:
    """A conversation with Bob, who said hello."""
    rows.arrive(account, said("Hello", "r1"))
    return rows.conversation().id


def due(rows: Rows, account: int, kind: OutboxKind = OutboxKind.SEND_TEXT) -> list[int]:
    return [entry.entry_id for entry in rows.database.read(settle.due_entries, account) if entry.kind == kind]


def test_a_message_waits_at_the_end_and_is_due(rows: Rows, alice: int, account: int, talk: int) -> None:
    rows.database.write(send_text, alice, talk, "Hi Bob", str(uuid4()))
    message = rows.messages()[-1]
    assert (message.body, message.delivery, message.own) == ("Hi Bob", Delivery.WAITING, True)
    assert message.position >= PENDING
    assert len(due(rows, account)) == 1


def test_whoever_answers_has_read_and_the_network_is_told(rows: Rows, alice: int, account: int, talk: int) -> None:
    rows.database.write(send_text, alice, talk, "Hi Bob", str(uuid4()))
    assert rows.conversation().unread == 0
    (mark,) = due(rows, account, OutboxKind.MARK_READ)
    begun = rows.database.write(settle.begin, account, rows.epoch(account), mark)
    assert isinstance(begun.action, MarkRead)
    assert begun.action.message.remote_id == "r1"


def test_a_triple_click_is_one_message(rows: Rows, alice: int, account: int, talk: int) -> None:
    key = str(uuid4())
    ids = {rows.database.write(send_text, alice, talk, "Hi", key).id for _ in range(3)}
    assert len(ids) == 1
    assert rows.bodies() == ["Hello", "Hi"]


def test_the_oldest_of_a_conversation_goes_first(rows: Rows, alice: int, account: int, talk: int) -> None:
    for n in range(3):
        rows.database.write(send_text, alice, talk, f"m{n}", str(uuid4()))
    epoch = rows.epoch(account)
    went = []
    while entries := due(rows, account):
        assert len(entries) == 1
        begun = rows.database.write(settle.begin, account, epoch, entries[0])
        went.append(begun.action.body)
        rows.database.write(settle.settle_sent, account, epoch, entries[0], Done(f"x{len(went)}"))
    assert went == ["m0", "m1", "m2"]
    assert rows.bodies() == ["Hello", "m0", "m1", "m2"]
    assert all(m.position < PENDING for m in rows.messages())


def test_the_echo_before_the_answer_settles_it_once(rows: Rows, alice: int, account: int, talk: int) -> None:
    message = rows.database.write(send_text, alice, talk, "Hi", str(uuid4()))
    epoch = rows.epoch(account)
    [entry] = due(rows, account)
    rows.database.write(settle.begin, account, epoch, entry)
    rows.arrive(account, said("Hi", "r2", own=True, transaction_id=message.transaction_id))
    rows.database.write(settle.settle_sent, account, epoch, entry, Done("r2"))
    assert [(m.remote_id, m.delivery) for m in rows.messages()] == [("r1", None), ("r2", Delivery.SENT)]
    assert due(rows, account) == []


def test_the_archive_names_a_message_that_was_sent_without_a_name(
    rows: Rows, alice: int, account: int, talk: int
) -> None:
    message = rows.database.write(send_text, alice, talk, "Hi", str(uuid4()))
    [entry] = due(rows, account)
    rows.database.write(settle.begin, account, rows.epoch(account), entry)
    rows.database.write(settle.settle_sent, account, rows.epoch(account), entry, Done())
    rows.arrive(account, said("Hi", "r2", own=True, transaction_id=message.transaction_id), origin=Origin.CATCH_UP)
    assert [m.remote_id for m in rows.messages()] == ["r1", "r2"]


def test_an_entry_that_was_begun_says_so_when_begun_again(rows: Rows, alice: int, account: int, talk: int) -> None:
    rows.database.write(send_text, alice, talk, "Hi", str(uuid4()))
    [entry] = due(rows, account)
    first = rows.database.write(settle.begin, account, rows.epoch(account), entry)
    again = rows.database.write(settle.begin, account, rows.epoch(account), entry)
    assert (first.before, again.before) == (False, True)
    assert isinstance(first.action, SendText)
    assert first.action.transaction_id == again.action.transaction_id


def test_a_failed_message_says_why_and_can_be_tried_again_or_deleted(
    rows: Rows, alice: int, account: int, talk: int
) -> None:
    message = rows.database.write(send_text, alice, talk, "Hi", str(uuid4()))
    [entry] = due(rows, account)
    rows.database.write(settle.begin, account, rows.epoch(account), entry)
    rows.database.write(settle.settle_failed, account, rows.epoch(account), entry, Sentence("Too long."))
    assert rows.messages()[-1].delivery == Delivery.FAILED
    assert rows.conversation().failed == 1
    rows.database.write(retry, alice, message.id)
    assert rows.messages()[-1].delivery == Delivery.WAITING
    assert rows.conversation().failed == 0
    [entry] = due(rows, account)
    rows.database.write(settle.settle_uncertain, account, rows.epoch(account), entry)
    assert rows.messages()[-1].delivery == Delivery.UNCERTAIN
    rows.database.write(delete_unsent, alice, message.id)
    assert rows.bodies() == ["Hello"]
    assert (rows.conversation().failed, rows.conversation().preview) == (0, "Hello")


def test_a_sent_message_cannot_be_deleted_as_unsent(rows: Rows, alice: int, account: int, talk: int) -> None:
    rows.arrive(account, said("Hi", "r2", own=True))
    with pytest.raises(NotPossible):
        rows.database.write(delete_unsent, alice, rows.messages()[-1].id)
    assert rows.bodies() == ["Hello", "Hi"]


@pytest.mark.parametrize("text", ["", "  \n ", "x" * 2_001])
def test_nothing_empty_and_nothing_too_long_is_taken(rows: Rows, alice: int, talk: int, text: str) -> None:
    with pytest.raises(NotPossible):
        rows.database.write(send_text, alice, talk, text, str(uuid4()))
    assert rows.bodies() == ["Hello"]


def test_another_user_s_conversation_is_not_there(rows: Rows, talk: int) -> None:
    bob = rows.person("Bob")
    with pytest.raises(NotYours):
        rows.database.write(send_text, bob, talk, "Hi", str(uuid4()))


def test_control_characters_are_left_out(rows: Rows, alice: int, talk: int) -> None:
    rows.database.write(send_text, alice, talk, "a\x00b\x1b\r\nc\td\n\n", str(uuid4()))
    assert rows.bodies()[-1] == "ab\nc\td"


def test_reading_tells_the_network_once_about_the_newest(rows: Rows, alice: int, account: int, talk: int) -> None:
    rows.arrive(account, said("two", "r2"), said("three", "r3"))
    for message in rows.messages():
        rows.database.write(mark_read, alice, talk, message.id)
    assert rows.conversation().unread == 0
    [entry] = due(rows, account, OutboxKind.MARK_READ)
    begun = rows.database.write(settle.begin, account, rows.epoch(account), entry)
    assert isinstance(begun.action, MarkRead)
    assert begun.action.message.remote_id == "r3"


def test_a_stale_holder_may_not_settle(rows: Rows, alice: int, account: int, talk: int) -> None:
    rows.database.write(send_text, alice, talk, "Hi", str(uuid4()))
    [entry] = due(rows, account)
    with pytest.raises(LeaseLost):
        rows.database.write(settle.begin, account, rows.epoch(account) - 1, entry)
    assert rows.messages()[-1].delivery == Delivery.WAITING
