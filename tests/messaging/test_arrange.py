"""How a person keeps their conversations, here and by their other programs: the last word is everywhere the same."""

from collections.abc import Callable

import pytest
from sqlmodel import col, select

from tests.messaging.test_inbox import count
from tests.rows import Rows, said
from webapp.messaging import arrange, inbox, settle
from webapp.messaging.inbox import Filter
from webapp.messaging.read import mark_read
from webapp.models import OutboxEntry
from webapp.models.outbox import OutboxKind
from webapp.networks.actions import Arrange, Done
from webapp.networks.events import ConversationArranged

VERBS: list[tuple[Callable[..., None], dict[str, bool]]] = [
    (arrange.set_pinned, {"pinned": True}),
    (arrange.set_muted, {"muted": True}),
    (arrange.set_low, {"low": True}),
    (arrange.set_marked_unread, {"marked_unread": True}),
]
NOTHING = {"pinned": False, "muted": False, "low": False, "marked_unread": False}


@pytest.fixture
def here(rows: Rows, account: int) -> int:
    """A conversation in which everything was read."""
    rows.arrive(account, said("Hello", "r1"))
    conversation = rows.conversation()
    read_all(rows)
    return conversation.id


def read_all(rows: Rows) -> None:
    """The person looks at the newest message; what that leads to is not waited for."""
    conversation, newest = rows.conversation(), rows.messages()[-1].id
    rows.database.write(mark_read, conversation.user_id, conversation.id, newest)


def waiting(rows: Rows) -> list[OutboxEntry]:
    query = select(OutboxEntry).where(col(OutboxEntry.kind) == OutboxKind.ARRANGE).order_by(col(OutboxEntry.id))
    return rows.database.read(lambda db: list(db.exec(query)))


def begun(rows: Rows, account: int) -> Arrange:
    """What the network is told, as far as it was begun."""
    due = rows.database.read(settle.due_entries, account)
    entry = next(one.entry_id for one in due if one.kind == OutboxKind.ARRANGE)
    action = rows.database.write(settle.begin, account, rows.epoch(account), entry).action
    assert isinstance(action, Arrange)
    return action


def tell_all(rows: Rows, account: int) -> None:
    """The network was told."""
    for entry in waiting(rows):
        rows.database.write(settle.settle_sent, account, rows.epoch(account), entry.id, Done())


def kept(rows: Rows) -> dict[str, bool]:
    conversation = rows.conversation()
    return {name: getattr(conversation, name) for name in NOTHING}


@pytest.mark.parametrize(("verb", "is_so"), VERBS)
def test_what_is_decided_here_waits_for_the_network_once_and_says_all(
    rows: Rows, alice: int, account: int, here: int, verb: Callable[..., None], is_so: dict[str, bool]
) -> None:
    for on in (True, False, True):
        rows.database.write(verb, alice, here, on)
    assert kept(rows) == NOTHING | is_so
    assert len(waiting(rows)) == 1
    assert begun(rows, account) == Arrange("bob", **(NOTHING | is_so))
    rows.database.write(verb, alice, here, False)
    assert len(waiting(rows)) == 2, "the one on its way may say the older thing"
    tell_all(rows, account)
    assert waiting(rows) == []


def test_a_network_that_knows_nothing_of_it_is_not_asked(rows: Rows, alice: int) -> None:
    house = rows.account(alice, "house", "alice")
    rows.arrive(house, said("Hello", "r1"))
    rows.database.write(arrange.set_pinned, alice, rows.conversation().id, True)
    assert (kept(rows)["pinned"], waiting(rows)) == (True, [])


@pytest.mark.parametrize("is_so", [is_so for _, is_so in VERBS])
def test_another_program_of_theirs_is_followed_and_what_it_does_not_say_stays(
    rows: Rows, alice: int, account: int, here: int, is_so: dict[str, bool]
) -> None:
    rows.arrive(account, ConversationArranged("bob", **is_so))
    assert kept(rows) == NOTHING | is_so
    rows.arrive(account, ConversationArranged("bob"))
    assert kept(rows) == NOTHING | is_so
    rows.arrive(account, ConversationArranged("bob", **dict.fromkeys(is_so, False)), ConversationArranged("nobody"))
    assert (kept(rows), waiting(rows)) == (NOTHING, [])


def test_what_was_decided_here_and_not_told_yet_counts_more(rows: Rows, alice: int, account: int, here: int) -> None:
    rows.database.write(arrange.set_pinned, alice, here, True)
    rows.arrive(account, ConversationArranged("bob", pinned=False, muted=True))
    assert kept(rows) == NOTHING | {"pinned": True}
    begun(rows, account)
    rows.arrive(account, ConversationArranged("bob", pinned=False))
    assert kept(rows)["pinned"], "it may be told just now"
    tell_all(rows, account)
    rows.arrive(account, ConversationArranged("bob", pinned=False))
    assert kept(rows) == NOTHING


def test_a_pinned_conversation_is_not_of_little_interest_and_the_other_way_round(
    rows: Rows, alice: int, here: int
) -> None:
    rows.database.write(arrange.set_low, alice, here, True)
    rows.database.write(arrange.set_pinned, alice, here, True)
    assert kept(rows) == NOTHING | {"pinned": True}
    rows.database.write(arrange.set_low, alice, here, True)
    assert kept(rows) == NOTHING | {"low": True}


def test_a_mark_looks_unread_until_one_comes_back_and_counts_as_no_message(
    rows: Rows, alice: int, account: int, here: int
) -> None:
    rows.database.write(arrange.set_marked_unread, alice, here, True)
    (row,) = rows.database.read(inbox.inbox_page, alice, Filter(unread=True)).rows
    assert (row.unread, rows.database.read(inbox.unread_count, alice)) == (1, 1)
    rows.arrive(account, said("And another thing", "r2", mention=True))
    assert (rows.conversation().unread, rows.conversation().mentions) == (1, 1)
    tell_all(rows, account)
    read_all(rows)
    assert (rows.conversation().unread, kept(rows)) == (0, NOTHING)
    assert begun(rows, account) == Arrange("bob", **NOTHING)


def test_coming_back_to_what_was_read_already_takes_the_mark_away(rows: Rows, account: int, here: int) -> None:
    rows.arrive(account, ConversationArranged("bob", marked_unread=True))
    assert rows.conversation().unread == 1
    read_all(rows)
    assert (rows.conversation().unread, len(waiting(rows))) == (0, 1)


def test_a_row_costs_no_query_more_for_it(rows: Rows, alice: int, here: int) -> None:
    rows.database.write(arrange.set_low, alice, here, True)
    assert count(rows, inbox.inbox_page, alice, Filter()) == 1
    assert rows.database.read(inbox.inbox_page, alice, Filter()).rows[0].low
