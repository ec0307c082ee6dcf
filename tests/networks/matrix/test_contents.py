"""What events say, in words: nothing is dropped, nothing becomes an empty line, nothing foreign breaks it."""

from typing import Any

import pytest

from webapp.languages import Sentence, translations
from webapp.networks.events import Style
from webapp.networks.matrix.contents import said
from webapp.networks.matrix.pieces import UNREADABLE

ENGLISH = translations("en")


def words(kind: str, content: dict[str, Any], **more: bool) -> str | None:
    told = said(kind, content, "Anna", **more)
    if told is None:
        return None
    return told.body.in_words(ENGLISH) if isinstance(told.body, Sentence) else told.body


def text(body: object, **more: Any) -> dict[str, Any]:
    return {"msgtype": "m.text", "body": body, **more}


ANSWERS = {"m.relates_to": {"m.in_reply_to": {"event_id": "$1"}}}
REPLACES = {"m.relates_to": {"rel_type": "m.replace", "event_id": "$1"}}
LINES = [
    ("m.room.message", text("hello\r\nyou\x00"), "hello\nyou"),
    ("m.room.message", text("half \ud800 a character"), "half \ufffd a character"),
    ("m.room.message", text("> <@b:c> what?\n> really?\n\nyes", **ANSWERS), "yes"),
    ("m.room.message", text("> quoted, and no answer"), "> quoted, and no answer"),
    ("m.room.message", text("* new", **REPLACES, **{"m.new_content": text("new")}), "Anna changed a message to: new"),
    ("m.room.message", {"msgtype": "m.image", "body": "beach.jpg"}, "Picture: beach.jpg"),
    ("m.room.message", {"msgtype": "m.image", "body": "Us!", "filename": "beach.jpg"}, "Picture: beach.jpg – Us!"),
    ("m.room.message", {"msgtype": "m.file", "body": "a\u202efdp.exe"}, "File: afdp.exe"),
    ("m.room.message", {"msgtype": "m.video", "body": "x.mp4"}, "Video: x.mp4"),
    ("m.room.message", {"msgtype": "m.audio", "body": "x.ogg"}, "Sound: x.ogg"),
    ("m.room.message", {"msgtype": "m.audio", "body": "x", "org.matrix.msc3245.voice": {}}, "Voice message"),
    ("m.room.message", {"msgtype": "m.location", "body": "The park", "geo_uri": "geo:1,2"}, "Place: The park"),
    ("m.room.message", {"msgtype": "io.unknown", "body": "still words"}, "still words"),
    ("m.sticker", {"body": "cat"}, "Sticker: cat"),
    ("m.reaction", {"m.relates_to": {"rel_type": "m.annotation", "key": "👍"}}, "Anna reacted with 👍"),
    ("m.room.redaction", {"redacts": "$1"}, "Anna deleted a message."),
    ("m.call.invite", {"offer": {}}, "Anna tried to call."),
    ("m.poll.start", {"m.poll.start": {"question": {"m.text": [{"body": "Pizza?"}]}}}, "Anna asks everybody: Pizza?"),
    (
        "org.matrix.msc3381.poll.start",
        {"org.matrix.msc3381.poll.start": {"question": {"org.matrix.msc1767.text": "Soup?"}}},
        "Anna asks everybody: Soup?",
    ),
    ("io.unknown", {"body": "words of another kind"}, "words of another kind"),
    ("io.unknown", {"x": 1}, "Anna sent something that cannot be shown here yet."),
    ("m.room.message", dict(UNREADABLE), "A message that this house cannot show."),
]


@pytest.mark.parametrize(("kind", "content", "line"), LINES)
def test_it_is_one_line_of_words(kind: str, content: dict[str, Any], line: str) -> None:
    assert words(kind, content) == line


@pytest.mark.parametrize("kind", ["m.room.member", "m.room.power_levels", "m.key.verification.start", "m.call.hangup"])
def test_what_only_serves_the_machines_says_nothing(kind: str) -> None:
    assert words(kind, {"body": "x"}) is None


STRANGE: list[object] = [None, 1, True, [], {}, "", " \n", "\x00", ["x"], {"a": {}}]


KINDS = ["m.room.message", "m.sticker", "m.reaction", "m.poll.start", "io.unknown", "m.room.encrypted"]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("key", ["msgtype", "body", "m.relates_to", "m.new_content", "filename", "m.poll.start"])
def test_nothing_foreign_makes_an_empty_line_or_breaks_it(kind: str, key: str) -> None:
    for value in STRANGE:
        for content in ({key: value}, {**text("x"), key: value}, {**REPLACES, key: value}):
            line = words(kind, content)
            assert line is None or line.strip()
            assert line or kind != "m.room.message"


def test_what_was_deleted_is_said_so_and_quietly() -> None:
    told = said("m.room.message", {}, "Anna", redacted=True)
    assert told is not None
    assert told.quiet
    assert said("m.room.topic", {}, "Anna", redacted=True) is None


def test_what_is_encrypted_is_sealed_and_says_so() -> None:
    told = said("m.room.encrypted", {"algorithm": "m.megolm.v1.aes-sha2"}, "Anna")
    assert told is not None
    assert told.sealed
    assert isinstance(told.body, Sentence)


@pytest.mark.parametrize(
    ("kind", "style"), [("m.emote", Style.EMOTE), ("m.notice", Style.NOTICE), ("m.text", Style.TEXT)]
)
def test_how_it_was_said_is_told(kind: str, style: Style) -> None:
    told = said("m.room.message", {"msgtype": kind, "body": "waves"}, "Anna")
    assert told is not None
    assert (told.body, told.style) == ("waves", style)


def test_html_comes_along_without_what_it_answers() -> None:
    html = "<mx-reply><blockquote>what?</blockquote></mx-reply><b>yes</b>"
    content = text("> <@b:c> what?\n\nyes", format="org.matrix.custom.html", formatted_body=html, **ANSWERS)
    told = said("m.room.message", content, "Anna")
    assert told is not None
    assert (told.body, told.formatted) == ("yes", "<b>yes</b>")


@pytest.mark.parametrize("more", [{"format": "other"}, {"formatted_body": 3}, {"formatted_body": "x" * 65_537}])
def test_html_that_cannot_be_taken_leaves_the_text(more: dict[str, Any]) -> None:
    content = {**text("plain"), "format": "org.matrix.custom.html", "formatted_body": "<b>x</b>", **more}
    told = said("m.room.message", content, "Anna")
    assert told is not None
    assert (told.body, told.formatted) == ("plain", None)


def test_a_very_long_text_is_cut_and_says_so() -> None:
    told = words("m.room.message", text("x" * 70_000))
    assert told is not None
    assert 65_536 < len(told) < 65_700
