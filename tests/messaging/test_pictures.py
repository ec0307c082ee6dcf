"""Which pictures are wanted, whose they are, and that nobody keeps what nothing looks like any more."""

import pytest
from sqlmodel import select

from tests.rows import Rows, said
from webapp.messaging import inbox, pictures
from webapp.messaging.errors import NotYours
from webapp.messaging.inbox import Filter
from webapp.models import Picture
from webapp.networks.events import ConversationChanged, ConversationKind


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
