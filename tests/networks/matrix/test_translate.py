"""From an event of a room to a line of a conversation, also when it could only be opened later."""

from datetime import UTC, datetime
from typing import Any

import pytest

from webapp.languages import Sentence
from webapp.networks.events import ConversationKind, MessageOpened, Style
from webapp.networks.matrix.quarantine import Heard
from webapp.networks.matrix.translate import Revealed, Sealed, Setting, message, opened_late

ME, ROOM = "@me:b.org", "!r:b.org"
WHY = Sentence("why")


def setting() -> Setting:
    names = {"@anna:b.org": "Anna", ME: "Me Myself"}
    return Setting(ROOM, ConversationKind.GROUP, ME, lambda user: names.get(user, ""))


def heard(kind: str = "m.room.encrypted", sender: str = "@anna:b.org", **content: Any) -> Heard:
    at = datetime(2026, 11, 22, tzinfo=UTC)
    return Heard("$1", kind, sender, content, at, None, {"transaction_id": "t1"}, {})


def revealed(body: str, **more: Any) -> Revealed:
    return Revealed("m.room.message", {"msgtype": "m.text", "body": body, **more}, WHY)


def test_what_was_opened_is_shown_with_its_doubt() -> None:
    line = message(heard(), setting(), revealed("hello"))
    assert line is not None
    assert (line.body, line.sealed, line.untrusted, line.sender_name) == ("hello", False, WHY, "Anna")


def test_what_cannot_be_opened_says_why() -> None:
    line = message(heard(), setting(), Sealed(WHY))
    assert line is not None
    assert (line.body, line.sealed) == (WHY, True)


def test_what_is_opened_late_is_the_same_line() -> None:
    mentions = {"m.mentions": {"user_ids": [ME]}}
    opened = opened_late(heard(), setting(), revealed("waves", msgtype="m.emote", **mentions))
    assert (opened.conversation, opened.message.remote_id, opened.body) == (ROOM, "$1", "waves")
    assert (opened.style, opened.mention, opened.quiet, opened.untrusted) == (Style.EMOTE, True, False, WHY)


def test_what_turns_out_to_be_nothing_to_read_does_not_stay_sealed() -> None:
    opened = opened_late(heard(), setting(), Revealed("m.poll.response", {}))
    assert isinstance(opened, MessageOpened)
    assert isinstance(opened.body, Sentence)
    assert opened.quiet


@pytest.mark.parametrize(("sender", "own"), [(ME, True), ("@anna:b.org", False)])
def test_only_our_own_ids_are_taken_for_ours(sender: str, own: bool) -> None:
    line = message(heard("m.room.message", sender, msgtype="m.text", body="x"), setting())
    assert line is not None
    assert (line.own, line.transaction_id) == (own, "t1" if own else None)


@pytest.mark.parametrize(
    ("content", "named"),
    [
        ({"body": "hey me"}, True),
        ({"body": "hey Me Myself!"}, True),
        ({"body": "some meadow"}, False),
        ({"body": "hey me", "m.mentions": {}}, False),
        ({"body": "all", "m.mentions": {"room": True}}, True),
        ({"body": "x", "m.mentions": {"user_ids": [ME]}}, True),
        ({"body": "x", "m.mentions": {"user_ids": ME, "room": "yes"}}, False),
        ({"body": []}, False),
    ],
)
def test_who_is_named_is_mentioned(content: dict[str, Any], named: bool) -> None:
    line = message(heard("m.room.message", msgtype="m.text", **content), setting())
    assert line is not None
    assert line.mention is named
