"""Pages that everybody can use: axe finds nothing, in light and dark."""

from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import axe_playwright_python
import pytest
from playwright.sync_api import Page, expect
from sqlmodel import Session, select

from tests.journeys.people import Person
from tests.journeys.stage import Stage
from tests.rows import said
from webapp.languages import Sentence
from webapp.messaging.accounts import add_account
from webapp.messaging.delivery import set_delivery
from webapp.messaging.leases import take_lease
from webapp.messaging.receive import receive
from webapp.messaging.send import send_text
from webapp.models import AccountState, Conversation, Message, User
from webapp.networks.events import (
    Batch,
    ConversationChanged,
    ConversationKind,
    ConversationState,
    Delivery,
    InvitationReceived,
    Member,
    MembersChanged,
    Origin,
    Style,
)
from webapp.networks.login import SignedIn
from webapp.networks.matters import Condition, Matter, MattersChanged
from webapp.networks.sealing import Seal, SealChanged, SealLevel, SealWarning, Trust, TrustChanged
from webapp.vault import Vault

People = Callable[..., Person]
STANDS_STILL = "document.getAnimations().forEach((one) => one instanceof CSSTransition && one.finish())"
GROUP = ConversationKind.GROUP
SIZES = {"desk": {"width": 1280, "height": 800}, "phone": {"width": 390, "height": 780}}
AXE = (Path(axe_playwright_python.__file__).parent / "axe.min.js").read_text("utf-8")
PATHS = ("/", "/conversations/new", "/people", "/search?q=o", "/networks", "/networks/add/xmpp", "/settings", "/admin")


def violations(page: Page) -> list[str]:
    """What axe has to say about this page, in light and in dark."""
    page.evaluate(AXE)
    found = []
    for scheme in ("dark", "light"):
        page.emulate_media(color_scheme=scheme)
        page.evaluate(STANDS_STILL)  # half-way between two colours nothing has contrast
        said = page.evaluate("axe.run(document)")["violations"]
        found += [f"{scheme} {one['id']}: {one['help']}: {node['html'][:200]}" for one in said for node in one["nodes"]]
    return found


@pytest.mark.parametrize("size", SIZES)
def test_axe_finds_nothing_on_any_page(house: Stage, person: People, size: str) -> None:
    alice = person("Alice", viewport=SIZES[size]).signs_in()
    alice.starts_with("Bob")
    alice.says("Hello https://a.example/ and *more*")
    alice.sees("Hello")
    found = {"conversation": violations(alice.page)}
    alice.page.get_by_role("link", name="Details").click()
    found["details"] = violations(alice.page)
    for path in PATHS:
        alice.goes_to(path)
        found[path] = violations(alice.page)
    alice.goes_to("/people")
    alice.page.get_by_role("link", name="Bob").click()
    expect(alice.page.get_by_role("heading", name="Conversations you share")).to_be_visible()
    found["somebody"] = violations(alice.page)
    assert {path: said for path, said in found.items() if said} == {}


def test_axe_finds_nothing_at_the_door_of_an_empty_house(program: Stage, person: People) -> None:
    stranger = person("Nobody")
    stranger.goes_to("/setup")
    found = {"/setup": violations(stranger.page)}
    stranger.page.get_by_label("User name").fill("-")
    stranger.page.get_by_label("Password", exact=True).fill("password1234")
    stranger.page.get_by_role("button", name="Create administrator").click()
    expect(stranger.page.get_by_role("alert")).to_be_visible()
    found["a wrong name"] = violations(stranger.page)
    alice = person("Alice").sets_up()
    found["the first day"] = violations(alice.page)
    assert {path: said for path, said in found.items() if said} == {}


def test_axe_finds_nothing_on_the_ways_in_and_out(house: Stage, person: People) -> None:
    account = house.write(furnish).account
    alice = person("Alice").signs_in()
    found = {}
    invite = alice.invites()
    found["an invite was made"] = violations(alice.page)
    alice.goes_to("/admin")
    alice.page.get_by_role("button", name="Link to set a password for Bob").click()
    reset = alice.page.get_by_label("Link", exact=True).input_value()
    found["a link for a new password"] = violations(alice.page)
    for path in (f"/networks/{account}", f"/networks/{account}/remove", "/nothing", "/networks", "/settings"):
        alice.goes_to(path)
        found[path] = violations(alice.page)
    alice.goes_to("/conversations/new")
    alice.page.locator("#direct-address").fill("Nobody at all")
    alice.page.get_by_role("button", name="Start").click()
    found["an address of nobody"] = violations(alice.page)
    stranger = person("Nobody")
    for link in (invite, reset, *(stranger.url + path for path in ("/invite/nothing", "/reset/nothing", "/sign-in"))):
        stranger.page.goto(link)
        found[link] = violations(stranger.page)
    stranger.page.get_by_label("User name").fill("Alice")
    stranger.page.get_by_label("Password", exact=True).fill("not hers at all")
    stranger.page.get_by_role("button", name="Sign in").click()
    expect(stranger.page.get_by_role("alert")).to_be_visible()
    found["a wrong password"] = violations(stranger.page)
    assert {path: said for path, said in found.items() if said} == {}


def test_axe_finds_nothing_whatever_became_of_a_conversation(house: Stage, person: People) -> None:
    """Failed, uncertain, waiting, missing in between, invited, asked, left; at a desk and on a phone."""
    furnished = house.write(furnish)
    alice = person("Alice").signs_in()
    found = {}
    for size, place in SIZES.items():
        alice.page.set_viewport_size(place)
        alice.goes_to("/")
        found[f"inbox {size}"] = violations(alice.page)
        for name, number in furnished.conversations.items():
            alice.goes_to(f"/conversations/{number}")
            found[f"{name} {size}"] = violations(alice.page)
        for name in ("odd", "moved"):
            alice.goes_to(f"/conversations/{furnished.conversations[name]}#details")
            found[f"details of {name} {size}"] = violations(alice.page)
    assert {path: said for path, said in found.items() if said} == {}


WORDS = Sentence("Its key has not come yet.")
HTML = (
    "<h1>Plan</h1><p><b>Soup</b> <code>2 l</code> <del>now</del> <a href='https://b.example/'>a.example</a></p><ol><li>x"
    "<ul><li>y</ul></ol><blockquote>z</blockquote><pre>1\n2</pre><table><tr><th>a<td>b</table>"
    "<details><summary>more</summary>here</details><span data-mx-spoiler>the end</span>"
)
THERE = {"conversation": "odd", "sender": "erin"}
ODD = (
    said("Plan", "o1", formatted=HTML, **THERE),
    said("waves", "o2", style=Style.EMOTE, minute=1, **THERE),
    said("Beep", "o3", style=Style.NOTICE, minute=2, **THERE),
    said(WORDS, "o4", sealed=True, untrusted=WORDS, minute=3, **THERE),
    SealChanged("odd", Seal(WORDS, WORDS, SealLevel.OPEN), SealWarning("key", WORDS, Sentence("Go on"))),
    TrustChanged("odd", Trust.CHANGED),
    ConversationChanged("asks", GROUP, name="Asks", listed=True, state=ConversationState.ASKED, bridged="Elsewhere"),
    ConversationChanged("moved", GROUP, name="Moved", listed=True, successor="asks", members=2_000),
    MembersChanged("moved", (Member("erin", "Erin"), Member("odd", "Odd"))),
    MattersChanged(
        tuple(
            Matter(one.value, Sentence("Keys"), one, WORDS, "task", Sentence("Unlock"), one == Condition.ACT)
            for one in Condition
        )
    ),
)
"""What a message, a conversation and an account may be besides."""


class Furnished(NamedTuple):
    """Alice's paused account, and her conversations there by what became of them."""

    account: int
    conversations: dict[str, int]


def furnish(db: Session, vault: Vault) -> Furnished:
    """Something of everything that may have become of what Alice said and was asked."""
    alice = db.exec(select(User).where(User.name == "Alice")).one()
    account = add_account(db, vault, alice.id, "toy", SignedIn("alice@toy", {"password": "any"}, "alice@toy"))
    events = (
        said("Hello", "1", conversation="talk"),
        said("Are you there?", "2", conversation="talk", minute=9),
        said("@Alice, look", "3", conversation="left", kind=GROUP),
        ConversationChanged("left", GROUP, name="Left", state=ConversationState.LEFT, reason=Sentence("Removed.")),
        InvitationReceived("group", GROUP, "carol", sender_name="Carol", text="Come along"),
        InvitationReceived("dave", ConversationKind.DIRECT, "dave", sender_name="Dave", text="It is me"),
        *ODD,
    )
    receive(db, account.id, take_lease(db, account.id), Batch(events, Origin.LIVE), None)
    account.state = AccountState.STOPPED
    found = {one.remote_id: one for one in db.exec(select(Conversation).where(Conversation.account_id == account.id))}
    db.exec(select(Message).where(Message.remote_id == "2")).one().gap_before = True
    for delivery in (Delivery.READ, Delivery.FAILED, Delivery.UNCERTAIN, Delivery.WAITING):
        message = send_text(db, alice.id, found["talk"].id, f"This is {delivery}", "")
        set_delivery(db, found["talk"], message, delivery, Sentence("Because."))
    return Furnished(account.id, {name: one.id for name, one in found.items()})
