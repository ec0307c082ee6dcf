"""Which pictures are wanted, whose they are, and that nobody keeps what nothing looks like any more."""

from typing import Any

import pytest
from sqlalchemy import event
from sqlmodel import select

from tests.rows import Rows, said
from webapp import changes
from webapp.drawing import Reader
from webapp.messaging import inbox, pictures, thread
from webapp.messaging.errors import NotYours
from webapp.messaging.head import members_of
from webapp.messaging.inbox import Filter
from webapp.models import Picture
from webapp.networks.events import ConversationChanged, ConversationKind, LooksChanged, Member, MembersChanged

READER = Reader()


def looks(ref: str, who: str = "bob") -> ConversationChanged:
    return ConversationChanged(who, ConversationKind.DIRECT, picture=ref)


def wanted(rows: Rows, account: int) -> list[str]:
    return rows.database.read(pictures.wanted_pictures, account)


def store(rows: Rows, account: int, ref: str, content: bytes = b"webp") -> None:
    rows.database.write(pictures.store_picture, account, rows.epoch(account), ref, content)


def shown(rows: Rows, user: int) -> list[int | None]:
    return [row.picture_id for row in rows.database.read(inbox.inbox_page, user, Filter()).rows]


def test_a_picture_is_wanted_once_and_shown_when_it_is_there(rows: Rows, alice: int, account: int) -> None:
    rows.arrive(account, said("Hello", "r1"), looks("face"))
    assert (wanted(rows, account), shown(rows, alice)) == (["face"], [None])
    store(rows, account, "face")
    (picture,) = shown(rows, alice)
    assert picture
    assert (wanted(rows, account), rows.database.read(pictures.picture_of, alice, picture)) == ([], b"webp")
    rows.arrive(account, looks("other"))
    assert (wanted(rows, account), shown(rows, alice)) == (["other"], [None])
    store(rows, account, "other")
    with pytest.raises(NotYours):
        rows.database.read(pictures.picture_of, alice, picture)
    rows.arrive(account, looks(""))
    assert (wanted(rows, account), shown(rows, alice)) == ([], [None])


def test_what_is_no_picture_is_not_asked_for_again(rows: Rows, alice: int, account: int) -> None:
    rows.arrive(account, said("Hello", "r1"), looks("mask"))
    store(rows, account, "mask", b"")
    rows.arrive(account, looks("mask"))
    assert (wanted(rows, account), shown(rows, alice)) == ([], [None])


def test_two_who_look_the_same_share_one_and_the_second_need_not_wait(rows: Rows, alice: int, account: int) -> None:
    rows.arrive(account, said("Hello", "r1"), looks("face"))
    store(rows, account, "face")
    rows.arrive(account, said("Hello", "r2", conversation="carol"), looks("face", "carol"))
    assert len(set(shown(rows, alice))) == 1
    assert rows.database.read(lambda db: len(db.exec(select(Picture)).all())) == 1


def test_a_picture_is_its_owners_alone(rows: Rows, alice: int, account: int) -> None:
    rows.arrive(account, said("Hello", "r1"), looks("face"))
    store(rows, account, "face")
    (picture,) = shown(rows, alice)
    for user, number in ((rows.person("Bert"), picture), (alice, 99)):
        with pytest.raises(NotYours):
            rows.database.read(pictures.picture_of, user, number)


def test_the_liveliest_come_first_and_not_all_at_once(rows: Rows, account: int) -> None:
    for number in range(pictures.MOST_WANTED + 5):
        rows.arrive(account, said("Hello", f"r{number}", conversation=f"c{number}", minute=number))
        rows.arrive(account, looks(f"face {number}", f"c{number}"))
    assert wanted(rows, account) == [f"face {number}" for number in range(pictures.MOST_WANTED + 4, 4, -1)]


def people(rows: Rows, conversation: str = "club") -> dict[str, int | None]:
    found = rows.database.read(members_of, rows.conversation(conversation).id)
    return {one.address: one.picture_id for one in found}


@pytest.fixture
def club(rows: Rows, account: int) -> int:
    """A group of three; returns our id of it."""
    group = ConversationChanged("club", ConversationKind.GROUP, listed=True)
    members = MembersChanged("club", tuple(Member(who) for who in ("bob", "carol", "dora")))
    rows.arrive(account, group, members, said("Hello", "r1", conversation="club", kind=ConversationKind.GROUP))
    return rows.conversation("club").id


def lines(rows: Rows, conversation_id: int) -> list[int | None]:
    return [one.picture_id for one in rows.database.read(thread.newest, READER, conversation_id).lines]


def test_people_look_like_themselves_beside_their_messages_and_among_the_members(
    rows: Rows, account: int, club: int
) -> None:
    rows.arrive(account, LooksChanged((("bob", "face"), ("carol", "face"), ("dora", ""), ("stranger", "mask"))))
    assert (wanted(rows, account), lines(rows, club)) == (["face"], [None])
    assert rows.database.write(pictures.store_picture, account, rows.epoch(account), "face", b"webp")
    [picture] = lines(rows, club)
    assert picture
    assert people(rows) == {"bob": picture, "carol": picture, "dora": None}
    rows.arrive(account, LooksChanged((("bob", ""),)))
    assert (lines(rows, club), people(rows)) == ([None], {"bob": None, "carol": picture, "dora": None})
    rows.arrive(account, LooksChanged((("dora", "face"),)))
    assert (people(rows)["dora"], wanted(rows, account)) == (picture, [])


def test_a_picture_is_kept_as_long_as_somebody_looks_like_it(rows: Rows, alice: int, account: int, club: int) -> None:
    rows.arrive(account, LooksChanged((("bob", "face"),)))
    store(rows, account, "face")
    [picture] = lines(rows, club)
    rows.arrive(account, looks("other"))
    store(rows, account, "other")
    assert rows.database.read(pictures.picture_of, alice, picture) == b"webp"
    rows.arrive(account, LooksChanged((("bob", "new"),)))
    store(rows, account, "new")
    with pytest.raises(NotYours):
        rows.database.read(pictures.picture_of, alice, picture)


def test_who_looks_the_same_moves_nothing_and_only_what_is_seen_is_told(rows: Rows, account: int, club: int) -> None:
    rows.arrive(account, LooksChanged((("bob", "face"),)))
    rows.hub.heard.clear()
    rows.arrive(account, LooksChanged((("bob", "face"), ("nobody", "face"))))
    assert rows.hub.heard == []
    rows.arrive(account, LooksChanged((("bob", "other"),)))
    assert [type(one) for one in rows.hub.heard] == [changes.PictureWanted]
    assert not rows.database.write(pictures.store_picture, account, rows.epoch(account), "other", b"")
    assert not rows.database.write(pictures.store_picture, account, rows.epoch(account), "nobody's", b"webp")


def test_conversations_come_before_people_and_of_these_only_so_many(
    rows: Rows, account: int, club: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows.arrive(account, LooksChanged((("bob", "bob's"), ("carol", "carol's"))), looks("room's", "club"))
    assert wanted(rows, account) == ["room's"]
    store(rows, account, "room's", b"")
    assert wanted(rows, account) == ["carol's", "bob's"]
    monkeypatch.setattr(pictures, "MOST_KEPT", 2)
    store(rows, account, "carol's")
    assert wanted(rows, account) == []


def test_what_people_look_like_is_found_by_an_index(rows: Rows, account: int) -> None:
    explained: list[str] = []

    def explain(_connection: object, cursor: Any, statement: str, parameters: Any, *_: object) -> None:
        if not statement.startswith(("EXPLAIN", "BEGIN", "PRAGMA", "INSERT", "SAVEPOINT")) and "identity" in statement:
            rows_of_plan = cursor.connection.execute(f"EXPLAIN QUERY PLAN {statement}", parameters).fetchall()
            explained.extend(str(row[-1]) for row in rows_of_plan if "identity" in str(row[-1]))

    event.listen(rows.database.engine, "before_cursor_execute", explain)
    try:
        rows.arrive(account, LooksChanged((("bob", "face"),)))
        wanted(rows, account)
        store(rows, account, "face")
    finally:
        event.remove(rows.database.engine, "before_cursor_execute", explain)
    assert len(explained) >= 4
    assert all("INDEX" in step or "PRIMARY KEY" in step for step in explained), explained
