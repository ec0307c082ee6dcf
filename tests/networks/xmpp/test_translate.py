"""Stanzas to events, purely: nothing that people say is dropped, nothing becomes an empty line."""

from datetime import UTC, datetime
from gettext import NullTranslations
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st

from webapp.languages import Sentence
from webapp.networks.events import (
    ConversationChanged,
    ConversationKind,
    Delivery,
    DeliveryChanged,
    Event,
    InvitationReceived,
    MessageReceived,
    MessageRef,
    ReadElsewhere,
    TypingChanged,
)
from webapp.networks.xmpp.contents import LONGEST, tidy_name
from webapp.networks.xmpp.translate import Direct, InRoom, direct_events, group_events, moment, stanza_id

ME, BOB = "alice@chat.test", "bob@chat.test"
ROOM = "den@rooms.chat.test"
AT = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
OOB = "<x xmlns='jabber:x:oob'><url>{0}</url></x>"
SFS = (
    "<file-sharing xmlns='urn:xmpp:sfs:0' disposition='inline'><file xmlns='urn:xmpp:file:metadata:0'>"
    "<media-type>{1}</media-type><name>{0}</name><size>12</size></file><sources>"
    "<url-data xmlns='http://jabber.org/protocol/url-data' target='https://files.test/x1'/></sources></file-sharing>"
)


def stanza(inner: str, sender: str = f"{BOB}/phone", to: str = ME, kind: str = "chat", name: str = "m1") -> ET.Element:
    xml = f"<message xmlns='jabber:client' from='{sender}' to='{to}' type='{kind}' id='{name}'>{inner}</message>"
    return ET.fromstring(xml)


def direct(inner: str, **more: str) -> list[Event]:
    return direct_events(stanza(inner, **more), Direct(ME, {BOB: "Bob"}), "archive-1", AT)


def group(inner: str, nick: str = "Bob", **more: str) -> list[Event]:
    setting = InRoom(ROOM, ME, "Alice", "occupant-alice", {"Carol": "carol@chat.test"})
    return group_events(stanza(inner, sender=f"{ROOM}/{nick}", kind="groupchat", **more), setting, "room-1", AT)


def words(event: Event) -> str:
    assert isinstance(event, MessageReceived)
    return event.body.in_words(NullTranslations()) if isinstance(event.body, Sentence) else event.body


def test_a_plain_text() -> None:
    events = direct("<body>Hello</body><origin-id xmlns='urn:xmpp:sid:0' id='o1'/>")
    assert events == [
        MessageReceived(
            conversation=BOB,
            kind=ConversationKind.DIRECT,
            remote_id="archive-1",
            sender=BOB,
            body="Hello",
            sent_at=AT,
            transaction_id="o1",
            reference="m1",
            sender_name="Bob",
        )
    ]


def test_an_own_text_belongs_to_the_conversation_with_the_other() -> None:
    (message,) = direct("<body>Hi</body>", sender=f"{ME}/phone", to=f"{BOB}/x")
    assert isinstance(message, MessageReceived)
    assert (message.own, message.conversation, message.sender) == (True, BOB, ME)


@pytest.mark.parametrize(
    ("inner", "line"),
    [
        ("<body>Hllo</body><replace xmlns='urn:xmpp:message-correct:0' id='m0'/>", "Bob changed a message to: Hllo"),
        ("<retract xmlns='urn:xmpp:message-retract:1' id='m0'/><body>fallback</body>", "Bob deleted a message."),
        (
            "<apply-to xmlns='urn:xmpp:fasten:0' id='m0'><retract xmlns='urn:xmpp:message-retract:0'/></apply-to>",
            "Bob deleted a message.",
        ),
        (
            "<reactions xmlns='urn:xmpp:reactions:0' id='m0'><reaction>👍</reaction>"
            "<reaction>🎉</reaction></reactions>",
            "Bob reacted with 👍 🎉",
        ),
        ("<reactions xmlns='urn:xmpp:reactions:0' id='m0'/>", "Bob took back a reaction."),
        (
            "<body>https://f.test/a/beach%20day.jpg</body>" + OOB.format("https://f.test/a/beach%20day.jpg"),
            "Picture: beach day.jpg https://f.test/a/beach%20day.jpg",
        ),
        (
            "<body>https://f.test/plan.pdf</body>" + OOB.format("https://f.test/plan.pdf"),
            "File: plan.pdf https://f.test/plan.pdf",
        ),
        (OOB.format("https://f.test/plan.pdf"), "File: plan.pdf https://f.test/plan.pdf"),
        (SFS.format("beach", "image/webp"), "Picture: beach https://files.test/x1"),
        (SFS.format("plan.pdf", "application/pdf"), "File: plan.pdf https://files.test/x1"),
        (
            "<encrypted xmlns='eu.siacs.conversations.axolotl'><header sid='1'/><payload>x</payload></encrypted>"
            "<encryption xmlns='urn:xmpp:eme:0' namespace='eu.siacs.conversations.axolotl' name='OMEMO'/>"
            "<body>I sent you an OMEMO encrypted message but your client doesn't seem to support that.</body>",
            "Bob sent a message with end-to-end encryption (OMEMO) that cannot be read here yet.",
        ),
        (
            "<encryption xmlns='urn:xmpp:eme:0' namespace='urn:xmpp:openpgp:0' name='OpenPGP'/><body>?</body>",
            "Bob sent a message with end-to-end encryption (OpenPGP) that cannot be read here yet.",
        ),
        (
            "<geoloc xmlns='http://jabber.org/protocol/geoloc'><lat>52.5</lat><lon>13.4</lon></geoloc>",
            "Place: 52.5, 13.4",
        ),
        ("<propose xmlns='urn:xmpp:jingle-message:0' id='c'/>", "Bob tried to call."),
        ("<poll xmlns='urn:example:poll'/>", "Bob sent something that cannot be shown here yet."),
        (
            "<reply xmlns='urn:xmpp:reply:0' id='m0'/><body>&gt; Hello\nYes</body>"
            "<fallback xmlns='urn:xmpp:fallback:0' for='urn:xmpp:reply:0'><body start='0' end='8'/></fallback>",
            "> Hello\nYes",
        ),
        ("<body>line\r\nbreaks\rand \u0085\u009d controls</body>", "line\nbreaks\nand \u0085 controls"),
    ],
)
def test_what_cannot_be_shown_as_itself_is_a_line_of_words(inner: str, line: str) -> None:
    (event,) = direct(inner)
    assert words(event) == line


@pytest.mark.parametrize(
    "inner",
    [
        "",
        "<body/>",
        "<body>   </body>",
        "<body>\u0081</body>",
        "<active xmlns='http://jabber.org/protocol/chatstates'/><no-store xmlns='urn:xmpp:hints'/>",
        "<encrypted xmlns='eu.siacs.conversations.axolotl'><header sid='1'/></encrypted>",
        "<finish xmlns='urn:xmpp:jingle-message:0' id='c'/>",
        "<event xmlns='http://jabber.org/protocol/pubsub#event'/>",
    ],
)
def test_what_says_nothing_makes_no_line(inner: str) -> None:
    assert [event for event in direct(inner) if isinstance(event, MessageReceived)] == []


def test_only_texts_raise_unread() -> None:
    loud, quiet = "<body>Hi</body>", "<reactions xmlns='urn:xmpp:reactions:0' id='m'><reaction>x</reaction></reactions>"
    assert [e.quiet for e in [*direct(loud), *direct(quiet)] if isinstance(e, MessageReceived)] == [False, True]


def test_a_very_long_text_is_cut_and_says_so() -> None:
    (event,) = direct(f"<body>{'x' * (LONGEST + 1)}</body>")
    assert len(words(event)) < LONGEST + 100
    assert "left out" in words(event)


def test_receipts_and_markers_name_our_message() -> None:
    (received,) = direct("<received xmlns='urn:xmpp:receipts' id='t1'/>")
    assert received == DeliveryChanged(BOB, MessageRef(None, "t1", "t1"), Delivery.DELIVERED)
    (read,) = direct("<displayed xmlns='urn:xmpp:chat-markers:0' id='t1'/>")
    assert read == DeliveryChanged(BOB, MessageRef(None, "t1", "t1"), Delivery.READ, up_to=True)
    (own,) = direct("<displayed xmlns='urn:xmpp:chat-markers:0' id='t1'/>", sender=f"{ME}/phone", to=BOB)
    assert own == ReadElsewhere(BOB, MessageRef(reference="t1"))


def test_an_error_fails_our_message_in_that_conversation_only_and_says_why() -> None:
    error = "<error type='cancel'><remote-server-not-found xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error>"
    (failed,) = direct(f"{error}<body>mine</body>", kind="error", name="t1")
    reason = Sentence("The other server was not found. Check the part of the address after the @.")
    assert failed == DeliveryChanged(BOB, MessageRef(transaction_id="t1"), Delivery.FAILED, reason=reason)
    (unsaid,) = direct("<error type='cancel'/><body>mine</body>", kind="error", name="t1")
    assert isinstance(unsaid, DeliveryChanged)
    assert unsaid.reason == Sentence("The other side refused.")


def test_a_text_ends_typing_by_itself() -> None:
    (typing,) = direct("<composing xmlns='http://jabber.org/protocol/chatstates'/>")
    assert typing == TypingChanged(BOB, BOB, True)
    events = direct("<body>Hi</body><active xmlns='http://jabber.org/protocol/chatstates'/>")
    assert [type(event) for event in events] == [MessageReceived]


def test_a_talk_out_of_a_room_is_a_conversation_of_its_own() -> None:
    inner = "<body>psst</body><x xmlns='http://jabber.org/protocol/muc#user'/>"
    (message,) = direct_events(stanza(inner, sender=f"{ROOM}/Carol"), Direct(ME, {}, {ROOM: 1}), None, AT)
    assert isinstance(message, MessageReceived)
    assert (message.conversation, message.sender_name) == (f"{ROOM}/Carol", "Carol")


def test_invitations_name_the_room_and_who_asks() -> None:
    (invitation,) = direct(f"<x xmlns='jabber:x:conference' jid='{ROOM}' reason='come'/><body>come</body>")
    expected = InvitationReceived(ROOM, ConversationKind.GROUP, BOB, name="den", text="come")
    assert invitation == expected


def test_who_spoke_in_a_room() -> None:
    bob, carol = group("<body>Hi</body>")[0], group("<body>Hi</body>", nick="Carol")[0]
    real = "<x xmlns='http://jabber.org/protocol/muc#user'><item jid='dave@chat.test/x'/></x>"
    dave = group(f"<body>Hi</body>{real}", nick="Dave")[0]
    assert [e.sender for e in (bob, carol, dave) if isinstance(e, MessageReceived)] == [
        f"{ROOM}/Bob",
        "carol@chat.test",
        "dave@chat.test",
    ]
    assert isinstance(bob, MessageReceived)
    assert (bob.sender_name, bob.remote_id, bob.reference) == ("Bob", "room-1", "room-1")


def occupant(name: str) -> str:
    return f"<occupant-id xmlns='urn:xmpp:occupant-id:0' id='{name}'/>"


@pytest.mark.parametrize(
    ("inner", "nick", "own"),
    [
        (occupant("occupant-alice"), "Old name", True),
        (occupant("occupant-bob"), "Alice", False),
        (f"<x xmlns='http://jabber.org/protocol/muc#user'><item jid='{ME}/x'/></x>", "Whoever", True),
        (f"<x xmlns='http://jabber.org/protocol/muc#user'><item jid='{BOB}/x'/></x>", "Alice", False),
        ("", "Alice", True),
        ("", "Bob", False),
    ],
)
def test_our_own_words_in_a_room_are_told_by_identity_first(inner: str, nick: str, own: bool) -> None:
    (message,) = group(f"<body>Hi</body>{inner}", nick=nick)
    assert isinstance(message, MessageReceived)
    assert message.own is own


def test_a_mention_is_a_whole_word() -> None:
    bodies = ["alice: come", "hey Alice!", "malice", "alicea"]
    found = [group(f"<body>{body}</body>")[0] for body in bodies]
    assert [e.mention for e in found if isinstance(e, MessageReceived)] == [True, True, False, False]


def test_a_topic_is_a_change_and_a_quiet_line() -> None:
    changed, line = group("<subject>Dinner</subject>")
    assert changed == ConversationChanged(ROOM, ConversationKind.GROUP, topic="Dinner")
    assert words(line) == "Bob changed the topic to: Dinner"
    assert isinstance(line, MessageReceived)
    assert line.quiet


def test_only_the_room_itself_speaks_of_moderation() -> None:
    moderated = "<moderated xmlns='urn:xmpp:message-moderate:1'/>"
    inner = f"<retract xmlns='urn:xmpp:message-retract:1' id='x'>{moderated}</retract>"
    by_room = group_events(stanza(inner, sender=ROOM, kind="groupchat"), InRoom(ROOM, ME, "Alice"), "r", AT)
    assert words(by_room[0]) == "A moderator deleted a message."
    assert words(group(inner)[0]) == "Bob deleted a message."


def test_an_archive_name_counts_only_from_its_archive_and_only_the_last() -> None:
    ids = "".join(f"<stanza-id xmlns='urn:xmpp:sid:0' by='{by}' id='{by}-{n}'/>" for n, by in enumerate((ME, BOB, ME)))
    assert stanza_id(stanza(ids), ME) == f"{ME}-2"
    assert stanza_id(stanza(ids + "<no-store xmlns='urn:xmpp:hints'/>"), ME) is None


def test_names_cannot_turn_what_follows() -> None:
    assert tidy_name("Bob\u202egnp.exe\n\u2066x") == "Bobgnp.exe x"


@pytest.mark.parametrize("text", [None, "", "yesterday", "2026-13-01T00:00:00Z", "x" * 10_000])
def test_times_that_are_none_are_none(text: str | None) -> None:
    assert moment(text) is None


@given(st.text(alphabet=st.characters(codec="utf-8", exclude_categories=["Cc", "Cs"]), max_size=80))
def test_any_text_is_kept_as_it_is(text: str) -> None:
    made = stanza("<body/>")
    body = made.find("{jabber:client}body")
    assert body is not None
    body.text = text
    events = direct_events(made, Direct(ME), None, AT)
    assert [e.body for e in events if isinstance(e, MessageReceived)] == ([text] if text.strip() else [])
