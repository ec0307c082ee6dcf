"""What arrives is stored once, in order, and counted right."""

from dataclasses import fields

import pytest

from tests.rows import Rows, said
from webapp.changes import MessageChanged
from webapp.languages import Sentence
from webapp.messaging.errors import LeaseLost
from webapp.messaging.new_messages import NewMessage
from webapp.messaging.receive import receive
from webapp.models import Message
from webapp.networks.events import (
    Batch,
    ContactChanged,
    ConversationChanged,
    ConversationKind,
    ConversationState,
    Delivery,
    DeliveryChanged,
    InvitationReceived,
    Member,
    MembersChanged,
    MessageRef,
    Origin,
    ReadElsewhere,
    TypingChanged,
)


def test_a_message_makes_its_conversation_and_is_unread(rows: Rows, account: int) -> None:
    rows.arrive(account, said("Hello", "r1"))
    conversation = rows.conversation()
    assert (conversation.unread, conversation.preview, conversation.listed) == (1, "Hello", True)
    assert rows.bodies() == ["Hello"]


def test_the_same_message_twice_is_stored_once(rows: Rows, account: int) -> None:
    rows.arrive(account, said("Hello", "r1"))
    rows.arrive(account, said("Hello", "r1"), origin=Origin.CATCH_UP)
    rows.arrive(account, said("Hello", "r1"), said("Hello", "r1"))
    assert rows.bodies() == ["Hello"]
    assert rows.conversation().unread == 1


def test_equal_words_with_other_ids_are_two_messages(rows: Rows, account: int) -> None:
    rows.arrive(account, said("ok", "r1"), said("ok", "r2"))
    assert rows.bodies() == ["ok", "ok"]


def test_a_message_without_network_id_is_met_again_by_the_sender_s_id(rows: Rows, account: int) -> None:
    rows.arrive(account, said("Hello", None, transaction_id="t1"))
    rows.arrive(account, said("Hello", "r1", transaction_id="t1"), origin=Origin.CATCH_UP)
    assert [m.remote_id for m in rows.messages()] == ["r1"]


def test_a_client_that_uses_an_id_again_loses_nothing(rows: Rows, account: int) -> None:
    rows.arrive(account, said("one", "r1", transaction_id="1"), said("two", "r2", transaction_id="1"))
    assert rows.bodies() == ["one", "two"]


def test_order_is_the_network_s_not_the_clock_s(rows: Rows, account: int) -> None:
    rows.arrive(account, said("first", "r1", minute=5), said("second", "r2", minute=1))
    assert rows.bodies() == ["first", "second"]


def test_catch_up_raises_unread_and_backfill_does_not(rows: Rows, account: int) -> None:
    rows.arrive(account, said("old", "r1"), origin=Origin.BACKFILL)
    assert rows.conversation().unread == 0
    rows.arrive(account, said("missed", "r2"), origin=Origin.CATCH_UP)
    assert rows.conversation().unread == 1
    rows.arrive(account, said("older", "r0"), origin=Origin.BACKFILL)
    assert rows.bodies() == ["older", "old", "missed"]
    assert rows.conversation().preview == "missed"


def test_an_own_message_from_the_phone_is_mine_and_reads_what_came_before(rows: Rows, account: int) -> None:
    rows.arrive(account, said("Are you there?", "r1"))
    rows.arrive(account, said("Yes", "r2", own=True))
    assert rows.conversation().unread == 0
    assert [(m.own, m.delivery) for m in rows.messages()] == [(False, None), (True, Delivery.SENT)]


def test_what_comes_after_an_own_message_in_one_batch_is_unread(rows: Rows, account: int) -> None:
    rows.arrive(account, said("a", "r1"), said("b", "r2", own=True), said("c", "r3"), origin=Origin.CATCH_UP)
    assert rows.conversation().unread == 1


def test_reading_elsewhere_clears_unread_and_never_moves_back(rows: Rows, account: int) -> None:
    rows.arrive(account, said("a", "r1"), said("b", "r2"), said("c", "r3"))
    rows.arrive(account, ReadElsewhere("bob", MessageRef(remote_id="r2")))
    assert rows.conversation().unread == 1
    rows.arrive(account, ReadElsewhere("bob", MessageRef(remote_id="r1")))
    assert rows.conversation().unread == 1
    rows.arrive(account, ReadElsewhere("bob", MessageRef(remote_id="never heard of")))
    assert rows.conversation().unread == 1


def test_quiet_messages_raise_no_unread(rows: Rows, account: int) -> None:
    rows.arrive(account, said("The subject is now Beach", "r1", quiet=True))
    assert rows.conversation().unread == 0


def test_receipts_only_move_forward_and_reach_back(rows: Rows, account: int) -> None:
    rows.arrive(account, *(said(str(n), f"r{n}", own=True, transaction_id=f"t{n}") for n in range(3)))
    rows.arrive(account, DeliveryChanged("bob", MessageRef(transaction_id="t1"), Delivery.READ, up_to=True))
    assert [m.delivery for m in rows.messages()] == [Delivery.READ, Delivery.READ, Delivery.SENT]
    rows.arrive(account, DeliveryChanged("bob", MessageRef(remote_id="r1"), Delivery.DELIVERED))
    assert rows.messages()[1].delivery == Delivery.READ


def test_a_receipt_for_somebody_else_s_message_changes_nothing(rows: Rows, account: int) -> None:
    rows.arrive(account, said("Hello", "r1"))
    rows.arrive(account, DeliveryChanged("bob", MessageRef(remote_id="r1"), Delivery.READ))
    assert rows.messages()[0].delivery is None


def test_who_read_a_later_message_of_somebody_else_read_ours_before_it(rows: Rows, account: int) -> None:
    rows.arrive(account, said("mine", "r1", own=True), said("theirs", "r2"), said("mine too", "r3", own=True))
    rows.arrive(account, DeliveryChanged("bob", MessageRef(remote_id="r2"), Delivery.READ, up_to=True))
    assert [m.delivery for m in rows.messages()] == [Delivery.READ, None, Delivery.SENT]


def test_a_late_error_makes_a_message_failed_with_its_reason(rows: Rows, account: int) -> None:
    rows.arrive(account, said("Hello", "r1", own=True))
    reason = Sentence("No such person.")
    rows.arrive(account, DeliveryChanged("bob", MessageRef(remote_id="r1"), Delivery.FAILED, reason=reason))
    assert rows.messages()[0].delivery == Delivery.FAILED
    assert Sentence.from_json(rows.messages()[0].reason) == reason
    assert rows.conversation().failed == 1


def test_the_checkpoint_is_stored_with_the_batch_or_not_at_all(rows: Rows, account: int) -> None:
    rows.arrive(account, said("Hello", "r1"), checkpoint=b"one")
    with pytest.raises(KeyError):
        rows.arrive(account, said("two", "r2"), object(), checkpoint=b"two")  # type: ignore[arg-type]
    assert rows.stored_account(account).checkpoint == b"one"
    assert rows.bodies() == ["Hello"]


def test_a_stale_holder_may_not_write(rows: Rows, account: int) -> None:
    stale = rows.epoch(account) - 1
    with pytest.raises(LeaseLost):
        rows.database.write(receive, account, stale, Batch((said("late", "r1"),), Origin.LIVE), b"late")
    assert rows.stored_account(account).checkpoint is None


def test_an_invitation_is_a_row_that_asks_and_goes_quiet_when_answered(rows: Rows, account: int) -> None:
    rows.arrive(account, InvitationReceived("room", ConversationKind.GROUP, "bob", "Bob", name="Garden"))
    invited = rows.conversation("room")
    assert (invited.state, invited.unread, invited.listed) == (ConversationState.INVITED, 1, True)
    rows.arrive(account, ConversationChanged("room", ConversationKind.GROUP, state=ConversationState.JOINED))
    joined = rows.conversation("room")
    assert (joined.state, joined.unread, joined.preview) == (ConversationState.JOINED, 0, "")


def test_a_contact_s_name_names_the_conversation(rows: Rows, account: int) -> None:
    rows.arrive(account, said("Hello", "r1"))
    rows.arrive(account, ContactChanged("bob", "Bob Baker"))
    assert rows.conversation().name == "Bob Baker"


def test_in_a_group_people_are_called_as_they_say_else_as_the_contact_is_else_by_address(
    rows: Rows, account: int
) -> None:
    there = {"conversation": "club", "kind": ConversationKind.GROUP}
    rows.arrive(account, ContactChanged("bob", "Bobby"))
    rows.arrive(account, said("one", "r1", **there), said("two", "r2", sender="carol", **there))
    rows.arrive(account, said("three", "r3", sender_name="Rob", **there))
    assert [message.sender_name for message in rows.messages("club")] == ["Bobby", "carol", "Rob"]
    assert rows.conversation("club").preview_sender == "Rob"


def test_members_are_replaced_added_and_gone(rows: Rows, account: int) -> None:
    room = ConversationChanged("room", ConversationKind.GROUP, name="Garden", listed=True)
    rows.arrive(account, room, MembersChanged("room", (Member("a"), Member("b")), complete=True))
    rows.arrive(account, MembersChanged("room", (Member("c", role="owner"),), gone=("a",)))
    from sqlmodel import select

    from webapp.models import Identity, Membership

    query = select(Identity.address).join(Membership).order_by(Identity.address)
    assert list(rows.database.read(lambda db: list(db.exec(query)))) == ["b", "c"]


def test_typing_is_told_once_and_ends_with_the_message(rows: Rows, account: int) -> None:
    from webapp.messaging.typing import typing_in

    rows.arrive(account, said("Hello", "r1"))
    rows.arrive(account, TypingChanged("bob", "bob", typing=True, name="Bob"))
    assert typing_in(rows.conversation().id) == ("Bob",)
    rows.arrive(account, said("Here it is", "r2"))
    assert typing_in(rows.conversation().id) == ()


def test_changes_are_announced_after_the_commit_only(rows: Rows, account: int) -> None:
    rows.hub.heard.clear()
    rows.arrive(account, said("Hello", "r1"))
    changed = [change for change in rows.hub.heard if isinstance(change, MessageChanged)]
    assert [change.message_id for change in changed] == [rows.messages()[0].id]
    rows.hub.heard.clear()
    with pytest.raises(KeyError):
        rows.arrive(account, said("two", "r2"), object())  # type: ignore[arg-type]
    assert rows.hub.heard == []


def test_a_new_message_has_every_column_of_its_row():
    assert {one.name for one in fields(NewMessage)} == set(Message.model_fields)
