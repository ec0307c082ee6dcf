"""Spaces are filters: what is in them follows the network, and a page of one costs what is in it, not what there is."""

import pytest
from sqlalchemy import insert
from sqlmodel import col, select

from tests.messaging.test_inbox import MANY, count, many, plan_of
from tests.rows import Rows, said
from webapp.changes import SpacesChanged
from webapp.messaging import inbox, spaces
from webapp.messaging.errors import NotYours
from webapp.messaging.inbox import Filter
from webapp.models import Conversation, Space, SpaceConversation
from webapp.networks.events import ConversationKind, SpaceChanged

pytestmark = pytest.mark.process  # together they take seconds

__all__ = ["many"]

IN_IT = tuple(f"c{number}" for number in range(7, MANY, 100))
"""A hundred of ten thousand."""


def chips(rows: Rows, user: int) -> list[str]:
    return [chip.name for chip in rows.database.read(spaces.spaces_of, user)]


def filter_of(rows: Rows, remote_id: str = "s") -> Filter:
    query = select(Space.id).where(Space.remote_id == remote_id)
    return Filter(space_id=rows.database.read(lambda db: db.exec(query).one()))


def names(rows: Rows, user: int, wanted: Filter) -> list[str]:
    return [row.name for row in rows.database.read(inbox.inbox_page, user, wanted).rows]


def test_a_space_narrows_the_list_and_follows_the_network(rows: Rows, alice: int, account: int) -> None:
    for who in ("bob", "carol", "dora"):
        rows.arrive(account, said("Hello", f"r-{who}", conversation=who, sender=who))
    rows.arrive(account, SpaceChanged("s", "School", ("bob", "carol", "not-here-yet")))
    assert (chips(rows, alice), names(rows, alice, filter_of(rows))) == (["School"], ["carol", "bob"])
    rows.arrive(account, SpaceChanged("s", "Old school", ("carol", "dora")))
    assert (chips(rows, alice), names(rows, alice, filter_of(rows))) == (["Old school"], ["dora", "carol"])
    rows.arrive(account, SpaceChanged("s", "Old school"))
    assert (chips(rows, alice), names(rows, alice, filter_of(rows))) == (["Old school"], [])
    rows.arrive(account, SpaceChanged("s", gone=True), SpaceChanged("s", gone=True))
    assert rows.database.read(lambda db: list(db.exec(select(Space)))) == []


def test_telling_it_again_changes_nothing_and_wakes_nobody(rows: Rows, account: int) -> None:
    rows.arrive(account, said("Hello", "r1"), SpaceChanged("s", "School", ("bob",)))
    rows.hub.heard.clear()
    rows.arrive(account, SpaceChanged("s", "School", ("bob",)))
    assert not [change for change in rows.hub.heard if isinstance(change, SpacesChanged)]


def test_a_space_of_somebody_else_holds_nothing(rows: Rows, alice: int, account: int) -> None:
    rows.arrive(account, said("Hello", "r1"), SpaceChanged("s", "School", ("bob",)))
    bert = rows.person("Bert")
    wanted, here = filter_of(rows), rows.conversation().id
    assert (names(rows, bert, wanted), chips(rows, bert)) == ([], [])
    assert rows.database.read(inbox.rows_of, bert, [here], wanted) == {}
    assert list(rows.database.read(inbox.rows_of, alice, [here], wanted)) == [here]
    assert rows.database.read(inbox.rows_of, alice, [here], Filter(space_id=99)) == {}


def test_two_accounts_may_have_a_space_of_the_same_id(rows: Rows, alice: int, account: int) -> None:
    other = rows.account(alice, address="other@toy")
    rows.arrive(account, said("Hello", "r1"), SpaceChanged("s", "One", ("bob",)))
    rows.arrive(other, said("Hello", "r1", conversation="carol"), SpaceChanged("s", "Two", ("bob", "carol")))
    assert chips(rows, alice) == ["One", "Two"]
    found = rows.database.read(
        lambda db: db.exec(
            select(Space.name, Conversation.remote_id)
            .select_from(Space)
            .join(SpaceConversation, col(SpaceConversation.space_id) == Space.id)
            .join(Conversation, col(Conversation.id) == SpaceConversation.conversation_id)
        ).all()
    )
    assert sorted(found) == [("One", "bob"), ("Two", "carol")]


@pytest.fixture
def narrowed(many: Rows, account: int) -> Filter:
    many.arrive(account, SpaceChanged("s", "School", IN_IT))
    return filter_of(many)


def test_a_page_of_a_space_is_one_query_that_looks_at_what_is_in_it(many: Rows, alice: int, narrowed: Filter) -> None:
    assert count(many, inbox.inbox_page, alice, narrowed) == 1
    for after in (None, many.database.read(inbox.inbox_page, alice, narrowed).end):
        plan = many.database.read(plan_of, inbox.page_query(alice, narrowed, after, 41))
        assert not any(step.startswith("SCAN") and step != "SCAN some" for step in plan), plan
        assert not any("conversation_inbox" in step for step in plan), plan


def test_pages_of_a_space_follow_each_other_without_a_gap_or_a_double(many: Rows, alice: int, narrowed: Filter) -> None:
    seen: list[str] = []
    after = None
    while True:
        page = many.database.read(inbox.inbox_page, alice, narrowed, after)
        seen += [row.key for row in page.rows]
        after = page.end
        if after is None:
            break
    assert (len(seen), len(set(seen)), seen) == (len(IN_IT), len(IN_IT), sorted(seen, reverse=True))


def test_very_many_spaces_are_not_all_offered_and_one_holds_only_so_many(rows: Rows, alice: int, account: int) -> None:
    rows.arrive(account, said("Hello", "r1"))
    for number in range(spaces.MOST_SPACES + 5):
        rows.arrive(account, SpaceChanged(f"s{number}", f"Space {number:03}", ("bob",)))
    assert len(chips(rows, alice)) == spaces.MOST_SPACES
    more = [
        {"user_id": alice, "account_id": account, "remote_id": f"x{n}", "kind": ConversationKind.GROUP, "listed": True}
        for n in range(spaces.MOST_IN_SPACE + 5)
    ]
    rows.database.write(lambda db: db.execute(insert(Conversation), more) and None)
    rows.arrive(account, SpaceChanged("big", "Big", tuple(f"x{n}" for n in range(spaces.MOST_IN_SPACE + 5))))
    big = filter_of(rows, "big").space_id
    query = select(SpaceConversation).where(SpaceConversation.space_id == big)
    assert len(rows.database.read(lambda db: list(db.exec(query)))) == spaces.MOST_IN_SPACE


def test_whoever_left_a_space_does_not_wait_for_the_network_to_say_so(rows: Rows, alice: int, account: int) -> None:
    rows.arrive(account, said("Hello", "r1"), SpaceChanged("s", "School", ("bob",)))
    wanted = filter_of(rows).space_id
    card = rows.database.read(spaces.space_of, alice, wanted)
    assert (card.name, card.remote_id, card.account_id, card.conversations) == ("School", "s", account, 1)
    bert = rows.person("Bert")
    with pytest.raises(NotYours):
        rows.database.read(spaces.space_of, bert, wanted)
    rows.database.write(spaces.forget_space, bert, wanted)
    assert chips(rows, alice) == ["School"]
    rows.hub.heard.clear()
    rows.database.write(spaces.forget_space, alice, wanted)
    assert (chips(rows, alice), rows.hub.heard) == ([], [SpacesChanged(alice)])
    assert rows.conversation().listed
