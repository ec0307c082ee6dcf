"""Signing in on the page of a real homeserver, for which a school vouches, and showing there again who one is.

The pages of the house are gone through as a browser does, and so are those of the homeserver.
"""

from collections.abc import Callable, Iterator
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from bs4 import BeautifulSoup

from tests.browser import Browser
from tests.element import Device, Element
from tests.far_side import Background
from tests.identity_provider import IdentityProvider
from tests.networks.matrix.elsewhere import begun, come_back, matrix_account, sent_there, submit, text
from tests.networks.matrix.people import PASSWORD, Person
from tests.networks.matrix.test_in_the_house import until
from tests.synapse import Synapse
from webapp.messaging.audit import COMMAND_LINE
from webapp.messaging.users import add_user
from webapp.models import Account, AccountState, Role, User
from webapp.networks.actions import StartDirect
from webapp.networks.matrix.tasks import START_ANEW
from webapp.pages.house import House
from webapp.settings import Settings

pytestmark = [pytest.mark.servers, pytest.mark.timeout(180)]


@pytest.fixture(scope="module")
def school() -> Iterator[IdentityProvider]:
    vouching, background = IdentityProvider(), Background()
    background.call(vouching.__aenter__())
    yield vouching
    background.call(vouching.__aexit__())
    background.stop()


@pytest.fixture(scope="module")
def synapse(school: IdentityProvider) -> Iterator[Synapse]:
    """One that believes the school."""
    with Synapse(cas_config={"server_url": school.url, "idp_name": "The school"}) as running:
        yield running


@pytest.fixture
def settings(settings: Settings) -> Settings:
    return settings.model_copy(update={"private_servers": ("127.0.0.0/8",)})


@pytest.fixture
def alice(house: House) -> User:
    """Somebody in the house, whom the school calls by other names."""
    return house.database.write(add_user, house.vault, "Alice", "none", Role.MEMBER, COMMAND_LINE)


@pytest.fixture
def page(browser: Callable[[User], Browser], alice: User) -> Browser:
    return browser(alice)


@pytest.fixture
def bobs(bob: Person, element: Element) -> Device:
    """The phone of somebody with a password, and with keys."""
    phone = element.device(bob.user).sign_in(bob.synapse.url, bob.user, PASSWORD)
    phone.do("setUpKeys")
    return phone


def visited(address: str) -> BeautifulSoup:
    """The page at which a browser ends that opens this: it goes wherever it is sent."""
    with httpx.Client(follow_redirects=True, trust_env=False, timeout=60) as there:
        return BeautifulSoup(there.get(address).text, "html.parser")


def leads_on(shown: BeautifulSoup) -> str:
    """Where the one button of a page of the homeserver's leads."""
    return str(shown.select_one("a.primary-button")["href"])


def token_in(address: str) -> str:
    [token] = parse_qs(urlsplit(address).query)["loginToken"]
    return token


def sent_away(page: Browser, synapse: Synapse) -> tuple[str, str]:
    """To the page of the homeserver, by a sign-in that begins: its address, and the path back."""
    login = begun(page)
    submit(page, login, {"homeserver": synapse.url})
    return sent_there(page, login)


def signed_in(page: Browser, synapse: Synapse, house: House, user: User) -> tuple[Account, str]:
    """The account of whom the school vouches for now, online; and the token with which they came back."""
    there, back = sent_away(page, synapse)
    brought = leads_on(visited(there))
    assert urlsplit(brought).path == back
    assert come_back(page, back, token_in(brought)).headers["location"] == "/networks"
    until(lambda: (one := matrix_account(house, user)) and one.state is AccountState.ONLINE)
    account = matrix_account(house, user)
    assert account is not None
    return account, token_in(brought)


def not_seen_there(page: Browser, login: str, task: str) -> bool:
    """Whether we are told so, when we go on."""
    answer = submit(page, login, {"button": "back"}, task)
    return (answer.status_code, "has not seen you there yet" in text(answer)) == (422, True)


def test_whom_the_school_vouches_for_is_signed_in_and_talks(
    page: Browser, school: IdentityProvider, synapse: Synapse, house: House, alice: User, bobs: Device
) -> None:
    school.person = "anna"
    account, spent = signed_in(page, synapse, house, alice)
    assert account.address == "@anna:home.test"
    refused = come_back(page, sent_away(page, synapse)[1], spent)
    assert (refused.status_code, "it lasts only a moment" in text(refused)) == (422, True)
    conversation = house.keeper.ask(alice.id, account.id, StartDirect(bobs.user))
    page.submit(f"/conversations/{conversation}/messages", {"body": "Is there soup?", "key": ""})
    [room] = bobs.until(lambda: [one["id"] for one in bobs.do("rooms")])
    bobs.do("join", room=room)
    bobs.until(lambda: bobs.texts(room) == ["Is there soup?"])
    bobs.do("say", room=room, body="Yes, pumpkin.")
    until(lambda: "Yes, pumpkin." in page.get(f"/conversations/{conversation}").text)


def test_who_starts_with_new_keys_shows_on_that_page_again_who_they_are(
    page: Browser, school: IdentityProvider, synapse: Synapse, house: House, alice: User, element: Element
) -> None:
    school.person = "zoe"
    elsewhere = f"{synapse.url}/_matrix/client/v3/login/sso/redirect?redirectUrl=https://elsewhere.example/"
    phone = element.device("zoe").sign_in_by_token(synapse.url, token_in(leads_on(visited(elsewhere))))
    phone.do("setUpKeys")
    account, _ = signed_in(page, synapse, house, alice)
    task = f"/networks/{account.id}/tasks/{START_ANEW}"
    where = page.submit(task).headers["location"]
    [login] = parse_qs(urlsplit(where).query)["login"]
    assert submit(page, login, {"button": "go"}, task).headers["location"] == where

    asks = page.page(where).find("a", target="_blank")["href"]
    assert not_seen_there(page, login, task)
    school.person = "somebody else"
    refused = visited(leads_on(visited(asks)))
    assert "unable to validate" in refused.get_text()
    assert not_seen_there(page, login, task)
    school.person = "zoe"
    assert "you can close this window" in visited(leads_on(visited(asks))).get_text()

    assert submit(page, login, {"button": "back"}, task).headers["location"] == where
    key = page.page(where).select_one(".said-lines").get_text(strip=True)
    submit(page, login, {"button": "kept"}, task)
    phone.do("unlock", recoveryKey=key)
    ours = {one["verified"] for one in phone.do("devicesOf", user=phone.user) if one["id"] != phone.id}
    assert ours == {True}
