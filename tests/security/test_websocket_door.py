"""Only a page of ours, of somebody signed in, may open the websocket (S9), and only while the sign-in lasts."""

import json
import time
from concurrent.futures import CancelledError
from contextlib import contextmanager, suppress

import pytest
from starlette.testclient import WebSocketDenialResponse
from starlette.websockets import WebSocketDisconnect

from tests.pages.test_inbox import start, until
from webapp.changes import SettingsChanged
from webapp.hub import Hub
from webapp.messaging.audit import COMMAND_LINE
from webapp.messaging.send import send_text
from webapp.messaging.sign_ins import IDLE, end_all, end_sign_in
from webapp.messaging.users import disable, set_password
from webapp.models import SignIn
from webapp.opening import open_database

pytestmark = pytest.mark.process

OURS = "https://house.example"

FOREIGN = [
    None,
    "",
    "null",
    "https://evil.example",
    "http://house.example",
    "https://house.example:8443",
    "https://house.example.evil.example",
    "https://evilhouse.example",
    "https://sub.house.example",
    "https://house.example@evil.example",
    "https://house.example/",
    "wss://house.example",
    "https://house.example, https://evil.example",
    "file://",
]


@contextmanager
def line(browser, origin=OURS, tab="t"):
    """An open websocket of this browser; the test client announces no Origin by itself.

    When it leaves it cancels the room that serves it, which may not have noticed yet.
    """
    headers = {} if origin is None else {"origin": origin}
    with (
        suppress(CancelledError),
        browser.websocket_connect(f"wss://house.example/live?tab={tab}", headers=headers) as socket,
    ):
        yield socket


def test_a_page_of_ours_may_listen(browser, alice):
    with line(browser(alice)) as socket:
        assert "version" in socket.receive_json()


@pytest.mark.parametrize("origin", FOREIGN)
def test_no_other_page_may(browser, alice, origin):
    with pytest.raises((WebSocketDisconnect, WebSocketDenialResponse)), line(browser(alice), origin):
        pass


def test_nobody_listens_without_a_sign_in(browser, alice):
    with pytest.raises((WebSocketDisconnect, WebSocketDenialResponse)), line(browser()):
        pass


def _revoke_one(house, page):
    page.submit(f"/settings/devices/{page.watched.id}/sign-out")


def _sign_out_others(house, page):
    page.submit("/settings/devices/others/sign-out")


def _sign_out_all(house, page):
    house.database.write(end_all, page.sign_in.user_id)


def _disable(house, page):
    house.database.write(disable, page.sign_in.user_id, COMMAND_LINE)


def _from_another_process(house, verb, *args):
    """What the rows are told by somebody who has no hub in common with the house."""
    database, _ = open_database(house.settings, Hub())
    try:
        database.write(verb, *args)
    finally:
        database.close()


def _disable_at_the_shell(house, page):
    _from_another_process(house, disable, page.sign_in.user_id, COMMAND_LINE)


def _revoke_elsewhere(house, page):
    _from_another_process(house, end_sign_in, page.sign_in.user_id, page.watched.id)


def _grow_old(house, page):
    def unused_for_long(db):
        db.get_one(SignIn, page.watched.id).last_used_at -= int(IDLE.total_seconds() * 1_000_000)

    _from_another_process(house, unused_for_long)


HERE = [_revoke_one, _sign_out_others, _sign_out_all, _disable]
ELSEWHERE = [_disable_at_the_shell, _revoke_elsewhere, _grow_old]


def _code_at_the_end(socket):
    """Listen until the house closes the line; what it says then."""
    while True:
        try:
            socket.receive_text()
        except WebSocketDisconnect as end:
            return end.code


@pytest.mark.parametrize("how", HERE + ELSEWHERE)
def test_a_line_ends_with_its_sign_in(browser, alice, bob, house, how):
    page, phone = browser(bob), browser(bob)
    page.watched = phone.sign_in
    with line(phone) as socket:
        socket.receive_json()
        began = time.monotonic()
        how(house, page)
        assert _code_at_the_end(socket) == 1008
        assert time.monotonic() - began < 2


def _tab_of(page):
    return json.loads(page.body["hx-headers:inherited"])["HX-Tab"]


@pytest.mark.parametrize("tab", ["", "guessed", "of somebody else"])
def test_a_line_that_names_no_page_of_this_person_hears_nothing(browser, alice, bob, house, tab):
    hers, his = browser(alice), browser(bob)
    conversation = start(house, hers, alice, "Bob")
    if tab == "of somebody else":
        tab = _tab_of(his.page("/"))
    drawn = _tab_of(hers.page(f"/conversations/{conversation}"))
    with line(hers, tab=tab) as socket, line(hers, tab=drawn) as right:
        assert "version" in socket.receive_json()
        house.database.write(send_text, alice.id, conversation, "Soup?", "")
        until(lambda: "Soup?" in right.receive_text())
        house.hub.announce([SettingsChanged(alice.id)])
        assert socket.receive_json() == {"reload": True}


def test_a_line_of_another_sign_in_stays(browser, alice, bob, house):
    page, phone = browser(bob), browser(bob)
    with line(page) as socket:
        socket.receive_json()
        page.submit(f"/settings/devices/{phone.sign_in.id}/sign-out")
        house.database.write(set_password, alice.id, "x", "password_changed", COMMAND_LINE)
        assert socket.receive_json() == {"beat": True}
