"""``/networks/{id}``: what an account wants its owner to know, and its tasks, step by step; shown by the toy chest."""

import re
from collections.abc import Callable
from urllib.parse import parse_qs, urlsplit

import pytest
from bs4 import BeautifulSoup
from httpx import Response
from sqlmodel import Session

from tests.browser import Browser
from tests.pages.test_conversation_kinds import page, says
from tests.pages.test_inbox import until
from tests.pages.test_networks import toy, toy_account
from webapp.languages import Sentence
from webapp.messaging.leases import Holding
from webapp.messaging.matters import change_matters
from webapp.models import User
from webapp.networks.errors import Unreachable
from webapp.networks.matters import Condition, Matter, MattersChanged
from webapp.networks.toy.session import ToySession
from webapp.pages.house import House

pytestmark = pytest.mark.process  # together they take seconds

__all__ = ["page", "toy"]


@pytest.fixture
def account(page: Browser, alice: User, house: House) -> int:
    """Alice's account on the pretend network; its chest is open."""
    found = toy_account(house, alice).id
    until(lambda: "The toy chest" in page.page(f"/networks/{found}").get_text())
    return found


@pytest.fixture
def locked(page: Browser, account: int) -> int:
    """The same, locked."""
    says(page, "lock")
    until(lambda: "It is locked" in page.page(f"/networks/{account}").get_text())
    return account


def text(answer: Response) -> str:
    return BeautifulSoup(answer.text, "html.parser").get_text(" ", strip=True)


def begun(page: Browser, account: int, task: str) -> str:
    """Press the button of a matter; returns where the first step stands."""
    answer = page.submit(f"/networks/{account}/tasks/{task}")
    assert answer.status_code == 303
    return answer.headers["location"]


def login_in(where: str) -> str:
    return parse_qs(urlsplit(where).query)["login"][0]


def submit(page: Browser, where: str, answers: dict[str, str], **more) -> Response:
    return page.submit(where.partition("?")[0], {"login": login_in(where)} | answers, **more)


def way_back(page: Browser, where: str) -> str:
    """Say the word, look where the toy maker is; returns the address to which he sends the browser back."""
    assert submit(page, where, {"word": "marble"}).headers["location"] == where
    link = page.page(where).find("a", string="Go to the toy maker")["href"]
    assert link.startswith("https://toymaker.example/ask?back=https%3A%2F%2Fhouse.example%2F")
    return urlsplit(parse_qs(urlsplit(link).query)["back"][0]).path


def test_a_task_leads_step_by_step_to_its_end_and_the_matter_is_settled(page: Browser, locked: int) -> None:
    where = begun(page, locked, "unlock")
    back = way_back(page, where)
    form = page.page(f"{back}?said=yes&csrf_token=theirs").find("form", action=re.compile("tasks"))
    brought = {one["name"]: one["value"] for one in form.find_all("input")}
    assert brought == {"csrf_token": page.csrf_token, "login": login_in(where), "said": "yes"}
    assert submit(page, where, {"said": "yes"}).headers["location"] == where
    assert "The toy chest is open." in page.page(where).find(role="status").get_text()
    until(lambda: "It is open." in page.page(f"/networks/{locked}").get_text())
    assert submit(page, where, {"said": "yes"}).headers["location"] == where


def test_coming_back_changes_nothing_before_the_button_is_pressed(page: Browser, locked: int) -> None:
    where = begun(page, locked, "unlock")
    back = way_back(page, where)
    assert "You are back" in page.page(f"{back}?said=yes").get_text()
    assert "Ask the toy maker" in page.page(where).get_text()
    assert "did not say yes" in text(submit(page, where, {"said": "no"}))


def test_looking_at_a_task_begins_nothing(page: Browser, locked: int, house: House, monkeypatch) -> None:
    monkeypatch.setattr(house.keeper, "start_task", None)
    assert page.get(f"/networks/{locked}/tasks/unlock").headers["location"] == f"/networks/{locked}"


def test_what_was_typed_wrong_is_told_and_no_secret_is_shown_again(page: Browser, locked: int) -> None:
    where = begun(page, locked, "unlock")
    answer = submit(page, where, {"word": "canary-word"})
    assert (answer.status_code, "That is not the word" in text(answer)) == (422, True)
    assert "canary-word" not in answer.text


@pytest.mark.parametrize(
    ("content", "words"),
    [(b"x" * 101, "too large"), (b"\xff\xfe", "cannot be read"), (b"wrong", "not the word")],
)
def test_a_file_that_is_not_the_one_is_refused_in_words(page: Browser, locked: int, content: bytes, words: str) -> None:
    where = begun(page, locked, "unlock")
    answer = submit(page, where, {}, files={"file": ("word.txt", content)})
    assert (answer.status_code, words in text(answer)) == (422, True)


def test_a_file_may_say_the_word(page: Browser, locked: int) -> None:
    where = begun(page, locked, "unlock")
    form = page.page(where).find("form", class_="form")
    assert (form["enctype"], form.find("input", type="file")["name"]) == ("multipart/form-data", "file")
    assert submit(page, where, {}, files={"file": ("word.txt", b"Marble\n")}).headers["location"] == where
    assert "Ask the toy maker" in page.page(where).get_text()


def test_only_a_task_takes_more_than_a_megabyte(page: Browser, locked: int, browser: Callable[..., Browser]) -> None:
    where = begun(page, locked, "unlock")
    big = {"file": ("word.txt", b"x" * 2_000_000)}
    assert submit(page, where, {}, files=big).status_code == 422
    assert page.submit("/settings", {}, files=big).status_code == 413
    assert submit(page, where, {}, files={"file": ("word.txt", b"x" * 16_000_001)}).status_code == 413
    assert submit(browser(None), where, {}, files=big).status_code == 413


def test_what_is_shown_can_be_read_compared_and_taken_along(page: Browser, account: int) -> None:
    where = begun(page, account, "look%2Finside")
    shown = page.page(where)
    assert [line.get_text() for line in shown.select(".said-lines li")] == ["red", "green", "blue"]
    assert "Red marble" in shown.find(class_="emoji-compare").get_text()
    assert "hx-trigger" not in str(shown.select_one(".qr-step form"))
    saved = page.get(shown.find("a", download=True)["href"])
    assert (saved.content, saved.headers["content-type"]) == (b"red\ngreen\nblue", "application/octet-stream")
    assert saved.headers["content-disposition"] == 'attachment; filename="marbles.txt"'
    assert submit(page, where, {"button": "seen"}).status_code == 303
    assert "closed again" in page.page(where).get_text()
    assert page.get(f"/networks/sign-in/{login_in(where)}/download").headers["location"] == where


def test_a_dialogue_that_is_gone_can_be_begun_again(page: Browser, locked: int) -> None:
    gone = page.get(f"/networks/{locked}/tasks/unlock?login=old")
    assert (gone.status_code, "took too long" in text(gone)) == (422, True)
    again = BeautifulSoup(gone.text, "html.parser").find("form", action=f"/networks/{locked}/tasks/unlock")
    assert again.button.get_text() == "Try again"


def test_a_task_that_is_none_and_one_without_a_line_say_so(page: Browser, account: int) -> None:
    assert "nothing to do here" in text(page.submit(f"/networks/{account}/tasks/nothing"))
    page.submit(f"/networks/{account}/pause")
    until(lambda: "not connected right now" in text(page.submit(f"/networks/{account}/tasks/look%2Finside")))


def test_what_cannot_wait_stands_above_the_inbox_and_on_the_page_of_networks(page: Browser, locked: int) -> None:
    for where in ("/", "/networks"):
        form = page.page(where).find("form", action=f"/networks/{locked}/tasks/unlock")
        assert form.button.get_text() == "Unlock the chest", where
    assert "It is locked" in page.page("/").find(id="notices").get_text()


def test_the_devices_of_somebody_stand_in_a_list_and_nothing_is_cancelled_there(page: Browser, account: int) -> None:
    step = page.page(begun(page, account, "devices%3Agreta")).find("section", class_="login-step")
    shown = [" ".join(one.get_text(" ", strip=True).split()) for one in step.find_all("li")]
    assert shown == [
        "Tin can TIN · It is tied to a string Confirmed",
        "CARDBOARD Nobody knows whose it is Not confirmed",
    ]
    assert "Cancel" not in step.get_text()
    assert step.find("button") is None


@pytest.mark.parametrize(
    ("named", "behind"),
    [("/conversations/5", "/conversations/5"), ("https://evil.example/", "/"), ("//evil.example", "/"), ("", None)],
)
def test_whoever_is_done_with_a_task_is_back_where_it_was_begun(
    page: Browser, account: int, named: str, behind: str | None
) -> None:
    behind = behind or f"/networks/{account}"
    where = page.submit(f"/networks/{account}/tasks/look%2Finside", {"leads_back": named}).headers["location"]
    assert page.page(where).select_one(".page__back a")["href"] == behind
    submit(page, where, {"button": "seen", "leads_back": "/elsewhere"})
    assert page.page(where).find("a", string="Go on")["href"] == behind
    refused = BeautifulSoup(page.submit(f"/networks/{account}/tasks/no", {"leads_back": named}).text, "html.parser")
    assert refused.select_one("[name=leads_back]")["value"] == behind


def test_nobody_is_asked_a_question_where_there_is_nothing_to_press(
    page: Browser, account: int, house: House, alice: User
) -> None:
    def tell(db: Session) -> None:
        told = [Matter(c.value, Sentence("Words"), c, Sentence("More words")) for c in (Condition.ASKS, Condition.OFF)]
        change_matters(db, Holding(account, alice.id), MattersChanged(tuple(told)))

    house.database.write(tell)
    shown = page.page(f"/networks/{account}").select("#account .list .health")
    assert [one.get_text() for one in shown] == ["Good to know", "Not yet"]


def test_the_settings_tell_of_the_keys_of_every_account(page: Browser, locked: int) -> None:
    keys = page.page("/settings").find(id="keys")
    house, chest = (" ".join(one.get_text(" ", strip=True).split()) for one in keys.find_all("li"))
    assert house.startswith("House")
    assert house.endswith("No keys")
    assert chest.startswith("The toy chest It is locked")
    assert chest.endswith("Needs you")


def test_an_account_is_signed_out_at_its_network_before_it_is_removed(
    page: Browser, account: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[str] = []

    async def sign_out(_: ToySession) -> None:
        told.append("signed out")
        raise Unreachable(Sentence("The line broke."))

    monkeypatch.setattr(ToySession, "sign_out", sign_out)
    assert page.submit(f"/networks/{account}/remove", {"history": "keep"}).status_code == 303
    assert told == ["signed out"]
    assert page.get(f"/networks/{account}").status_code == 404
    assert page.submit(f"/networks/{account}/remove", {"history": "delete"}).status_code == 303
    assert told == ["signed out"]
