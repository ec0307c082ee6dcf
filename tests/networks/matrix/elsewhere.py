"""Signing in on somebody else's page, gone through on the pages of the house as a browser does."""

from urllib.parse import parse_qs, urlsplit

from bs4 import BeautifulSoup
from httpx import Response

from tests.browser import Browser
from webapp.messaging.access import accounts_of
from webapp.models import Account, User
from webapp.pages.house import House

ADD = "/networks/add/matrix"
BACK = "https://house.example/networks/sign-in/"


def text(answer: Response) -> str:
    return BeautifulSoup(answer.text, "html.parser").get_text(" ", strip=True)


def begun(page: Browser, where: str = ADD) -> str:
    return page.page(where).find("input", {"name": "login"})["value"]


def submit(page: Browser, login: str, answers: dict[str, str], where: str = ADD) -> Response:
    return page.submit(where, {"login": login} | answers)


def sent_there(page: Browser, login: str, where: str = ADD) -> tuple[str, str]:
    """The address of the homeserver's page, and the path to which it is asked to send the browser back."""
    link = page.page(f"{where}?login={login}").select_one("main a.button--primary")["href"]
    [back] = parse_qs(urlsplit(link).query)["redirectUrl"]
    assert back == f"{BACK}{login}/back"
    return link, urlsplit(back).path


def come_back(page: Browser, back: str, token: str, where: str = ADD) -> Response:
    """What the browser does: it opens the address that the homeserver sends it to, and presses the one button."""
    form = page.page(f"{back}?loginToken={token}").find("form", action=where)
    fields = {one["name"]: one["value"] for one in form.find_all("input") if one["name"] != "csrf_token"}
    assert fields["loginToken"] == token
    return page.submit(where, fields)


def matrix_account(house: House, user: User) -> Account | None:
    found = [one for one in house.database.read(accounts_of, user.id) if one.network == "matrix"]
    return found[0] if found else None
