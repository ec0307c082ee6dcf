"""What a message or a conversation may be, as the pages show it; shown by the pretend network."""

from collections.abc import Callable

import pytest
from bs4 import BeautifulSoup, Tag
from sqlmodel import select

from tests.browser import Browser
from tests.pages.test_inbox import until
from tests.pages.test_networks import add_toy, toy, toy_account, wait_for_state
from webapp.languages import Sentence
from webapp.messaging.people import identity_called
from webapp.messaging.receive import receive
from webapp.models import Conversation, Lease, Space, SpaceConversation, User
from webapp.networks.actions import Done
from webapp.networks.contract import MemberPage
from webapp.networks.errors import Refused, Unreachable
from webapp.networks.events import (
    Batch,
    ContactChanged,
    ConversationKind,
    InvitationReceived,
    Member,
    MembersChanged,
    Origin,
)
from webapp.networks.toy.session import ToySession
from webapp.pages.house import House

pytestmark = pytest.mark.process  # together they take seconds

__all__ = ["toy"]


@pytest.fixture
def page(alice: User, browser: Callable[..., Browser], house: House, toy: None) -> Browser:
    """Alice's browser; her account on the pretend network is online."""
    hers = browser(alice)
    add_toy(hers)
    wait_for_state(hers, toy_account(house, alice).id, "Online")
    until(lambda: row(hers, "Echo"))
    return hers


def row(page: Browser, name: str) -> Tag | None:
    """The row of a conversation in the inbox."""
    return page.page("/").select_one(f"[data-conversation]:-soup-contains('{name}')")


def conversation(page: Browser, name: str) -> BeautifulSoup:
    """The page of a conversation, by the name in its row."""
    found = row(page, name)
    assert found, name
    return page.page(str(found.a["href"]))


def says(page: Browser, word: str) -> None:
    """Says something to Echo."""
    where = row(page, "Echo")["data-conversation"]
    assert page.submit(f"/conversations/{where}/messages", {"body": word, "key": ""}).status_code == 303


def last(page: Browser, text: str) -> Tag:
    """The newest message of Echo's that says this; waits for it."""
    heard = "article[data-message]:not([data-own])"
    return until(
        lambda: next((one for one in conversation(page, "Echo").select(heard)[::-1] if text in one.get_text()), None)
    )


def test_a_sealed_message_says_so_and_why_and_is_read_when_it_is_opened(page: Browser) -> None:
    says(page, "seal")
    sealed = last(page, "This message cannot be read yet.")
    assert "message--sealed" in sealed["class"]
    assert "Its key has not come yet" in sealed.select_one(".message__note").get_text()
    until(lambda: "A message that cannot be read yet" in row(page, "Echo").get_text())
    says(page, "open")
    opened = last(page, "The treasure is under the slide.")
    assert (opened["data-message"], opened.select_one(".message__note")) == (sealed["data-message"], None)


def test_what_somebody_does_and_what_a_machine_says_look_like_that(page: Browser) -> None:
    says(page, "wave")
    assert last(page, "waves").select_one(".message__text").get_text() == "* Echo waves"
    says(page, "machine")
    assert "message--notice" in last(page, "Beep.")["class"]


def test_formatted_text_is_drawn_and_what_is_typed_with_marks_goes_out_so(page: Browser) -> None:
    says(page, "bold")
    heard = last(page, "Bold and plain").select_one("div.message__text")
    assert (heard.strong.get_text(), heard.script) == ("Bold", None)
    says(page, "~~no~~ *yes*")
    echo = last(page, "yes").select_one("div.message__text")
    assert (echo.s.get_text(), echo.em.get_text()) == ("no", "yes")
    own = conversation(page, "Echo").select("[data-own]")[-1]
    assert (own.s.get_text(), own.em.get_text()) == ("no", "yes")


def test_what_may_not_be_true_carries_its_warning(page: Browser) -> None:
    says(page, "stranger")
    assert "a device that nobody knows" in last(page, "It is me, Echo.").select_one(".message__note").get_text()


def test_a_conversation_is_called_as_its_partner_and_says_what_it_is_bridged_from(page: Browser) -> None:
    says(page, "flat")
    until(lambda: row(page, "Greta"))
    assert "flat-1" not in conversation(page, "Greta").get_text()
    says(page, "bridge")
    until(lambda: "Sandgram" in row(page, "Sandpit").get_text())
    assert "bridged from Sandgram" in conversation(page, "Sandpit").find(class_="conversation__sub").get_text()
    assert row(page, "Sandpit").select_one(".avatar .network-badge--mono").get_text() == "Sa"
    assert row(page, "Echo").select_one(".avatar .network-badge--mono") is None


def test_a_warning_stands_above_where_one_writes_until_it_was_seen(page: Browser) -> None:
    says(page, "window")
    banner = until(lambda: conversation(page, "Echo").select_one(".conversation__warning [role=alert]"))
    assert "Somebody has opened a window" in banner.get_text()
    assert "Open window" in conversation(page, "Echo").find(class_="conversation__sub").get_text()
    where = row(page, "Echo")["data-conversation"]
    refused = page.submit(f"/conversations/{where}/messages", {"body": "A secret", "key": ""})
    assert (refused.status_code, "A secret" in refused.text, "who can read along" in refused.text) == (422, True, True)
    wrong = page.submit(f"/conversations/{where}/acknowledge", {"key": "another"})
    assert wrong.status_code == 422
    seen = page.submit(banner.form["action"], {"key": banner.find("input", {"name": "key"})["value"]})
    assert seen.status_code == 303
    assert conversation(page, "Echo").select_one(".conversation__warning form") is None
    says(page, "curtain")
    sealed = "Nobody outside this house hears Echo."
    until(lambda: sealed in conversation(page, "Echo").select_one(".composer").get_text())


def test_what_was_seen_is_gone_before_the_network_says_so(
    page: Browser, house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    says(page, "window")
    banner = until(lambda: conversation(page, "Echo").select_one(".conversation__warning [role=alert]"))
    monkeypatch.setattr(house.keeper, "ask", lambda *_: None)
    page.submit(banner.form["action"], {"key": banner.find("input", {"name": "key"})["value"]})
    assert conversation(page, "Echo").select_one(".conversation__warning form") is None


def test_who_is_not_certain_can_be_verified(page: Browser, alice: User, house: House) -> None:
    says(page, "who")
    until(lambda: "Not the same keys" in conversation(page, "Echo").find(class_="conversation__sub").get_text())
    task = f"/networks/{toy_account(house, alice).id}/tasks/verify%3Aecho"
    assert conversation(page, "Echo").find("form", action=task).button.get_text() == "Verify"
    members = conversation(page, "Sandpit").find(id="details").select(".list .list-item")
    assert ["Confirmed" in one.get_text() for one in members] == [True, False]


def test_a_crowd_is_counted_as_the_network_says(page: Browser) -> None:
    says(page, "crowd")
    until(lambda: "50000 people" in conversation(page, "Sandpit").find(class_="conversation__sub").get_text())


def test_a_conversation_that_goes_on_elsewhere_leads_there(page: Browser) -> None:
    says(page, "move")
    foot = until(lambda: conversation(page, "Sandpit").select_one(".composer--off"))
    assert foot.find("a", string="Go there")["href"] == row(page, "Beach").a["href"]
    here = row(page, "Sandpit")["data-conversation"]
    refused = page.submit(f"/conversations/{here}/messages", {"body": "Still here?", "key": ""})
    assert refused.status_code == 422
    assert "Still here?" in refused.text


def test_who_asks_to_be_let_in_waits_and_may_stop_asking(page: Browser, alice: User, house: House) -> None:
    account = toy_account(house, alice)
    asked = page.submit("/conversations/new", {"account": account.id, "address": "club"})
    where = asked.headers["location"]
    assert "Somebody there has to agree" in page.page(where).select_one(".composer--off").get_text()
    assert "Waits to be let in" in row(page, "club").get_text()
    assert page.submit(f"{where}/leave").status_code == 303
    assert "You have left this group" in page.page(where).select_one(".composer--off").get_text()


def keep(page: Browser, button: str) -> None:
    """Press one of the switches among the details."""
    form = conversation(page, "Echo").find("button", string=button).find_parent("form")
    fields = {one["name"]: one["value"] for one in form.find_all("input") if one["name"] != "csrf_token"}
    assert page.submit(str(form["action"]).partition("#")[0], fields).status_code == 303


def test_what_is_of_little_interest_is_a_quiet_row_until_it_is_not(page: Browser) -> None:
    keep(page, "Low priority")
    assert "conversation-row--low" in row(page, "Echo").a["class"]
    assert "Low priority" in row(page, "Echo").get_text()
    keep(page, "Normal priority")
    assert "conversation-row--low" not in row(page, "Echo").a["class"]


def test_what_is_marked_as_unread_looks_so_and_is_told_to_other_programs(page: Browser) -> None:
    keep(page, "Mark as unread")
    assert "1 unread" in row(page, "Echo").get_text()
    assert "conversation-row--unread" in row(page, "Echo").a["class"]
    keep(page, "Mark as read")
    assert "unread" not in row(page, "Echo").get_text()


def test_another_program_of_theirs_is_followed(page: Browser) -> None:
    says(page, "keep")
    kept = until(lambda: (found := row(page, "Echo")).has_attr("data-pinned") and found)
    assert all(word in kept.get_text() for word in ("Pinned", "Muted", "unread"))
    says(page, "toss")
    until(lambda: "Low priority" in row(page, "Echo").get_text())
    assert not row(page, "Echo").has_attr("data-pinned")


def chips(page: Browser, where: str = "/") -> dict[str, str]:
    """The filters above the list, and where they lead."""
    return {one.get_text(" ", strip=True): one["href"] for one in page.page(where).select("#chips a")}


def test_a_space_is_a_filter(page: Browser) -> None:
    says(page, "box")
    where = until(lambda: chips(page).get("Toy box"))
    narrowed = page.page(where)
    assert [one.get_text() for one in narrowed.select("#rows .conversation-row__name")] == ["Sandpit"]
    assert narrowed.select_one("#chips [aria-current]").get_text(strip=True) == "Toy box"
    says(page, "spill")
    until(lambda: "Toy box" not in chips(page))
    assert page.page(where).select("#rows .conversation-row__name") == []


@pytest.mark.parametrize("space", ["0", "99999999999999999", "x", "-1", "٣", ""])
def test_a_space_that_is_none_is_no_error(page: Browser, space: str) -> None:
    assert page.get("/", params={"space": space}).status_code == 200


def test_only_the_first_spaces_stand_in_the_row_the_others_behind_more(
    page: Browser, house: House, alice: User
) -> None:
    account = toy_account(house, alice)

    def add(db) -> None:
        sandpit = db.exec(select(Conversation).where(Conversation.remote_id == "sandpit")).one()
        for number in range(14):
            space = Space(user_id=alice.id, account_id=account.id, remote_id=str(number), name=f"Space {number:02}")
            db.add(space)
            db.flush()
            db.add(SpaceConversation(space_id=space.id, conversation_id=sandpit.id))

    house.database.write(add)
    nav = page.page("/").select_one("#chips")
    assert [one.get_text(strip=True) for one in nav.select("details a")] == ["Space 12", "Space 13"]
    assert nav.select_one("summary").get_text(strip=True) == "More"
    assert not nav.select_one("details").has_attr("open")
    assert page.page(str(nav.select("details a")[0]["href"])).select_one("#chips details").has_attr("open")


def test_a_group_that_was_left_can_be_forgotten_and_is_gone_then(page: Browser, house: House, alice: User) -> None:
    account = toy_account(house, alice).id
    assert page.submit("/conversations/new", {"account": str(account), "address": "club"}).status_code == 303
    where = str(until(lambda: row(page, "club")).a["href"])
    assert page.page(where).find("button", string="Forget") is None
    page.submit(f"{where}/leave")
    until(lambda: page.page(where).find("button", string="Forget"))
    assert page.submit(f"{where}/forget").headers["location"] == "/"
    assert (row(page, "club"), page.get(where).status_code) == (None, 404)


def test_a_network_that_forgets_nothing_says_so_and_all_stays(page: Browser) -> None:
    where = str(row(page, "Sandpit").a["href"])
    answer = page.submit(f"{where}/forget")
    assert (answer.status_code, "The toy world cannot do this." in answer.text) == (422, True)
    assert row(page, "Sandpit")


@pytest.fixture
def attic(page: Browser) -> str:
    """Where Alice is asked into a space."""
    says(page, "attic")
    return str(until(lambda: row(page, "Attic")).a["href"])


def test_an_invitation_into_a_space_says_so_and_once_accepted_it_is_a_filter_that_can_be_left(
    page: Browser, browser: Callable[..., Browser], bob: User, attic: str
) -> None:
    assert "Greta invites you to this space." in row(page, "Attic").get_text()
    asked = page.page(attic)
    assert "Space" in [one.get_text() for one in asked.select(".conversation__sub span")]
    assert "Greta invites you to this space." in asked.select_one(".composer--off").get_text()
    assert page.submit(f"{attic}/accept").headers["location"] == "/"
    assert row(page, "Attic") is None
    chip = until(lambda: page.page("/").find("a", class_="chip", string="Attic"))
    about = chips(page, str(chip["href"]))["About this space"]
    shown = page.page(about)
    assert (shown.h1.get_text(), "1 conversation" in shown.find(class_="page__lead").get_text()) == ("Attic", True)
    assert browser(bob).submit(f"{about}/leave").status_code == 404
    assert page.submit(f"{about}/leave").headers["location"] == "/"
    assert "Attic" not in chips(page)
    assert row(page, "Sandpit")
    assert page.get(about).status_code == 404


def test_an_invitation_into_a_space_that_is_declined_is_gone(page: Browser, attic: str) -> None:
    pressed = {"HX-Request": "true", "X-CSRF-Token": page.csrf_token}
    assert page.post(f"{attic}/decline", headers=pressed).headers["HX-Redirect"] == "/"
    assert (row(page, "Attic"), "Attic" in chips(page)) == (None, False)
    assert page.get(attic).status_code == 404


def test_a_group_is_opened_anew_once_its_invitation_is_accepted(
    page: Browser, house: House, alice: User, monkeypatch
) -> None:
    async def done(*_: object) -> Done:
        return Done()

    monkeypatch.setattr(ToySession, "perform", done)
    account = toy_account(house, alice).id
    asks = InvitationReceived("garden", ConversationKind.GROUP, "greta", "Greta", "Garden")
    house.database.write(receive, account, epoch(house, account), Batch((asks,), Origin.LIVE), None)
    where = str(until(lambda: row(page, "Garden")).a["href"])
    assert page.page(where).find(id="older") is None
    pressed = {"HX-Request": "true", "X-CSRF-Token": page.csrf_token}
    assert page.post(f"{where}/accept", headers=pressed).headers["HX-Redirect"] == where
    assert page.page(where).find(id="older")


def test_a_space_that_cannot_be_left_now_stays_and_says_why(page: Browser, attic: str, monkeypatch) -> None:
    page.submit(f"{attic}/accept")
    where = until(lambda: page.page("/").find("a", class_="chip", string="Attic"))["href"].replace("?space=", "spaces/")

    async def gone(*_: object) -> None:
        raise Unreachable(Sentence("The line broke."))

    monkeypatch.setattr(ToySession, "perform", gone)
    answer = page.submit(f"{where}/leave")
    assert (answer.status_code, "The line broke." in answer.text) == (422, True)
    assert "Attic" in chips(page)


def test_what_is_joined_by_its_address_and_is_a_space_leads_back_to_the_inbox(
    page: Browser, house: House, alice: User, monkeypatch
) -> None:
    async def space(*_: object) -> Done:
        return Done(conversation="attic", space=True)

    monkeypatch.setattr(ToySession, "perform", space)
    account = str(toy_account(house, alice).id)
    answer = page.submit("/conversations/new", {"account": account, "address": "attic"})
    assert (answer.headers["location"], row(page, "attic")) == ("/", None)


def people(page: Browser, where: str) -> list[str]:
    """Who stands on a page of members."""
    return [one.get_text() for one in page.page(where).select("main .list-item__title")]


def test_who_is_in_a_group_is_read_page_by_page(page: Browser, house: House, alice: User) -> None:
    account = toy_account(house, alice).id
    crowd = tuple(Member(f"p{number:03}", f"Person {number:03}", "moderator") for number in range(150))
    house.database.write(
        receive,
        account,
        epoch(house, account),
        Batch((MembersChanged("sandpit", crowd, complete=True),), Origin.LIVE),
        None,
    )
    where = f"{row(page, 'Sandpit').a['href']}/members"
    shown = people(page, where)
    assert (len(shown), shown[-1]) == (100, "Person 099")
    more = str(page.page(where).find("a", string="More people")["href"])
    rest = people(page, more)
    assert (rest[0], page.page(more).find("a", string="More people")) == ("Person 100", None)
    assert "moderator" in page.page(where).select_one("main .list-item").get_text()
    assert page.page(where.removesuffix("/members")).find("a", href=where)
    assert people(page, f"{where}?after=nonsense") == shown


def test_members_that_cannot_be_asked_for_are_shown_as_far_as_they_are_known(page: Browser, monkeypatch) -> None:
    async def gone(*_: object) -> None:
        raise Unreachable(Sentence("The line broke."))

    monkeypatch.setattr(ToySession, "members", gone)
    found = page.page(f"{row(page, 'Sandpit').a['href']}/members")
    assert found.find(role="alert").get_text(strip=True) == "The line broke."


def test_of_whom_it_can_be_told_whose_devices_are_whose_they_are_a_button_away(
    page: Browser, house: House, alice: User, monkeypatch
) -> None:
    says(page, "who")
    account, sandpit = toy_account(house, alice).id, str(row(page, "Sandpit").a["href"])

    def leads_there(where: str) -> list[str]:
        found = page.page(where).find_all("form", action=f"/networks/{account}/tasks/devices%3Agreta")
        return [one.button.get_text() for one in found]

    until(lambda: leads_there(f"{sandpit}/members") == ["Devices"])
    assert leads_there(sandpit) == ["Devices"]
    for where in (sandpit, f"{sandpit}/members"):
        assert page.page(where).select_one("form[action*=devices] [name=leads_back]")["value"] == where
    echo = page.page(str(row(page, "Echo").a["href"])).find(id="details")
    assert [one.get_text() for one in echo.select("[aria-labelledby=trust-title] button")] == ["Verify", "Devices"]
    greta = house.database.read(identity_called, account, "greta")
    assert leads_there(f"/people/{greta.id}") == ["Devices"]

    async def asked(*_: object) -> MemberPage:
        return MemberPage((Member("greta", "Greta"), Member("stranger")))

    monkeypatch.setattr(ToySession, "members", asked)
    assert people(page, f"{sandpit}/members") == ["Greta", "stranger"]
    assert leads_there(f"{sandpit}/members") == ["Devices"]


def epoch(house: House, account: int) -> int:
    return house.database.read(lambda db: db.get_one(Lease, account).epoch)


def test_whoever_looks_like_something_is_shown_so_and_the_browser_keeps_it(
    page: Browser, browser: Callable[..., Browser], bob: User
) -> None:
    assert row(page, "Echo").img is None
    says(page, "face")
    where = str(until(lambda: row(page, "Echo").img)["src"])
    answer = page.get(where)
    assert (answer.headers["content-type"], answer.content[8:12]) == ("image/webp", b"WEBP")
    assert "private" in answer.headers["cache-control"]
    assert page.get(where, headers={"If-None-Match": answer.headers["etag"]}).status_code == 304
    assert browser(bob).get(where).status_code == 404
    says(page, "mask")
    until(lambda: row(page, "Echo").img is None)


def test_people_look_like_themselves_wherever_they_stand(page: Browser, house: House, alice: User) -> None:
    sandpit = str(row(page, "Sandpit").a["href"])
    account = toy_account(house, alice).id
    house.database.write(
        receive,
        account,
        epoch(house, account),
        Batch((MembersChanged("sandpit", (Member("greta", "Greta"),)), ContactChanged("greta", "Greta")), Origin.LIVE),
        None,
    )
    greta = house.database.read(identity_called, account, "greta").id
    where = {"details": sandpit, "main": f"{sandpit}/members", "people": "/people", "person": f"/people/{greta}"}
    assert not any(page.page(one).select(".list-item img, .page__head img") for one in where.values())
    says(page, "looks")
    for what, there in where.items():
        assert until(lambda there=there: page.page(there).select(".list-item img, .page__head img")), what
    says(page, "hello")
    last(page, "hello")
    [*_, beside] = conversation(page, "Echo").select("[data-message]:not([data-own]) img")
    assert page.get(str(beside["src"])).headers["content-type"] == "image/webp"
    says(page, "plain")
    until(lambda: not page.page("/people").find("img"))


@pytest.mark.parametrize("fault", [Unreachable(Sentence("Not now.")), Refused(Sentence("No.")), ValueError("a fault")])
def test_a_picture_that_does_not_come_costs_nobody_the_line_and_is_not_asked_for_over_and_over(
    page: Browser, house: House, alice: User, monkeypatch, fault: Exception
) -> None:
    asked: list[str] = []

    async def gone(_: ToySession, ref: str) -> bytes:
        asked.append(ref)
        raise fault

    monkeypatch.setattr(ToySession, "picture", gone)
    says(page, "face")
    until(lambda: asked)
    says(page, "hello")
    last(page, "hello")
    wait_for_state(page, toy_account(house, alice).id, "Online")
    assert (asked, row(page, "Echo").img) == (["face"], None)
