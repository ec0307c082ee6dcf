"""What an account wants its owner to know."""

import pytest

from tests.rows import Rows
from webapp.changes import AccountChanged
from webapp.languages import Sentence
from webapp.messaging import accounts
from webapp.messaging.account_cards import card_of
from webapp.messaging.matters import MOST, matters_of, urgent_of
from webapp.models import AccountState
from webapp.networks.matters import Condition, Matter, MattersChanged

GOOD = Matter("backup", Sentence("Backup"), Condition.GOOD, Sentence("Keys of %(n)s are safe.", {"n": Sentence("Bob")}))
LOCKED = Matter("lock", Sentence("Keys"), Condition.ACT, Sentence("Locked."), "unlock", Sentence("Unlock"), urgent=True)


def told(rows: Rows, account: int) -> list[Matter]:
    return rows.database.read(lambda db: matters_of(db, [account]).get(account, []))


def test_matters_stand_on_the_card_in_order_as_they_were_told(rows: Rows, alice: int, account: int) -> None:
    rows.arrive(account, MattersChanged((LOCKED, GOOD)))
    card = rows.database.read(card_of, alice, account)
    assert card.matters == (LOCKED, GOOD)
    assert card.wanting == (LOCKED,)
    rows.arrive(account, MattersChanged((GOOD,)))
    assert told(rows, account) == [GOOD]


def test_the_card_asks_for_what_is_needed_first_and_for_the_rest_when_that_is_done(
    rows: Rows, alice: int, account: int
) -> None:
    other_way = Matter("other", Sentence("No key?"), Condition.ASKS, Sentence("Ask."), "ask", Sentence("Ask"))
    rows.arrive(account, MattersChanged((LOCKED, other_way, GOOD)))
    assert rows.database.read(card_of, alice, account).wanting == (LOCKED,)
    rows.arrive(account, MattersChanged((other_way, GOOD)))
    assert rows.database.read(card_of, alice, account).wanting == (other_way,)


def test_the_same_matters_told_again_move_nothing_on_the_screen(rows: Rows, account: int) -> None:
    rows.arrive(account, MattersChanged((GOOD, LOCKED)))
    rows.hub.heard.clear()
    rows.arrive(account, MattersChanged((GOOD, LOCKED)))
    assert rows.hub.heard == []
    rows.arrive(account, MattersChanged((LOCKED, GOOD)))
    assert [type(one) for one in rows.hub.heard] == [AccountChanged]


def test_only_what_is_urgent_in_an_account_that_is_signed_in_stands_above_the_inbox(
    rows: Rows, alice: int, account: int
) -> None:
    other = rows.account(rows.person("Bob"), address="bob@toy")
    for one in (account, other):
        rows.arrive(one, MattersChanged((GOOD, LOCKED)))
    (urgent,) = rows.database.read(urgent_of, alice)
    assert (urgent.account_id, urgent.network, urgent.matter) == (account, "toy", LOCKED)
    rows.database.write(accounts.set_state, account, AccountState.SIGNED_OUT)
    assert rows.database.read(urgent_of, alice) == []


@pytest.mark.parametrize("keep", [True, False])
def test_a_removed_account_has_no_matters(rows: Rows, alice: int, account: int, keep: bool) -> None:
    rows.arrive(account, MattersChanged((LOCKED,)))
    rows.database.write(accounts.remove, alice, account, keep_history=keep)
    assert told(rows, account) == rows.database.read(urgent_of, alice) == []


def test_nobody_has_more_matters_than_can_be_read(rows: Rows, account: int) -> None:
    rows.arrive(account, MattersChanged((GOOD,) * (MOST + 1)))
    assert len(told(rows, account)) == MOST
