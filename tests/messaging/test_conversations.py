"""What a network tells of a conversation: whom it is with, how many are in it, where it goes on."""

from dataclasses import replace

import pytest
from sqlmodel import func, select

from tests.messaging.test_inbox import READER, count, counted, plan_of
from tests.rows import Rows, said
from webapp.changes import ConversationGone
from webapp.messaging import arrange, conversations, inbox
from webapp.messaging.errors import NotPossible
from webapp.messaging.head import head_of
from webapp.messaging.inbox import Filter
from webapp.messaging.search import conversations_called
from webapp.messaging.send import send_text
from webapp.models import Message
from webapp.networks.events import (
    ContactChanged,
    ConversationChanged,
    ConversationKind,
    ConversationState,
    Member,
    MembersChanged,
)

OLD = ConversationChanged("old", ConversationKind.GROUP, name="Choir", listed=True)
NEW = ConversationChanged("new", ConversationKind.GROUP, name="Choir", listed=True)
MOVED = replace(OLD, successor="new")


def test_a_conversation_that_names_its_partner_is_called_and_found_as_they_are(
    rows: Rows, alice: int, account: int
) -> None:
    there = {"conversation": "!flat", "sender": "@bob:x.example"}
    rows.arrive(account, said("Hello", "r1", **there))
    rows.arrive(account, ConversationChanged("!flat", ConversationKind.DIRECT, partner="@bob:x.example"))
    (row,) = rows.database.read(inbox.inbox_page, alice, Filter()).rows
    assert (row.name, row.address) == ("@bob:x.example", "@bob:x.example")
    rows.arrive(account, ContactChanged("@bob:x.example", "Bob"))
    (row,) = rows.database.read(inbox.inbox_page, alice, Filter()).rows
    head = rows.database.read(head_of, alice, row.id)
    assert (row.name, head.name, head.address) == ("Bob", "Bob", "@bob:x.example")
    assert [one.id for one in rows.database.read(conversations_called, alice, "bob:x")] == [row.id]
    assert rows.conversation("!flat").remote_id == "!flat"


def test_a_conversation_that_turns_out_to_be_of_the_other_kind_is_so(rows: Rows, account: int) -> None:
    rows.arrive(account, OLD)
    for kind in (ConversationKind.DIRECT, ConversationKind.GROUP):
        rows.arrive(account, replace(OLD, kind=kind))
        assert rows.conversation("old").kind == kind


def test_the_partner_is_looked_up_in_an_index(rows: Rows, alice: int, account: int) -> None:
    plan = rows.database.read(plan_of, inbox.page_query(alice, Filter(), None, 41))
    assert any("identity" in step and "account_id=? AND address=?" in step for step in plan), plan


def test_a_told_number_of_members_counts_more_than_those_who_are_known(rows: Rows, alice: int, account: int) -> None:
    rows.arrive(account, OLD, MembersChanged("old", (Member("a"), Member("b"))))
    here = rows.conversation("old").id
    assert rows.database.read(head_of, alice, here).members == 2
    rows.arrive(account, replace(OLD, members=50_000))
    assert rows.database.read(head_of, alice, here).members == 50_000


@pytest.mark.parametrize("order", [(OLD, NEW, MOVED), (OLD, MOVED, NEW)])
def test_pin_and_silence_go_along_to_where_a_conversation_goes_on(rows: Rows, alice: int, account: int, order) -> None:
    rows.arrive(account, order[0])
    here = rows.conversation("old").id
    for verb in (arrange.set_pinned, arrange.set_muted):
        rows.database.write(verb, alice, here, True)
    for event in order[1:]:
        rows.arrive(account, event)
    old, new = rows.conversation("old"), rows.conversation("new")
    assert (old.pinned, new.pinned, new.muted) == (False, True, True)
    assert rows.database.read(head_of, alice, here).successor_id == new.id
    rows.database.write(arrange.set_pinned, alice, new.id, False)
    rows.arrive(account, MOVED)
    assert not rows.conversation("new").pinned


def test_nothing_is_said_where_a_conversation_does_not_go_on(rows: Rows, alice: int, account: int) -> None:
    rows.arrive(account, OLD, replace(OLD, successor="old"))
    here = rows.conversation("old").id
    rows.database.write(send_text, alice, here, "Hello", "")
    rows.arrive(account, MOVED)
    with pytest.raises(NotPossible):
        rows.database.write(send_text, alice, here, "Hello?", "")
    assert rows.database.read(head_of, alice, here).is_closed


def test_a_new_conversation_looks_for_its_predecessor_in_an_index(rows: Rows, account: int) -> None:
    with counted(rows) as statements:
        rows.arrive(account, NEW)
    (asked,) = [one for one in statements if "successor = ?" in one]
    with rows.database.engine.connect() as connection:
        values = (1,) * asked.count("?")
        plan = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {asked}", values).all()
    assert any("conversation_successor" in step[3] for step in plan), plan


def test_who_asked_to_be_let_in_waits_and_cannot_write(rows: Rows, alice: int, account: int) -> None:
    asked, group = ConversationState.ASKED, ConversationKind.GROUP
    here = rows.database.write(conversations.answer, account, "club", group, asked)
    assert rows.conversation("club").listed
    with pytest.raises(NotPossible):
        rows.database.write(send_text, alice, here, "Hello", "")
    rows.arrive(account, ConversationChanged("club", group, state=ConversationState.JOINED))
    rows.database.write(send_text, alice, here, "Hello", "")


def test_what_is_said_of_a_bridge_stands_in_the_row(rows: Rows, alice: int, account: int) -> None:
    rows.arrive(account, replace(OLD, bridged="Telegram"))
    (row,) = rows.database.read(inbox.inbox_page, alice, Filter()).rows
    assert (row.bridged, rows.database.read(head_of, alice, row.id).bridged) == ("Telegram", "Telegram")
    assert count(rows, inbox.inbox_page, alice, Filter()) == 1


def test_what_is_forgotten_is_gone_with_all_that_was_said(rows: Rows, alice: int, account: int) -> None:
    there = {"conversation": "old", "kind": ConversationKind.GROUP}
    rows.arrive(account, OLD, said("Hello", "r1", **there), said("Hello", "r2"), MembersChanged("old", (Member("a"),)))
    for _ in range(2):
        rows.database.write(conversations.forget, account, "old")
    left = rows.database.read(inbox.inbox_page, alice, Filter()).rows
    assert [row.address for row in left] == ["bob"]
    assert rows.database.read(lambda db: db.exec(select(func.count()).select_from(Message)).one()) == 1
    assert rows.database.read(inbox.unread_count, alice) == 1
    assert ConversationGone in {type(change) for change in rows.hub.heard}


def test_an_id_that_says_nothing_is_never_shown(rows: Rows, alice: int) -> None:
    account = rows.account(alice, "matrix", "@alice:x.example")
    room = ConversationChanged("!opaque:x.example", ConversationKind.GROUP, listed=True)
    for told, words in (
        (room, "Conversation without a name"),
        (replace(room, former="Anna"), "Empty conversation (was Anna)"),
        (replace(room, former="Anna", name="Garden"), "Garden"),
        (replace(room, former="", name=""), "Conversation without a name"),
    ):
        rows.arrive(account, told)
        (row,) = rows.database.read(inbox.inbox_page, alice, Filter()).rows
        head = rows.database.read(head_of, alice, row.id)
        assert [READER.words(row.name), READER.words(head.name)] == [words, words]
