"""Every address of the program, for everybody (S12): a route that has no row here fails.

What is Bob's does not exist for Alice, who looks after the house, nor for Carol; what is for administrators does not
exist for members; and nobody who is not signed in sees anything but the door.
"""

import re
from typing import Any

import pytest

from tests.routes import all_routes
from webapp.messaging.access import accounts_of
from webapp.messaging.options import set_offered
from webapp.messaging.thread import key_of
from webapp.models import Conversation, Identity, Message, Picture, Space
from webapp.models.columns import now
from webapp.networks import network
from webapp.networks.events import ConversationKind

pytestmark = pytest.mark.process

DOOR = {
    "GET /health",
    "GET /metrics",
    "GET /static/{name:path}",
    "GET /setup",
    "POST /setup",
    "GET /sign-in",
    "POST /sign-in",
    "GET /invite/{token}",
    "POST /invite/{token}",
    "GET /reset/{token}",
    "POST /reset/{token}",
}
"""For everybody, signed in or not."""

ADMINISTRATORS = {
    "GET /admin",
    "POST /admin/invites",
    "POST /admin/invites/{invite_id}/link",
    "POST /admin/invites/{invite_id}/revoke",
    "POST /admin/metrics-token",
    "POST /admin/metrics-token/revoke",
    "POST /admin/networks/{key}",
    "POST /admin/people/{user_id}/disable",
    "POST /admin/people/{user_id}/enable",
    "POST /admin/people/{user_id}/reset-link",
}

MEMBERS = {
    "GET /",
    "GET /rows",
    "GET /people",
    "GET /search",
    "GET /networks",
    "GET /networks/add/{key}",
    "POST /networks/add/{key}",
    "GET /conversations/new",
    "GET /settings",
    "POST /settings",
    "POST /settings/password",
    "POST /settings/devices/others/sign-out",
    "POST /sign-out",
}
"""For everybody who is signed in; each sees their own."""

OWNERS = {
    "GET /conversations/{conversation_id:int}",
    "GET /conversations/{conversation_id:int}/members",
    "GET /conversations/{conversation_id:int}/older",
    "POST /conversations/{conversation_id:int}/accept",
    "POST /conversations/{conversation_id:int}/acknowledge",
    "POST /conversations/{conversation_id:int}/decline",
    "POST /conversations/{conversation_id:int}/draft",
    "POST /conversations/{conversation_id:int}/forget",
    "POST /conversations/{conversation_id:int}/invite",
    "POST /conversations/{conversation_id:int}/leave",
    "POST /conversations/{conversation_id:int}/low",
    "POST /conversations/{conversation_id:int}/mark",
    "POST /conversations/{conversation_id:int}/messages",
    "POST /conversations/{conversation_id:int}/mute",
    "POST /conversations/{conversation_id:int}/pin",
    "POST /conversations/{conversation_id:int}/read",
    "POST /conversations/{conversation_id:int}/name",
    "POST /conversations/{conversation_id:int}/subject",
    "POST /conversations/{conversation_id:int}/typing",
    "GET /pictures/{picture_id}",
    "GET /spaces/{space_id}",
    "POST /spaces/{space_id}/leave",
    "POST /conversations/new",
    "POST /conversations/new/group",
    "POST /messages/{message_id:int}/delete",
    "POST /messages/{message_id:int}/gap",
    "POST /messages/{message_id:int}/retry",
    "GET /people/{identity_id:int}",
    "POST /people/add",
    "POST /people/remove",
    "GET /networks/{account_id}",
    "GET /networks/{account_id}/remove",
    "GET /networks/{account_id}/tasks/{task:path}",
    "POST /networks/{account_id}/tasks/{task:path}",
    "GET /networks/sign-in/{login}/back",
    "GET /networks/sign-in/{login}/download",
    "GET /networks/{account_id}/sign-in",
    "POST /networks/{account_id}/pause",
    "POST /networks/{account_id}/remove",
    "POST /networks/{account_id}/resume",
    "POST /networks/{account_id}/sign-in",
    "POST /networks/sign-in/{login}",
    "POST /settings/devices/{sign_in_id}/sign-out",
}
"""For one person alone: named by an id in the address or in the form."""


def rows_of(app) -> list[str]:
    """``POST /sign-in`` for every route."""
    return [f"{method} {route.path}" for route in all_routes(app) for method in sorted(route.methods - {"HEAD"})]


def test_every_route_has_a_row(app):
    assert sorted(rows_of(app)) == sorted(DOOR | ADMINISTRATORS | MEMBERS | OWNERS)


@pytest.fixture
def of_bob(house, alice, bob, carol, browser) -> dict[str, Any]:
    """An id of everything that Bob has."""
    house.database.write(set_offered, network("toy"), True)
    page = browser(bob)
    login = page.page("/networks/add/toy").find("input", {"name": "login"})["value"]
    page.submit("/networks/add/toy", {"login": login, "address": "bob@toy", "password": "any"})
    page.submit("/networks/add/toy", {"login": login, "button": "next"})
    account = next(one for one in house.database.read(accounts_of, bob.id) if one.network == "toy")
    open_login = page.page("/networks/add/toy").find("input", {"name": "login"})["value"]
    ids = house.database.write(_something_said, bob.id, account.id)
    return ids | {"account_id": account.id, "login": open_login, "sign_in_id": page.sign_in.id, "body": "canary-of-bob"}


def _something_said(db, user_id, account_id):
    conversation = Conversation(
        user_id=user_id, account_id=account_id, remote_id="kite", kind=ConversationKind.DIRECT, listed=True, name="Kite"
    )
    someone = Identity(account_id=account_id, address="kite", name="Kite")
    db.add_all([conversation, someone])
    db.flush()
    message = Message(
        conversation_id=conversation.id, position=1, sender_id=someone.id, body="canary-of-bob", sent_at=now()
    )
    picture = Picture(account_id=account_id, ref="kite", content=b"canary-of-bob")
    space = Space(user_id=user_id, account_id=account_id, remote_id="kites", name="canary-of-bob")
    db.add_all([message, picture, space])
    db.flush()
    ids = {"conversation_id": conversation.id, "message_id": message.id, "identity_id": someone.id}
    return ids | {"picture_id": picture.id, "space_id": space.id}


def address(path: str, ids: dict[str, Any]) -> str:
    """The path with these ids in it."""
    return re.sub(r"\{(\w+)[^}]*\}", lambda name: str(ids.get(name[1], "1")), path)


def form(ids: dict[str, Any]) -> dict[str, Any]:
    """Fields that name what is Bob's, for forms whose address does not."""
    return {"account": ids["account_id"], "account_id": ids["account_id"], "address": "kite", "body": "x", "key": "k"}


def ask(page, row: str, ids: dict[str, Any]):
    """Go to an address, or send its form."""
    method, path = row.split(" ")
    there = address(path, ids)
    return page.get(there, params={"before": key_of(2)}) if method == "GET" else page.submit(there, form(ids))


@pytest.mark.parametrize("who", ["alice", "carol"])
def test_what_is_bobs_does_not_exist_for_others(request, browser, of_bob, who):
    page = browser(request.getfixturevalue(who))
    for row in sorted(OWNERS):
        answer = ask(page, row, of_bob)
        assert answer.status_code == 404, row
        assert of_bob["body"] not in answer.text


def test_what_nobody_has_looks_the_same(browser, alice, of_bob):
    nothing = {name: value if isinstance(value, str) else value + 10_000 for name, value in of_bob.items()}
    page = browser(alice)
    for row in sorted(row for row in OWNERS if "_id" in row):
        bobs, nobodys = ask(page, row, of_bob), ask(page, row, nothing)
        assert (bobs.status_code, len(bobs.text)) == (nobodys.status_code, len(nobodys.text)), row


def test_what_is_bobs_is_there_for_bob(browser, bob, of_bob):
    last = ("remove", "leave", "decline", "sign-out", "delete", "pause")
    for row in sorted(OWNERS, key=lambda row: (row.endswith(last), row)):
        answer = ask(browser(bob), row, of_bob)
        assert answer.status_code != 404 or "people" in row or row.endswith("/remove"), row
        assert answer.status_code < 500, row


def test_members_have_no_administration(browser, alice, bob):
    ids = {"user_id": bob.id, "invite_id": 1, "key": "toy"}
    for row in sorted(ADMINISTRATORS):
        method, path = row.split(" ")
        page = browser(bob)
        answer = page.get(address(path, ids)) if method == "GET" else page.submit(address(path, ids))
        assert answer.status_code == 404, row
        assert "Invites" not in answer.text


def test_nobody_gets_past_the_door(browser, of_bob):
    for row in sorted(ADMINISTRATORS | MEMBERS | OWNERS):
        answer = ask(browser(), row, of_bob)
        assert answer.status_code == 303, row
        assert answer.headers["location"].startswith("/sign-in"), row
        assert of_bob["body"] not in answer.text


def test_the_administrator_sees_no_content_on_any_page(browser, alice, of_bob):
    """S13."""
    page = browser(alice)
    for row in sorted(MEMBERS | ADMINISTRATORS):
        if row.startswith("GET"):
            answer = page.get(address(row.split(" ")[1], {"key": "toy"}), params={"q": "canary"})
            assert answer.status_code == 200, row
            assert of_bob["body"] not in answer.text, row
            assert "bob@toy" not in answer.text, row


@pytest.mark.parametrize("strange", ["0", "-1", "99999999999999999999", "1e3", "abc", "%00", "..%2f", "1%20or%201=1"])
def test_strange_ids_are_addresses_that_do_not_exist(browser, alice, strange):
    page = browser(alice)
    for row in sorted(OWNERS | ADMINISTRATORS):
        method, path = row.split(" ")
        if "{" in path:
            there = re.sub(r"\{[^}]+\}", strange, path)
            answer = page.get(there) if method == "GET" else page.submit(there)
            assert answer.status_code == 404, (row, strange)
