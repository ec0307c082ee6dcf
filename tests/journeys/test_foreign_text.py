"""Whatever people out there call themselves and say is text in the browser, wherever it is shown (S1, S2)."""

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from urllib.parse import quote
from xml.sax.saxutils import quoteattr

import pytest
from playwright.sync_api import expect

from tests.far_side import Background, FarSide
from tests.journeys.people import PASSWORD, Person
from tests.journeys.stage import Stage
from tests.nasty import BROKEN, NASTY
from tests.prosody import Prosody
from tests.visitor import Visitor
from webapp.models import Role

pytestmark = [pytest.mark.servers, pytest.mark.timeout(240)]

People = Callable[..., Person]
ROOM_CONFIGURATION = (
    "<query xmlns='http://jabber.org/protocol/muc#owner'><x xmlns='jabber:x:data' type='submit'>"
    "<field var='FORM_TYPE'><value>http://jabber.org/protocol/muc#roomconfig</value></field>"
    "<field var='muc#roomconfig_roomname'><value>{}</value></field></x></query>"
)
WORKING = """
() => [...document.querySelectorAll("*")].flatMap((one) => [
    ...([...one.attributes]
        .filter(({name, value}) => /^on/.test(name) || (/canary/i.test(value)
            && !["value", "aria-label", "title", "data-kept"].includes(name)
            && !(name == "href" && /^(https?:|xmpp:|mailto:|tel:|geo:)/.test(value) && one.rel.includes("nofollow"))))
        .map(({name, value}) => `${one.tagName} ${name}=${value}`)),
    ...(one.matches("script:not([src^='/static/']), iframe, object, embed, base, img, video, math, marquee, style, x, \
hx-partial, svg:not([class]), meta[http-equiv], link:not([href^='/'])") ? [one.outerHTML] : []),
])
"""
"""What in a page would do something that we did not mean: handlers, and attributes or elements that a text became."""


class Watched:
    """Alice's page, and what happened in it that should not."""

    def __init__(self, alice: Person) -> None:
        self.page = alice.page
        self.found: list[str] = []
        self.page.on("dialog", lambda dialog: (self.found.append(f"dialog {dialog.message}"), dialog.dismiss()))
        self.page.on("request", lambda request: self._asked(request.url, request.is_navigation_request()))

    def _asked(self, url: str, goes_there: bool) -> None:
        here = url.startswith(self.page.url.partition("/")[0] + "//localhost:")
        if not here or ("canary" in url and not goes_there):
            self.found.append(f"request {url}")

    def look(self, what: str) -> None:
        """Note what is in the page now that would do something, and whether it is wider than the window."""
        self.found += [f"{what}: {one}" for one in self.page.evaluate(WORKING)]
        if self.page.evaluate("document.documentElement.scrollWidth > innerWidth"):
            self.found.append(f"{what}: too wide")


class Outside:
    """Bob on a server out there, and Alice's phone, which names her contacts."""

    def __init__(self, prosody: Prosody, background: Background) -> None:
        self.prosody, self._background = prosody, background
        self.alice, self.bob = (self._sign_in(name) for name in ("alice", "bob"))
        self.room = f"garden@{prosody.muc}"
        self.call(self.bob.join(self.room, "Bob"))

    def _sign_in(self, name: str) -> FarSide:
        address = self.prosody.add_user(name, "pw")
        return self._background.sign_in(address, "pw", self.prosody.port, self.prosody.ca_file)

    def call(self, work):
        return self._background.call(work)

    def makes_room(self, number: int, name: str) -> str:
        room = f"room{number}@{self.prosody.muc}"
        self.call(self.bob.join(room, "Bob"))
        self.call(self.bob.ask("set", ROOM_CONFIGURATION.format(_text(name)), room))
        return room

    def says(self, to: str, text: str, kind: str = "chat") -> None:
        self._background.do(self.bob.say, to, _possible(text), kind=kind)

    def sends(self, xml: str) -> None:
        self._background.do(self.bob.raw, xml)

    def names_contact(self, address: str, name: str) -> None:
        item = f"<query xmlns='jabber:iq:roster'><item jid='{address}' name={quoteattr(_possible(name))}/></query>"
        self.call(self.alice.ask("set", item))


def _possible(text: str) -> str:
    """What XML can carry."""
    return "".join(sign for sign in text if sign in "\t\n" or sign >= " ")


def _text(text: str) -> str:
    return _possible(text).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


@pytest.fixture
def outside(tmp_path: Path) -> Iterator[Outside]:
    background = Background()
    with Prosody(tmp_path / "prosody") as prosody:
        there = Outside(prosody, background)
        yield there
        for far in (there.alice, there.bob):
            there.call(far.sign_out())
    background.stop()


@pytest.fixture
def alice(stage: Stage, outside: Outside, person: People) -> Person:
    """In her house, with her account out there and a conversation with Bob; her page is that conversation."""
    stage.program.environment |= {
        "HAUSBOTE_EXTRA_CA_FILE": str(outside.prosody.ca_file),
        "HAUSBOTE_PRIVATE_SERVERS": "127.0.0.0/8",
    }
    stage.settle("Alice", Role.ADMINISTRATOR)
    stage.program.start()
    with Visitor(stage.line.url) as visitor:
        visitor.sign_in("Alice", PASSWORD)
        visitor.add_xmpp(outside.alice.address, "pw", "127.0.0.1", outside.prosody.port)
        visitor.until(lambda: "Online" in visitor.account_state(outside.alice.address))
    return person("Alice").signs_in()


def opens_address(alice: Person, address: str) -> None:
    """Opens the conversation with an address out there, or enters the room."""
    alice.goes_to("/conversations/new")
    alice.page.locator("#direct-account").select_option(label=f"XMPP · alice@{Prosody.host}")
    alice.page.get_by_label("Address", exact=True).fill(address)
    alice.page.get_by_role("button", name="Start").click()
    expect(alice.box).to_be_visible()


SAVE_DRAFT = """
text => fetch(`${location.pathname}/draft`, {
    method: "POST",
    headers: {"X-CSRF-Token": document.querySelector("[name=csrf_token]").value},
    body: new URLSearchParams({body: text}),
}).then((answer) => answer.status)
"""


def test_what_is_said_and_typed_is_only_text(alice: Person, outside: Outside) -> None:
    """In a conversation, its row, its draft and a search, arriving live and drawn anew."""
    watched = Watched(alice)
    opens_address(alice, outside.bob.address)
    for text in NASTY:
        outside.says(outside.alice.address, text)
    outside.says(outside.alice.address, "That was all.")
    alice.sees("That was all.")
    watched.look("arrived")
    for text in NASTY:
        assert alice.page.evaluate(SAVE_DRAFT, text) < 300
    expect(alice.row("bob")).to_contain_text("Draft:")
    watched.look("drafts")
    alice.page.reload()
    expect(alice.box).to_have_value(NASTY[-1])
    alice.page.get_by_role("button", name="Older messages").click()
    expect(alice.log().get_by_role("article")).to_have_count(len(NASTY) + 1)
    watched.look("drawn")
    for text in (NASTY[0], NASTY[20]):
        expect(alice.log().get_by_text(text, exact=True)).to_have_count(1)
    for query in (*map(quote, NASTY[::3]), *(broken.decode() for broken in BROKEN)):
        alice.goes_to(f"/search?q={query}")
        expect(alice.page.get_by_role("searchbox")).to_be_visible()
        watched.look(f"search {query}")
    assert watched.found == []


def test_what_people_rooms_and_the_house_are_called_is_only_text(alice: Person, outside: Outside, stage: Stage) -> None:
    """Contacts, nicknames, names and topics of rooms, wherever they are shown."""
    watched = Watched(alice)
    names_the_house(stage, "".join(NASTY[:3]))
    for number, text in enumerate(NASTY):
        outside.names_contact(f"contact{number}@{Prosody.host}", text)
    for number in range(0, len(NASTY), 12):
        opens_address(alice, outside.makes_room(number, " ".join(NASTY[number : number + 12])))
    watched.look("rooms")
    opens_address(alice, outside.room)
    alice.page.get_by_role("link", name="Details").click()
    for number, text in enumerate(NASTY):
        outside.sends(f"<presence to={quoteattr(f'{outside.room}/{_possible(text)[:200]}')}/>")
        outside.sends(f"<message to='{outside.room}' type='groupchat'><subject>{_text(text)}</subject></message>")
        outside.says(outside.room, f"This is name {number}.", kind="groupchat")
    alice.sees(f"This is name {len(NASTY) - 1}.")
    watched.look("room")
    for path in ("/", "/people", "/conversations/new", "/search?q=a", "/search?q=script"):
        alice.goes_to(path)
        watched.look(path)
    expect(alice.page.get_by_text(NASTY[0]).first).to_be_visible()
    opens_address(alice, outside.bob.address)
    for text in (*NASTY, "the end"):
        outside.names_contact(outside.bob.address, text)
    expect(alice.page.get_by_role("region", name="the end")).to_be_visible()
    watched.look("renamed")
    assert watched.found == []


def names_the_house(stage: Stage, name: str) -> None:
    with closing(sqlite3.connect(stage.program.data_dir / "hausbote.sqlite", timeout=10)) as db, db:
        db.execute("INSERT INTO instance_option (key, value) VALUES ('house.name', ?)", (name,))


def test_no_attribute_of_our_libraries_works_inside_of_what_was_said(house: Stage, person: People) -> None:
    """Even where a text became elements: the places for foreign text are closed to the library (S2)."""
    alice = person("Alice").signs_in()
    alice.starts_with("Bob")
    alice.says("Hello")
    alice.sees("Hello")
    alice.page.on("request", lambda request: asked.append(request.url.rpartition("?")[2]))
    asked: list[str] = []
    places = (alice.log().locator(".message__text"), alice.row("Bob").locator(".conversation-row__preview"))
    with alice.page.expect_request("**/health?place2"):  # the last place is ours: there it works
        for number, place in enumerate((*places, alice.page.locator(".conversation__sub"))):
            with_gadget = f"<i hx-get='/health?place{number}' hx-trigger=load></i>"
            place.evaluate("(one, html) => { one.innerHTML = html; htmx.process(one) }", with_gadget)
    assert [one for one in asked if one.startswith("place")] == ["place2"]
