"""Who can read along, and that nothing is said before somebody has seen that it changed for the worse."""

import pytest

from tests.rows import Rows, said
from webapp.languages import Sentence
from webapp.messaging.delivery import set_delivery
from webapp.messaging.errors import NotPossible
from webapp.messaging.head import head_of, members_of
from webapp.messaging.seals import forget_warning
from webapp.messaging.send import retry, send_text
from webapp.networks.events import ConversationChanged, ConversationKind, Delivery, Member, MembersChanged
from webapp.networks.sealing import Seal, SealChanged, SealLevel, SealWarning, Trust, TrustChanged

SEAL = Seal(Sentence("Only %(who)s.", {"who": Sentence("Bob")}), Sentence("Sealed"), SealLevel.HOUSE)
WARNING = SealWarning("new key", Sentence("Bob has new keys."), Sentence("Go on"))


@pytest.fixture
def talk(rows: Rows, account: int) -> int:
    rows.arrive(account, said("Hello", "r1"))
    return rows.conversation().id


def test_a_seal_and_a_warning_are_told_whole_each_time(rows: Rows, alice: int, account: int, talk: int) -> None:
    for seal, warning in ((SEAL, WARNING), (SEAL, None), (None, WARNING), (None, None)):
        rows.arrive(account, SealChanged("bob", seal, warning))
        head = rows.database.read(head_of, alice, talk)
        assert (head.seal, head.warning) == (seal, warning)
    rows.arrive(account, SealChanged("nobody", SEAL))


def test_the_same_told_again_moves_nothing_on_the_screen(rows: Rows, account: int, talk: int) -> None:
    rows.arrive(account, SealChanged("bob", SEAL, WARNING), TrustChanged("bob", Trust.CONFIRMED))
    rows.hub.heard.clear()
    rows.arrive(account, SealChanged("bob", SEAL, WARNING), TrustChanged("bob", Trust.CONFIRMED))
    assert rows.hub.heard == []


def test_nothing_is_said_nor_repeated_before_the_warning_was_seen(
    rows: Rows, alice: int, account: int, talk: int
) -> None:
    failed = rows.database.write(send_text, alice, talk, "Before", "").id
    rows.database.write(lambda db: _fails(db, talk, failed))
    rows.arrive(account, SealChanged("bob", SEAL, WARNING))
    for say in (lambda db: send_text(db, alice, talk, "Now", ""), lambda db: retry(db, alice, failed)):
        with pytest.raises(NotPossible) as refused:
            rows.database.write(say)
        assert "who can read along" in refused.value.reason.msgid
    rows.database.write(forget_warning, alice, talk, WARNING.key)
    rows.database.write(send_text, alice, talk, "Now", "")
    assert rows.database.read(head_of, alice, talk).seal == SEAL


def _fails(db, talk, message_id):
    from webapp.models import Conversation, Message

    set_delivery(db, db.get_one(Conversation, talk), db.get_one(Message, message_id), Delivery.FAILED)


def test_a_warning_that_came_meanwhile_is_not_taken_as_seen(rows: Rows, alice: int, account: int, talk: int) -> None:
    rows.arrive(account, SealChanged("bob", SEAL, WARNING))
    rows.database.write(forget_warning, alice, talk, "an older key")
    assert rows.database.read(head_of, alice, talk).warning == WARNING


def test_whether_somebody_is_who_they_say_stands_at_their_name(rows: Rows, alice: int, account: int, talk: int) -> None:
    group = ConversationChanged("club", ConversationKind.GROUP, listed=True)
    rows.arrive(account, group, MembersChanged("club", (Member("bob"), Member("carol"))))
    rows.arrive(account, TrustChanged("bob", Trust.CHANGED))
    assert rows.database.read(head_of, alice, talk).trust == Trust.CHANGED
    members = rows.database.read(members_of, rows.conversation("club").id)
    assert [one.trust for one in members] == [Trust.CHANGED, Trust.UNKNOWN]
