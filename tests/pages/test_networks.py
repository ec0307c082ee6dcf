"""``/networks``: accounts, how they are doing, and signing in to more."""

import re
import time

import pytest

from webapp.messaging import accounts
from webapp.messaging.access import accounts_of
from webapp.messaging.options import set_offered
from webapp.models import Account
from webapp.networks import network


@pytest.fixture
def toy(house):
    """The pretend network, offered."""
    house.database.write(set_offered, network("toy"), True)


def toy_account(house, user):
    """The user's toy account."""
    return next(one for one in house.database.read(accounts_of, user.id) if one.network == "toy")


def add_toy(browser, address="alice@toy"):
    """Go through the login of the toy; returns the last answer."""
    login = browser.page("/networks/add/toy").find("input", {"name": "login"})["value"]
    shown = browser.submit("/networks/add/toy", {"login": login, "address": address, "password": "any"})
    assert shown.headers["location"] == f"/networks/add/toy?login={login}"
    assert browser.page(shown.headers["location"]).find("svg", class_="qr")
    return browser.submit("/networks/add/toy", {"login": login, "button": "next"})


def state_of(browser, account_id):
    """The state of an account in words, as the page says it."""
    return browser.page("/networks").find(id=f"account-{account_id}").find(class_="health").get_text(strip=True)


def wait_for_state(browser, account_id, words):
    """Look until the page says so; half a minute at most."""
    until = time.monotonic() + 30
    while (seen := state_of(browser, account_id)) != words:
        assert time.monotonic() < until, seen
        time.sleep(0.05)


def test_everybody_has_the_house_from_the_start(browser, alice, house):
    (account,) = house.database.read(accounts_of, alice.id)
    wait_for_state(browser(alice), account.id, "Online")
    article = browser(alice).page("/networks").find("article")
    assert "Alice" in article.get_text()
    assert article.find("form") is None


def test_only_offered_networks_can_be_added(browser, alice):
    page = browser(alice)
    assert "/networks/add/toy" not in page.get("/networks").text
    for key in ("toy", "house", "nothing"):
        assert page.get(f"/networks/add/{key}").status_code == 404
        assert page.submit(f"/networks/add/{key}").status_code == 404


def test_an_account_is_added_step_by_step_and_comes_online(browser, alice, house, toy):
    page = browser(alice)
    assert add_toy(page).headers["location"] == "/networks"
    wait_for_state(page, toy_account(house, alice).id, "Online")


def test_what_was_typed_stays_when_it_was_wrong_but_not_the_password(browser, alice, toy):
    page = browser(alice)
    login = page.page("/networks/add/toy").find("input", {"name": "login"})["value"]
    answer = page.submit("/networks/add/toy", {"login": login, "address": "alice@toy", "password": "wrong"})
    assert answer.status_code == 422
    assert 'role="alert"' in answer.text
    assert 'value="alice@toy"' in answer.text
    assert 'value="wrong"' not in answer.text


def test_a_login_that_is_gone_starts_over_with_what_was_typed(browser, alice, toy):
    answer = browser(alice).submit("/networks/add/toy", {"login": "old", "address": "alice@toy", "password": "any"})
    assert answer.status_code == 422
    assert 'value="alice@toy"' in answer.text
    assert 'value="old"' not in answer.text


def test_a_login_belongs_to_who_began_it(browser, alice, bob, house, toy):
    login = browser(alice).page("/networks/add/toy").find("input", {"name": "login"})["value"]
    answer = browser(bob).submit("/networks/add/toy", {"login": login, "address": "bob@toy", "password": "any"})
    assert answer.status_code == 422
    assert browser(bob).submit(f"/networks/sign-in/{login}").headers["hx-refresh"] == "true"


def test_an_account_is_paused_and_resumed(browser, alice, house, toy):
    page = browser(alice)
    add_toy(page)
    account = toy_account(house, alice)
    page.submit(f"/networks/{account.id}/pause")
    wait_for_state(page, account.id, "Paused")
    card = page.page("/networks").find(id=f"account-{account.id}")
    assert re.search(r"Since (\w+, )?\d\d:\d\d\.", card.get_text())
    page.submit(f"/networks/{account.id}/resume")
    wait_for_state(page, account.id, "Online")
    assert "Since" not in page.page("/networks").find(id=f"account-{account.id}").get_text()


def test_the_accounts_of_a_disabled_user_are_disconnected(browser, alice, bob, house, toy):
    add_toy(browser(bob))
    account = toy_account(house, bob)
    wait_for_state(browser(bob), account.id, "Online")
    browser(alice).submit(f"/admin/people/{bob.id}/disable")
    assert account.id not in house.database.read(accounts.accounts_to_keep)
    browser(alice).submit(f"/admin/people/{bob.id}/enable")
    wait_for_state(browser(bob), account.id, "Online")


@pytest.mark.parametrize("history", ["keep", "delete"])
def test_an_account_is_removed_and_its_history_kept_or_not(browser, alice, house, toy, history):
    page = browser(alice)
    add_toy(page)
    account = toy_account(house, alice)
    assert len(page.page(f"/networks/{account.id}/remove").main.find_all("button")) == 2
    assert page.submit(f"/networks/{account.id}/remove", {"history": "perhaps"}).status_code == 422
    assert page.submit(f"/networks/{account.id}/remove", {"history": history}).status_code == 303
    kept = house.database.read(lambda db: db.get(Account, account.id))
    assert (kept is not None) == (history == "keep")
    assert page.page("/networks").find(id=f"account-{account.id}") is None
    if kept:
        assert kept.credentials == b""
        page.submit(f"/networks/{account.id}/remove", {"history": "delete"})
        assert house.database.read(lambda db: db.get(Account, account.id)) is None


def test_the_built_in_account_can_neither_be_paused_nor_removed(browser, alice, house):
    (account,) = house.database.read(accounts_of, alice.id)
    page = browser(alice)
    assert page.submit(f"/networks/{account.id}/pause").status_code == 404
    assert page.submit(f"/networks/{account.id}/remove", {"history": "delete"}).status_code == 404
    assert page.get(f"/networks/{account.id}/sign-in").status_code == 404


def test_credentials_are_sealed_in_the_database(browser, alice, house, toy, settings):
    page = browser(alice)
    login = page.page("/networks/add/toy").find("input", {"name": "login"})["value"]
    secret = "canary-4711-credential"
    page.submit("/networks/add/toy", {"login": login, "address": "alice@toy", "password": secret})
    page.submit("/networks/add/toy", {"login": login, "button": "next"})
    account = toy_account(house, alice)
    assert house.database.read(accounts.credentials_of, house.vault, account).secrets == {"password": secret}
    files = [path for path in settings.data_dir.rglob("*") if path.is_file()]
    assert files
    assert not [path for path in files if secret.encode() in path.read_bytes()]
