"""Messages that cannot be read yet: they are a row like any other, and their words come into it later."""

import pytest

from tests.messaging.test_inbox import READER
from tests.rows import Rows, said
from webapp.changes import MessageChanged
from webapp.formatted import LONGEST
from webapp.languages import Sentence
from webapp.messaging import inbox, thread
from webapp.messaging.inbox import Filter
from webapp.messaging.preview import SEALED
from webapp.messaging.read import mark_read
from webapp.networks.events import ConversationKind, InvitationReceived, MessageOpened, MessageRef, Origin, Style

NO_KEY = Sentence("Its key has not come yet.")
REF = MessageRef(remote_id="r1")


def sealed(remote_id: str = "r1", **more):
    """A message that cannot be decrypted."""
    return said(NO_KEY, remote_id, sealed=True, **more)


def line(rows: Rows, place: int = -1) -> thread.Line:
    """A message as it is drawn."""
    return rows.database.read(thread.newest, READER, rows.conversation().id).lines[place]


def test_a_sealed_message_says_why_and_the_inbox_only_that(rows: Rows, account: int) -> None:
    rows.arrive(account, sealed())
    assert (line(rows).sealed, line(rows).body) == (True, NO_KEY)
    assert (rows.conversation().preview, rows.conversation().preview_is_sentence) == (SEALED, True)
    assert rows.conversation().unread == 1


def test_opened_it_has_its_words_in_its_place_and_raises_no_unread(rows: Rows, alice: int, account: int) -> None:
    rows.arrive(account, sealed(), said("later", "r2"))
    rows.database.write(mark_read, alice, rows.conversation().id, rows.messages()[-1].id)
    before = rows.messages()[0]
    rows.hub.heard.clear()
    rows.arrive(account, MessageOpened("bob", REF, "Soup!", "<b>Soup!</b>", Style.EMOTE, untrusted=NO_KEY))
    after = rows.messages()[0]
    assert (after.body, after.is_sentence, after.sealed) == ("Soup!", False, False)
    assert (after.formatted, after.style, after.untrusted) == ("<b>Soup!</b>", "emote", NO_KEY.to_json())
    assert (after.id, after.position, after.sent_at) == (before.id, before.position, before.sent_at)
    assert (rows.conversation().unread, rows.conversation().preview) == (0, "later")
    assert [one.message_id for one in rows.hub.heard if isinstance(one, MessageChanged)] == [after.id]


def test_opened_the_last_one_is_the_line_in_the_inbox_where_it_stood(rows: Rows, alice: int, account: int) -> None:
    rows.arrive(account, sealed())
    rows.arrive(account, said("Another conversation", "x1", conversation="carol", sender="carol", minute=5))
    rows.arrive(account, MessageOpened("bob", REF, "Soup!"))
    shown = rows.database.read(inbox.inbox_page, alice, Filter()).rows
    assert [row.preview for row in shown] == ["Another conversation", "Soup!"]
    assert rows.conversation().unread == 1


def test_opened_behind_an_invitation_the_invitation_stays_in_sight(rows: Rows, account: int) -> None:
    rows.arrive(account, sealed(), InvitationReceived("bob", ConversationKind.DIRECT, "bob", "Bob"))
    rows.arrive(account, MessageOpened("bob", REF, "Soup!", quiet=True))
    assert "would like to be your contact" in rows.conversation().preview
    assert rows.conversation().unread == 1


def test_only_what_is_sealed_can_be_opened(rows: Rows, account: int) -> None:
    rows.arrive(account, sealed(), said("Plain words", "r2"))
    for words in ("Soup!", "Poison!"):
        rows.arrive(account, MessageOpened("bob", REF, words))
    rows.arrive(account, MessageOpened("bob", MessageRef(remote_id="r2"), "Poison!"))
    rows.arrive(account, MessageOpened("bob", MessageRef(remote_id="r3"), "Never heard of"))
    rows.arrive(account, MessageOpened("nobody", REF, "Never heard of"))
    assert rows.bodies() == ["Soup!", "Plain words"]


def test_met_again_and_readable_it_is_opened_and_never_sealed_again(rows: Rows, account: int) -> None:
    rows.arrive(account, sealed())
    rows.arrive(account, said("Soup!", "r1"), origin=Origin.CATCH_UP)
    assert (rows.bodies(), rows.conversation().unread) == (["Soup!"], 1)
    rows.arrive(account, sealed(), origin=Origin.CATCH_UP)
    assert rows.bodies() == ["Soup!"]


@pytest.mark.parametrize(("told", "unread", "mentions"), [({"mention": True}, 2, 1), ({"quiet": True}, 1, 0)])
def test_what_it_turns_out_to_be_is_counted_right(rows: Rows, account: int, told, unread: int, mentions: int) -> None:
    rows.arrive(account, said("zero", "r0"), sealed())
    rows.arrive(account, MessageOpened("bob", REF, "Soup!", **told))
    assert (rows.conversation().unread, rows.conversation().mentions) == (unread, mentions)


def test_formatted_text_is_kept_unless_it_is_endless(rows: Rows, account: int) -> None:
    rows.arrive(account, said("one", "r1", formatted="<b>one</b>"), said("two", "r2", formatted="x" * LONGEST))
    rows.arrive(account, said("three", "r3", formatted="x" * (LONGEST + 1)))
    assert [len(one.formatted) for one in rows.messages()] == [10, LONGEST, 0]
