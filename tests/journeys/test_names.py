"""The names on the screen that outside tests hold on to: each means one thing, also by a part of it."""

import sqlite3
from collections.abc import Callable
from contextlib import closing

from playwright.sync_api import Locator, Page, expect

from tests.journeys.people import Person
from tests.journeys.stage import Stage

People = Callable[..., Person]
NAVIGATION = ("Inbox", "People", "Search", "Networks", "Settings", "Admin")
STATES = {
    "connecting": "Connecting",
    "online": "Online",
    "retrying": "Reconnecting",
    "signed_out": "Signed out",
    "stopped": "Paused",
}
AN_ACCOUNT = """
INSERT INTO account (user_id, network, address, name, credentials, state, reason, state_since, created_at)
SELECT id, 'xmpp', ?, '', '', ?, '', 0, 0 FROM users WHERE name = 'Alice'
"""


def write(house: Stage, words: str, *values: object) -> None:
    """Put into the rows what would take a second network to happen."""
    with closing(sqlite3.connect(house.program.data_dir / "hausbote.sqlite")) as db, db:
        db.execute(words, values)


def is_the_only_one(*found: Locator) -> None:
    for one in found:
        expect(one).to_have_count(1)


def has(page: Page, *, labels: tuple[str, ...] = (), buttons: tuple[str, ...] = ()) -> None:
    """Each of these fields and buttons is there, and no other that is called so in part."""
    is_the_only_one(*(page.get_by_label(name) for name in labels))
    is_the_only_one(*(page.get_by_role("button", name=name) for name in buttons))


def has_the_navigation(page: Page) -> None:
    is_the_only_one(page.get_by_role("navigation", name="Main"))
    is_the_only_one(*(page.get_by_role("link", name=name) for name in NAVIGATION))


def test_names_at_the_door_mean_one_thing(program: Stage, person: People) -> None:
    stranger = person("Alice")
    stranger.goes_to("/setup")
    has(stranger.page, labels=("User name", "Password"), buttons=("Create administrator",))
    stranger.sets_up()
    invited = person("Bob")
    invited.page.goto(stranger.invites())
    has(invited.page, labels=("User name", "Password"), buttons=("Join",))
    invited.goes_to("/sign-in?new_password=1")
    has(invited.page, labels=("User name", "Password"), buttons=("Sign in",))


def test_names_of_a_conversation_mean_one_thing(house: Stage, person: People) -> None:
    alice = person("Alice").signs_in()
    alice.goes_to("/")
    has_the_navigation(alice.page)
    alice.starts_with("Bob")
    alice.says("Is there soup?")
    alice.sees("Is there soup?")
    for state in ("failed", "uncertain"):
        write(house, "UPDATE message SET delivery = ? WHERE own", state)
        alice.page.reload()
        page = alice.page
        has_the_navigation(page)
        is_the_only_one(page.get_by_role("list", name="Conversations"), page.get_by_role("log", name="Messages"))
        is_the_only_one(page.get_by_role("region", name="Bob"), alice.box, alice.row("Bob"))
        has(page, buttons=("Send", "New conversation"))
    write(house, "UPDATE conversation SET state = 'invited' WHERE kind = 'direct'")
    alice.page.reload()
    has(alice.page, buttons=("Accept", "Decline"))
    alice.goes_to("/conversations/new")
    has(alice.page, labels=("Address",), buttons=("Start",))
    write(house, AN_ACCOUNT, "alice@chat.example", "stopped")
    alice.page.reload()
    has(alice.page, labels=("Account", "Address"), buttons=("Start",))


def test_names_of_the_networks_mean_one_thing(house: Stage, person: People) -> None:
    alice = person("Alice").signs_in()
    for number, (kept, state) in enumerate(STATES.items()):
        write(house, AN_ACCOUNT, f"alice{number}@chat.example", kept)
        alice.goes_to("/networks")
        account = alice.page.get_by_role("article").filter(has_text=f"alice{number}@chat.example")
        is_the_only_one(account, account.get_by_text(state))
    for path in ("/", "/networks", "/networks/add/xmpp"):
        alice.goes_to(path)
        has_the_navigation(alice.page)
    alice.goes_to("/networks")
    alice.page.get_by_role("link", name="Add a network").click()
    alice.page.get_by_role("link", name="XMPP").click()
    alice.page.get_by_text("More options").click()
    has(alice.page, labels=("Address", "Password", "Server", "Port"), buttons=("Connect",))


def test_names_for_whoever_looks_after_the_house_mean_one_thing(house: Stage, person: People) -> None:
    alice, phone = person("Alice").signs_in(), person("Alice").signs_in()
    for _ in range(2):
        alice.invites()
    has_the_navigation(alice.page)
    has(alice.page, labels=("Invite link",), buttons=("Invite someone",))
    alice.page.get_by_role("button", name="Invite someone").click()
    has(alice.page, labels=("Role", "Valid for"), buttons=("Create invite",))
    phone.goes_to("/settings")
    expect(phone.page.get_by_role("button", name="End sign-in")).to_be_visible()
    expect(phone.page.get_by_role("button", name="End all other sign-ins")).to_be_visible()
    has_the_navigation(phone.page)
    has(phone.page, buttons=("Sign out",))
    phone.page.get_by_role("button", name="Sign out").click()
    expect(phone.page.get_by_role("button", name="Sign in")).to_be_visible()
