"""Requests and invitations: they take nothing of a conversation away, whatever the answer is."""

import pytest
from sqlalchemy.exc import NoResultFound
from sqlmodel import Session

from tests.rows import Rows, said
from webapp.languages import Sentence
from webapp.messaging import conversations
from webapp.messaging.errors import NotPossible
from webapp.messaging.head import Head, head_of
from webapp.messaging.inbox import unread_count
from webapp.messaging.read import mark_invitation_seen, mark_read
from webapp.messaging.send import send_text
from webapp.networks.events import (
    ConversationChanged,
    ConversationGone,
    ConversationKind,
    ConversationState,
    InvitationReceived,
)

ASKS = InvitationReceived("bob", ConversationKind.DIRECT, "bob", "Bob", text="It is me, from the choir")
INVITES = InvitationReceived("room", ConversationKind.GROUP, "bob", "Bob", name="Garden")


def answer(rows: Rows, account: int, state: ConversationState, remote_id: str = "bob") -> None:
    """As an answer arrives: the network tells of it, and the page that asked notes it."""
    kind = rows.conversation(remote_id).kind
    rows.arrive(account, ConversationChanged(remote_id, kind, state=state))
    rows.database.write(conversations.answer, account, remote_id, None, state)


def head(rows: Rows, alice: int, remote_id: str = "bob") -> Head:
    return rows.database.read(head_of, alice, rows.conversation(remote_id).id)


@pytest.mark.parametrize("state", [ConversationState.JOINED, ConversationState.DECLINED])
def test_an_answer_leaves_the_messages_before_and_after_the_request_as_unread_as_they_are(
    rows: Rows, account: int, state: ConversationState
) -> None:
    rows.arrive(account, said("one", "r1"), said("two", "r2", minute=1))
    rows.arrive(account, ASKS)
    assert (rows.conversation().unread, rows.conversation().preview_is_sentence) == (3, True)
    rows.arrive(account, said("three", "r3", minute=2, mention=True))
    assert rows.conversation().unread == 4
    answer(rows, account, state)
    after = rows.conversation()
    assert (after.state, after.unread, after.mentions) == (state, 3, 1)
    assert (after.preview, after.preview_is_sentence, after.listed) == ("three", False, True)


@pytest.mark.parametrize("state", [ConversationState.JOINED, ConversationState.DECLINED])
def test_an_answer_shows_the_last_message_again_that_the_request_had_covered(
    rows: Rows, account: int, state: ConversationState
) -> None:
    rows.arrive(account, said("one", "r1"), said("mine", "r2", own=True, minute=1))
    rows.arrive(account, ASKS)
    answer(rows, account, state)
    after = rows.conversation()
    assert (after.unread, after.preview, after.preview_own, after.listed) == (0, "mine", True, True)


def test_a_request_without_any_message_leaves_the_inbox_when_it_is_declined(rows: Rows, account: int) -> None:
    rows.arrive(account, ASKS)
    answer(rows, account, ConversationState.DECLINED)
    after = rows.conversation()
    assert (after.unread, after.preview, after.listed) == (0, "", False)


def test_whoever_was_declined_can_be_written_to_and_heard_from(rows: Rows, alice: int, account: int) -> None:
    rows.arrive(account, ASKS)
    answer(rows, account, ConversationState.DECLINED)
    assert not head(rows, alice).is_closed
    rows.database.write(send_text, alice, rows.conversation().id, "No offence", "")
    rows.arrive(account, said("None taken", "r1"))
    after = rows.conversation()
    assert (after.preview, after.unread, after.listed) == ("None taken", 1, True)


@pytest.mark.parametrize(
    ("state", "why"),
    [
        (ConversationState.INVITED, "Accept the invitation first"),
        (ConversationState.DECLINED, "You declined to join"),
        (ConversationState.LEFT, "not in this group any more"),
    ],
)
def test_nothing_can_be_said_in_a_group_that_one_is_not_in_and_it_says_why(
    rows: Rows, alice: int, account: int, state: ConversationState, why: str
) -> None:
    rows.arrive(account, INVITES)
    if state != ConversationState.INVITED:
        answer(rows, account, state, "room")
        assert head(rows, alice, "room").is_closed
    with pytest.raises(NotPossible, match="") as refused:
        rows.database.write(send_text, alice, rows.conversation("room").id, "Hello?", "")
    assert why in refused.value.reason.msgid


def test_looking_at_a_request_leaves_the_messages_unread(rows: Rows, alice: int, account: int) -> None:
    rows.arrive(account, said("one", "r1"))
    rows.arrive(account, ASKS)
    rows.database.write(mark_invitation_seen, alice, rows.conversation().id)
    assert rows.conversation().unread == 1


def test_reading_what_was_read_before_counts_as_having_seen_the_request(rows: Rows, alice: int, account: int) -> None:
    rows.arrive(account, said("one", "r1"))
    here, message = rows.conversation().id, rows.messages()[0].id
    rows.database.write(mark_read, alice, here, message)
    rows.arrive(account, ASKS)
    assert rows.conversation().unread == 1
    rows.database.write(mark_read, alice, here, message)
    assert rows.conversation().unread == 0


def test_asking_again_before_the_answer_changes_nothing(rows: Rows, alice: int, account: int) -> None:
    rows.arrive(account, ASKS)
    rows.database.write(mark_invitation_seen, alice, rows.conversation().id)
    rows.arrive(account, ASKS)
    assert rows.conversation().unread == 0


def test_the_words_of_a_request_are_kept_until_the_answer_and_are_not_endless(
    rows: Rows, alice: int, account: int
) -> None:
    rows.arrive(account, ASKS)
    assert head(rows, alice).invitation == "It is me, from the choir"
    answer(rows, account, ConversationState.DECLINED)
    assert head(rows, alice).invitation == ""
    rows.arrive(account, InvitationReceived("carol", ConversationKind.DIRECT, "carol", text="x" * 5_000))
    assert len(rows.conversation("carol").invitation) == conversations.LONGEST_INVITATION


def test_why_a_group_was_left_is_known_until_one_is_in_it_again(rows: Rows, alice: int, account: int) -> None:
    closed = Sentence("It was closed.")
    group = ConversationKind.GROUP
    rows.arrive(account, said("Hello", "r1", conversation="room", kind=group))
    rows.arrive(account, ConversationChanged("room", group, state=ConversationState.LEFT, reason=closed))
    assert head(rows, alice, "room").left_because == closed
    rows.arrive(account, ConversationChanged("room", group, state=ConversationState.JOINED))
    assert head(rows, alice, "room").left_because is None


def test_left_by_oneself_has_no_reason(rows: Rows, alice: int, account: int) -> None:
    group = ConversationKind.GROUP
    reason = Sentence("It was closed.")
    rows.arrive(account, ConversationChanged("room", group, state=ConversationState.LEFT, reason=reason))
    rows.database.write(_leave, account)
    assert head(rows, alice, "room").left_because is None


def _leave(db: Session, account: int) -> None:
    conversations.answer(db, account, "room", ConversationKind.GROUP, ConversationState.LEFT)


def test_an_invitation_into_a_space_is_gone_wherever_it_was_answered_and_a_group_is_none_after(
    rows: Rows, alice: int, account: int
) -> None:
    into = InvitationReceived("attic", ConversationKind.GROUP, "bob", "Bob", name="Attic", space=True)
    rows.arrive(account, into, into)
    assert (head(rows, alice, "attic").is_space, rows.conversation("attic").unread) == (True, 1)
    rows.arrive(account, ConversationGone("attic"), ConversationGone("attic"), ConversationGone("nobody"))
    with pytest.raises(NoResultFound):
        rows.conversation("attic")
    assert rows.database.read(unread_count, alice) == 0
    rows.arrive(account, into)
    answer(rows, account, ConversationState.JOINED, "attic")
    assert not head(rows, alice, "attic").is_space


def test_nothing_older_is_asked_for_in_a_group_before_one_is_in_it(rows: Rows, alice: int, account: int) -> None:
    rows.arrive(account, INVITES, ASKS)
    assert (head(rows, alice, "room").more_history, head(rows, alice).more_history) == (False, True)
    for state, expected in ((ConversationState.ASKED, False), (ConversationState.JOINED, True)):
        rows.arrive(account, ConversationChanged("room", ConversationKind.GROUP, state=state))
        assert head(rows, alice, "room").more_history is expected


def test_what_was_said_in_a_group_is_not_lost_because_somebody_calls_it_a_space(
    rows: Rows, alice: int, account: int
) -> None:
    rows.arrive(account, said("Remember this", "r1", conversation="room", kind=ConversationKind.GROUP))
    rows.arrive(account, ConversationChanged("room", ConversationKind.GROUP, state=ConversationState.LEFT))
    again = InvitationReceived("room", ConversationKind.GROUP, "mallory", "Mallory", name="Garden", space=True)
    rows.arrive(account, again)
    rows.arrive(account, ConversationGone("room"))
    after = rows.conversation("room")
    assert (after.state, after.is_space, after.listed, after.preview) == (
        ConversationState.LEFT,
        False,
        True,
        "Remember this",
    )
    assert rows.bodies("room") == ["Remember this"]
