"""Who is in a group, also where that is very many: altered together, told apart, never more than one row each."""

import sqlite3
from contextlib import closing

import pytest

from tests.rows import Rows
from webapp.networks.events import ConversationChanged, ConversationKind, Member, MembersChanged

MANY = 5_000
"""Ten times as many as one statement names."""
ROOM = ConversationChanged("room", ConversationKind.GROUP, name="Garden", listed=True)
Row = tuple[str, str, str, bool]


@pytest.fixture
def account(rows: Rows) -> int:
    return rows.account(rows.person("Alice"))


def members(rows: Rows) -> list[Row]:
    """Address, name, role, and whether they are there."""
    with closing(sqlite3.connect(rows.folder / "test.sqlite")) as db:
        query = (
            "SELECT address, membership.name, role, present FROM membership"
            " JOIN identity ON identity.id = identity_id ORDER BY address"
        )
        return [(address, name, role, bool(here)) for address, name, role, here in db.execute(query)]


def names(rows: Rows) -> dict[str, str]:
    """What the addresses are called at all."""
    with closing(sqlite3.connect(rows.folder / "test.sqlite")) as db:
        return dict(db.execute("SELECT address, name FROM identity"))


def test_members_are_added_and_altered(rows: Rows, account: int) -> None:
    rows.arrive(account, ROOM, MembersChanged("room", (Member("a", "Anna"), Member("b"))))
    rows.arrive(account, MembersChanged("room", (Member("b", "Bert", "owner", present=False), Member("c"))))
    assert members(rows) == [("a", "Anna", "", True), ("b", "Bert", "owner", False), ("c", "", "", True)]
    assert names(rows) == {"a": "Anna", "b": "Bert", "c": ""}


def test_who_is_named_twice_is_there_once_as_named_last(rows: Rows, account: int) -> None:
    rows.arrive(account, ROOM, MembersChanged("room", (Member("a", "Anna"), Member("a", "Annie"))))
    assert members(rows) == [("a", "Annie", "", True)]


def test_a_name_in_one_group_does_not_change_what_somebody_is_called_elsewhere(rows: Rows, account: int) -> None:
    rows.arrive(account, ROOM, MembersChanged("room", (Member("a", "Anna"),)))
    rows.arrive(account, MembersChanged("room", (Member("a", "Boss"),)))
    assert members(rows) == [("a", "Boss", "", True)]
    assert names(rows) == {"a": "Anna"}


def test_very_many_come_are_replaced_and_go(rows: Rows, account: int) -> None:
    everybody = tuple(Member(f"m{n:05}", f"Name {n}") for n in range(MANY))
    rows.arrive(account, ROOM, MembersChanged("room", everybody))
    assert len(members(rows)) == MANY
    rows.arrive(account, MembersChanged("room", everybody[10:], complete=True))
    assert members(rows)[0][0] == "m00010"
    rows.arrive(account, MembersChanged("room", gone=tuple(one.address for one in everybody[:-1])))
    assert [address for address, *_ in members(rows)] == [everybody[-1].address]
