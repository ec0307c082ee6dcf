"""What others may not make us believe (S14, S15), and what may not bring us down (S17)."""

import asyncio
import time
from collections.abc import Coroutine
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest

from tests.certificates import Authority
from tests.networks.conftest import User
from tests.networks.following import Following
from tests.networks.xmpp.conftest import Follow
from tests.networks.xmpp.fake_server import FEATURES, HEADER, Stream, fake_server, mechanisms
from webapp.networks.contract import Credentials, Surroundings
from webapp.networks.errors import Unreachable
from webapp.networks.events import (
    ContactChanged,
    ContactGone,
    DeliveryChanged,
    InvitationReceived,
    MembersChanged,
    ReadElsewhere,
)
from webapp.networks.xmpp import network
from webapp.networks.xmpp.archive import Archives

pytestmark = pytest.mark.process

FORWARDED = (
    "<forwarded xmlns='urn:xmpp:forward:0'><delay xmlns='urn:xmpp:delay' stamp='2026-01-01T00:00:00Z'/>"
    "<message xmlns='jabber:client' type='chat' id='f1' from='{inner_from}' to='{inner_to}'>"
    "<body>FORGED</body><origin-id xmlns='urn:xmpp:sid:0' id='f1'/></message></forwarded>"
)
SHAPES = {
    "carbon received": "<message to='{me}'><received xmlns='urn:xmpp:carbons:2'>{in_}</received></message>",
    "carbon sent": "<message to='{me}'><sent xmlns='urn:xmpp:carbons:2'>{out}</sent></message>",
    "carbon to all": "<message to='{bare}'><received xmlns='urn:xmpp:carbons:2'>{in_}</received></message>",
    "carbon with a body": "<message to='{me}' type='chat'><sent xmlns='urn:xmpp:carbons:2'>{out}</sent>"
    "<body>decoy</body></message>",
    "headline carbon": "<message to='{me}' type='headline'><sent xmlns='urn:xmpp:carbons:2'>{out}</sent></message>",
    "carbon in a carbon": "<message to='{me}'><sent xmlns='urn:xmpp:carbons:2'><forwarded xmlns='urn:xmpp:forward:0'>"
    "<message xmlns='jabber:client'><sent xmlns='urn:xmpp:carbons:2'>{out}</sent></message></forwarded>"
    "</sent></message>",
    "archive result": "<message to='{me}'><result xmlns='urn:xmpp:mam:2' queryid='q' id='1'>{in_}</result></message>",
    "unasked archive result": "<message to='{me}'><result xmlns='urn:xmpp:mam:2' id='1'>{in_}</result></message>",
    "archive result of version 1": "<message to='{me}'><result xmlns='urn:xmpp:mam:1' id='1'>{in_}</result></message>",
    "plain forward": "<message to='{me}' type='chat'>{in_}</message>",
    "roster push": "<iq to='{me}' type='set' id='r1'><query xmlns='jabber:iq:roster'>"
    "<item jid='evil@friend.test' subscription='both' name='Mum'/></query></iq>",
    "roster removal": "<iq to='{me}' type='set' id='r2'><query xmlns='jabber:iq:roster'>"
    "<item jid='{bob}' subscription='remove'/></query></iq>",
    "roster result": "<iq to='{me}' type='result' id='r3'><query xmlns='jabber:iq:roster'>"
    "<item jid='evil@friend.test' subscription='both'/></query></iq>",
    "read position": "<message to='{me}' type='headline'><event xmlns='http://jabber.org/protocol/pubsub#event'>"
    "<items node='urn:xmpp:mds:displayed:0'><item id='{bob}'><displayed xmlns='urn:xmpp:mds:displayed:0'>"
    "<stanza-id xmlns='urn:xmpp:sid:0' by='{bare}' id='x'/></displayed></item></items></event></message>",
    "bookmark": "<message to='{me}' type='headline'><event xmlns='http://jabber.org/protocol/pubsub#event'>"
    "<items node='urn:xmpp:bookmarks:1'><item id='trap@{muc}'><conference xmlns='urn:xmpp:bookmarks:1' "
    "autojoin='true'/></item></items></event></message>",
    "receipt for another's message": "<message to='{me}' type='chat' id='x1'><received xmlns='urn:xmpp:receipts' "
    "id='to-bob'/></message>",
    "marker for another's message": "<message to='{me}' type='chat' id='x2'><displayed "
    "xmlns='urn:xmpp:chat-markers:0' id='to-bob'/></message>",
    "error for another's message": "<message to='{me}' type='error' id='to-bob'><error type='cancel'>"
    "<service-unavailable xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></message>",
    "archive id of ours": "<message to='{me}' type='chat' id='x4'><body>mine</body>"
    "<stanza-id xmlns='urn:xmpp:sid:0' by='{bare}' id='forged-id'/></message>",
    "room talk": "<message to='{me}' type='groupchat' id='x5'><body>FORGED</body></message>",
    "somebody else's occupant": "<presence to='{me}'><x xmlns='http://jabber.org/protocol/muc#user'>"
    "<item affiliation='owner' role='moderator' jid='{bob}'/><status code='110'/></x></presence>",
    "correction of another's message": "<message to='{me}' type='chat' id='x6'><body>changed</body>"
    "<replace xmlns='urn:xmpp:message-correct:0' id='to-bob'/></message>",
    "empty message": "<message to='{me}'/>",
    "addresses that are none": "<message to='{me}' type='chat'><x xmlns='jabber:x:conference' jid='@@//'/></message>",
}


def run(work: Coroutine[Any, Any, None]) -> None:
    asyncio.run(work)


@pytest.mark.servers
def test_forged_stanzas_count_for_nobody_but_their_sender(follow: Follow, alice: User, bob: User, carol: User) -> None:
    async def talk() -> None:
        friend, evil = await bob.device().sign_in(), await carol.device("evil").sign_in()
        async with follow(alice) as seen:
            line = seen.session._line  # type: ignore[attr-defined]  # the address that a contact would see
            me = line.wire.boundjid.full
            names = {"me": me, "bare": alice.address, "bob": bob.address, "muc": alice.prosody.muc}
            names["in_"] = FORWARDED.format(inner_from=f"{bob.address}/far", inner_to=me)
            names["out"] = FORWARDED.format(inner_from=me, inner_to=bob.address)
            for shape in SHAPES.values():
                evil.raw(shape.format(**names))
            friend.say(alice.address, "the truth")
            evil.say(alice.address, "the end")
            await seen.message("the end")
            await seen.message("the truth")
            assert [m.body for m in seen.messages() if m.conversation != carol.address] == ["the truth"]
            assert not [m for m in seen.messages() if m.own or "FORGED" in str(m.body)]
            assert all(m.sender == carol.address for m in seen.messages() if m.conversation == carol.address)
            assert all(e.conversation == carol.address for e in seen.events(DeliveryChanged))
            assert all(m.remote_id != "forged-id" for m in seen.messages())
            for kind in (ContactChanged, ContactGone, ReadElsewhere, MembersChanged, InvitationReceived):
                assert seen.events(kind) == [], kind
            assert line.archives.forged > 0
        await friend.sign_out()
        await evil.sign_out()

    run(talk())


BILLION = (
    "<!DOCTYPE x [<!ENTITY a 'aaaaaaaaaa'><!ENTITY b '&a;&a;&a;&a;&a;&a;&a;&a;'>]><message><body>&b;</body></message>"
)
FLOODS = {
    "ten megabytes": b"<message from='bob@chat.test/x' type='chat'><body>" + b"x" * 10_000_000 + b"</body></message>",
    "ten thousand deep": b"<message>" + b"<a>" * 10_000 + b"</a>" * 10_000 + b"</message>",
    "entities": BILLION.encode(),
    "an entity that nobody knows": b"<message><body>&unknown;</body></message>",
    "not UTF-8": b"<message><body>\xff\xfe\xc3\x28</body></message>",
    "not XML": b"<message><body></message>",
    "a null": b"<message><body>\x00</body></message>",
}


@pytest.mark.parametrize("flood", FLOODS)
def test_a_flood_ends_its_own_stream_and_nothing_else(tmp_path: Path, flood: str) -> None:
    async def answer(stream: Stream) -> None:
        """Say no to every question; after the presence send the flood."""
        await stream.sign_in()
        for _ in range(3):
            name = (await stream.until("<iq[^>]*id=[\"']([^\"']+)[^>]*>.*?</iq>")).group(1).decode()
            await stream.send(f"<iq type='error' id='{name}'><error type='cancel'/></iq>")
        await stream.until("<presence")
        await stream.send("<message from='bob@chat.test/x' type='chat' id='1'><body>before</body></message>")
        await stream.send(FLOODS[flood])
        await stream.rest()

    async def attempt() -> None:
        authority = Authority(tmp_path / "certs")
        async with fake_server(answer, authority.issue("chat.test")) as fake:
            secrets = {"password": "pw", "server": "127.0.0.1", "port": str(fake.port)}
            around = Surroundings(tmp_path, tmp_path / "account", authority.ca_file, ("127.0.0.0/8",))
            credentials = Credentials("alice@chat.test", secrets)
            async with Following(network.session(credentials, around)) as seen:
                start = time.monotonic()
                await seen.until(lambda: seen.trouble)
                assert time.monotonic() - start < 15
                assert seen.bodies() in ([], ["before"])

    run(attempt())


@pytest.mark.parametrize(
    "nonsense",
    [
        "<message from='not an address@@' type='chat'><body>x</body></message>",
        "<message from='@chat.test' type='chat'><body>x</body></message>",
        "<message/>",
        "<presence from='@@'/>",
        "<iq type='set' from='//' id='1'><query xmlns='jabber:iq:roster'><item/></query></iq>",
        "<iq/>",
        "<iq type='get'/>",
        "<unknown xmlns='urn:nobody'/>",
        "<message from='bob@chat.test' type='chat'><received xmlns='urn:xmpp:receipts'/></message>",
        "<message from='alice@chat.test'><sent xmlns='urn:xmpp:carbons:2'/></message>",
        "<message from='alice@chat.test'><result xmlns='urn:xmpp:mam:2'/></message>",
        "<message><event xmlns='http://jabber.org/protocol/pubsub#event'/></message>",
        "<message><event xmlns='http://jabber.org/protocol/pubsub#event'><items node='urn:xmpp:bookmarks:1'>"
        "<item/></items></event></message>",
    ],
)
def test_a_stanza_that_makes_no_sense_is_left_out(tmp_path: Path, nonsense: str) -> None:
    async def answer(stream: Stream) -> None:
        await stream.sign_in()
        for _ in range(3):
            name = (await stream.until("<iq[^>]*id=[\"']([^\"']+)[^>]*>.*?</iq>")).group(1).decode()
            await stream.send(f"<iq type='error' id='{name}'><error type='cancel'/></iq>")
        await stream.until("<presence")
        await stream.send(nonsense)
        await stream.send("<message from='bob@chat.test/x' type='chat' id='1'><body>after</body></message>")
        await stream.rest()

    async def attempt() -> None:
        authority = Authority(tmp_path / "certs")
        async with fake_server(answer, authority.issue("chat.test")) as fake:
            secrets = {"password": "pw", "server": "127.0.0.1", "port": str(fake.port)}
            around = Surroundings(tmp_path, tmp_path / "account", authority.ca_file, ("127.0.0.0/8",))
            async with Following(network.session(Credentials("alice@chat.test", secrets), around)) as seen:
                await seen.message("after")
                assert seen.bodies() == ["after"]

    run(attempt())


def test_a_stream_that_begins_with_a_document_type_is_not_read(tmp_path: Path) -> None:
    async def script(stream: Stream) -> None:
        await stream.until("<stream:stream")
        features = FEATURES.format(mechanisms("PLAIN"))
        await stream.send("<!DOCTYPE x [<!ENTITY a 'aaaaaaaa'>]>" + HEADER.partition("?>")[2] + features)
        await stream.rest()

    async def attempt() -> None:
        authority = Authority(tmp_path / "certs")
        async with fake_server(script, authority.issue("chat.test")) as fake:
            secrets = {"password": "pw", "server": "127.0.0.1", "port": str(fake.port)}
            around = Surroundings(tmp_path, tmp_path / "account", authority.ca_file, ("127.0.0.0/8",))
            with pytest.raises(Unreachable):
                await network.session(Credentials("alice@chat.test", secrets), around).open(None)
            assert b"<auth" not in fake.got

    run(attempt())


@pytest.mark.parametrize(
    ("archive", "sender", "counts"),
    [
        ("", None, True),
        ("", "alice@chat.test", True),
        ("", "evil@chat.test", False),
        ("", "chat.test", False),
        ("den@rooms.chat.test", "den@rooms.chat.test", True),
        ("den@rooms.chat.test", "den@rooms.chat.test/Evil", False),
        ("den@rooms.chat.test", "alice@chat.test", False),
        ("den@rooms.chat.test", None, False),
    ],
)
def test_a_result_counts_only_from_the_archive_that_was_asked(archive: str, sender: str | None, counts: bool) -> None:
    class OwnWire:
        account = "alice@chat.test"

        def is_ours(self, who: str | None) -> bool:
            return who in {None, self.account}

        async def ask(self, kind: str, payload: ET.Element, to: str = "") -> ET.Element:
            inner = "den@rooms.chat.test/Bob" if archive else "bob@chat.test"
            forwarded = FORWARDED.format(inner_from=inner, inner_to=self.account)
            who = f"from='{sender}'" if sender else ""
            result = f"<result xmlns='urn:xmpp:mam:2' queryid='{payload.get('queryid')}' id='1'>{forwarded}</result>"
            archives.hear_result(ET.fromstring(f"<message xmlns='jabber:client' {who}>{result}</message>"))
            return ET.fromstring("<iq xmlns='jabber:client'><fin xmlns='urn:xmpp:mam:2' complete='true'/></iq>")

    archives = Archives(OwnWire())  # type: ignore[arg-type]  # as much of a wire as an archive needs
    page = asyncio.run(archives.page(archive))
    assert (len(page.kept), archives.forged) == ((1, 0) if counts else (0, 1))
