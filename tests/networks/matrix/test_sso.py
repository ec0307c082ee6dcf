"""Signing in on a page of the homeserver's own, there and back through the pages of the house."""

import asyncio
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from bs4 import BeautifulSoup

from tests.browser import Browser
from tests.fake_homeserver import LOGIN, Asked, FakeHomeserver, Told
from tests.far_side import Background
from tests.networks.matrix.elsewhere import ADD, begun, come_back, matrix_account, sent_there, submit, text
from tests.networks.matrix.people import surroundings
from webapp.messaging import accounts
from webapp.messaging.audit import COMMAND_LINE
from webapp.messaging.users import add_user
from webapp.models import Account, Role, User
from webapp.networks.contract import Credentials
from webapp.networks.errors import Unreachable
from webapp.networks.login import Visit, WrongInput
from webapp.networks.matrix import network as connector
from webapp.pages.house import House
from webapp.settings import Settings

pytestmark = pytest.mark.process  # together they take seconds

SSO: dict[str, Any] = {"type": "m.login.sso"}
TOKEN = {"type": "m.login.token"}
PASSWORD = {"type": "m.login.password"}
PROVIDERS = [{"id": "oidc-school/1", "name": "The school"}, {"id": "saml"}, {"id": "", "name": "No id"}, {"id": 1}, 7]


@pytest.fixture
def settings(settings: Settings) -> Settings:
    return settings.model_copy(update={"private_servers": ("127.0.0.0/8",)})


@pytest.fixture
def home() -> Iterator[FakeHomeserver]:
    """A homeserver that only signs people in on a page of its own; Anna is who comes back."""
    fake, background = FakeHomeserver(), Background()
    background.call(fake.__aenter__())
    fake.answers["GET", LOGIN] = Told({"flows": [SSO, TOKEN]})
    fake.answers["POST", LOGIN] = signed_in
    yield fake
    background.call(fake.__aexit__())
    background.stop()


@pytest.fixture
def alice(house: House) -> User:
    """Somebody in the house, not on a homeserver as elsewhere in this folder."""
    return house.database.write(add_user, house.vault, "Alice", "none", Role.MEMBER, COMMAND_LINE)


def signed_in(asked: Asked) -> Told:
    """Tokens are called after whom they are of; each is good once, which nobody here tries."""
    body = json.loads(asked.body)
    if body["type"] != "m.login.token" or not body["token"].startswith("good-"):
        return Told({"errcode": "M_FORBIDDEN", "error": "Invalid login token"}, 403)
    user = body["token"].partition("-")[2]
    return Told({"user_id": f"@{user}:b.org", "access_token": "s3cret", "device_id": body.get("device_id", "NEW")})


@pytest.fixture
def page(browser: Callable[[User], Browser], alice: User) -> Browser:
    return browser(alice)


def added(house: House, user: User, page: Browser, home: FakeHomeserver) -> Account:
    """Alice's account on it, signed in as Anna."""
    login = begun(page)
    submit(page, login, {"homeserver": home.url, "device_name": "Our house"})
    assert come_back(page, sent_there(page, login)[1], "good-anna").headers["location"] == "/networks"
    account = matrix_account(house, user)
    assert account is not None
    return account


def test_one_is_sent_there_and_back_and_is_signed_in(
    page: Browser, home: FakeHomeserver, house: House, alice: User
) -> None:
    login = begun(page)
    assert submit(page, login, {"homeserver": home.url}).headers["location"] == f"{ADD}?login={login}"
    there, _ = sent_there(page, login)
    assert there.partition("?")[0] == f"{home.url}/_matrix/client/v3/login/sso/redirect"
    account = added(house, alice, page, home)
    assert (account.address, account.name) == ("@anna:b.org", "anna")
    (asked,) = [one for one in home.asked_for(LOGIN) if one.method == "POST"]
    body = {"type": "m.login.token", "token": "good-anna", "initial_device_display_name": "Our house"}
    assert json.loads(asked.body) == body
    kept = house.database.read(accounts.credentials_of, house.vault, account).secrets
    assert (kept["token"], kept["device"]) == ("s3cret", "NEW")


def test_signing_in_again_keeps_the_device_and_refuses_somebody_else(
    page: Browser, home: FakeHomeserver, house: House, alice: User
) -> None:
    account = added(house, alice, page, home)
    where = f"/networks/{account.id}/sign-in"
    login = begun(page, where)
    submit(page, login, {"homeserver": home.url}, where)
    _, back = sent_there(page, login, where)
    refused = come_back(page, back, "good-bob", where)
    assert (refused.status_code, "Sign in with @anna:b.org" in text(refused)) == (422, True)
    assert [one.headers["Authorization"] for one in home.asked_for("/_matrix/client/v3/logout")] == ["Bearer s3cret"]
    assert come_back(page, back, "good-anna", where).headers["location"] == "/networks"
    bodies = [json.loads(one.body) for one in home.asked_for(LOGIN) if one.method == "POST"]
    assert [body.get("device_id") for body in bodies] == [None, "NEW", "NEW"]
    assert matrix_account(house, alice).id == account.id


def test_several_who_vouch_are_offered_by_name(page: Browser, home: FakeHomeserver) -> None:
    home.answers["GET", LOGIN] = Told({"flows": [{**SSO, "identity_providers": PROVIDERS}, TOKEN]})
    login = begun(page)
    submit(page, login, {"homeserver": home.url})
    buttons = page.page(f"{ADD}?login={login}").find_all("button", {"name": "button"})
    assert [one.get_text(strip=True) for one in buttons] == ["Continue with The school", "Continue with saml"]
    assert submit(page, login, {"button": "9"}).status_code == 303
    submit(page, login, {"button": buttons[0]["value"]})
    assert sent_there(page, login)[0].startswith(f"{home.url}/_matrix/client/v3/login/sso/redirect/oidc-school%2F1?")


@pytest.mark.parametrize("token", ["", "spent-anna"])
def test_whoever_comes_back_with_nothing_useful_may_go_there_again(
    page: Browser, home: FakeHomeserver, house: House, alice: User, token: str
) -> None:
    login = begun(page)
    submit(page, login, {"homeserver": home.url})
    _, back = sent_there(page, login)
    answer = come_back(page, back, token) if token else submit(page, login, {})
    assert (answer.status_code, "Go there again." in text(answer)) == (422, True)
    assert matrix_account(house, alice) is None
    assert come_back(page, sent_there(page, login)[1], "good-anna").headers["location"] == "/networks"


def test_a_homeserver_that_is_down_in_between_costs_nothing(
    page: Browser, home: FakeHomeserver, house: House, alice: User
) -> None:
    login = begun(page)
    submit(page, login, {"homeserver": home.url})
    _, back = sent_there(page, login)
    home.answers["POST", LOGIN] = Told(b"Bad gateway", 502)
    answer = come_back(page, back, "good-anna")
    assert (answer.status_code, "broken at 127.0.0.1" in text(answer)) == (422, True)
    home.answers["POST", LOGIN] = signed_in
    form = BeautifulSoup(answer.text, "html.parser").find("form", action=ADD)
    fields = {one["name"]: one["value"] for one in form.find_all("input") if one["name"] != "csrf_token"}
    assert page.submit(ADD, fields).headers["location"] == "/networks"
    assert matrix_account(house, alice) is not None


def came_of(folder: Path, flows: Told, given: dict[str, str], oauth: bool = False) -> Any:
    """What comes of signing in to a homeserver with these ways in: a step, or what was wrong."""

    async def work() -> Any:
        async with FakeHomeserver() as fake:
            fake.answers.update({("GET", LOGIN): flows, ("POST", LOGIN): Told(b"", 502)})
            if oauth:
                fake.answers["GET", "/_matrix/client/v1/auth_metadata"] = Told({"issuer": "https://b.org/"})
            try:
                return await connector.login(surroundings(folder)).submit({"homeserver": fake.url} | given)
            except (WrongInput, Unreachable) as error:
                return error

    return asyncio.run(work())


@pytest.mark.parametrize(
    ("flows", "given", "field", "words"),
    [
        ([PASSWORD], {}, "user", "Type the user name."),
        ([PASSWORD], {"user": "anna"}, "password", "Type the password."),
        ([SSO, TOKEN], {"user": "anna", "password": "x"}, "password", "does not take a password"),
        ([], {"user": "anna", "password": "x"}, "homeserver", "no sign-in that is possible here"),
        ([{"type": "m.login.application_service"}], {}, "homeserver", "no sign-in that is possible here"),
        (None, {}, "homeserver", "no sign-in that is possible here"),
    ],
)
def test_what_a_homeserver_does_not_offer_is_said_where_it_was_typed(
    tmp_path: Path, flows: Any, given: dict[str, str], field: str, words: str
) -> None:
    fault = came_of(tmp_path, Told({"flows": flows}), given)
    assert isinstance(fault, WrongInput)
    assert (fault.field, words in fault.reason.msgid) == (field, True)


@pytest.mark.parametrize("flows", [Told({"flows": []}), Told({"errcode": "M_UNRECOGNIZED"}, 404)])
def test_one_that_signs_people_in_by_oauth_only_is_told_so(tmp_path: Path, flows: Told) -> None:
    fault = came_of(tmp_path, flows, {}, oauth=True)
    assert isinstance(fault, WrongInput)
    assert (fault.field, "by OAuth only" in fault.reason.msgid) == ("homeserver", True)


def test_where_both_is_possible_the_password_that_was_typed_is_taken(tmp_path: Path) -> None:
    both = Told({"flows": [PASSWORD, SSO, TOKEN]})
    assert isinstance(came_of(tmp_path, both, {"user": "anna"}), Visit)
    fault = came_of(tmp_path, both, {"user": "anna", "password": "x"})
    assert isinstance(fault, Unreachable), "this homeserver was asked, and fell silent"


def test_a_token_of_no_device_is_not_kept(tmp_path: Path) -> None:
    async def work() -> None:
        async with FakeHomeserver() as fake:
            fake.answers["GET", LOGIN] = Told({"flows": [SSO, TOKEN]})
            fake.answers["POST", LOGIN] = Told({"user_id": "@anna:b.org", "access_token": "s3cret"})
            login = connector.login(surroundings(tmp_path), Credentials("@anna:b.org", {"device": "OLD"}))
            assert isinstance(await login.submit({"homeserver": fake.url}), Visit)
            with pytest.raises(WrongInput) as raised:
                await login.submit({"loginToken": "t"})
            assert "no device" in raised.value.reason.msgid

    asyncio.run(work())
