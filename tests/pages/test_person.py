"""``/people/{id}``: somebody whom one knows."""

from bs4 import BeautifulSoup

from tests.pages.test_inbox import paused, start, until
from webapp.messaging.access import accounts_of
from webapp.messaging.accounts import remove
from webapp.messaging.people import identity_called
from webapp.models import Identity
from webapp.networks.events import Presence


def known(house, user, address):
    """The id of somebody, as the first account of the user knows them."""
    account = house.database.read(accounts_of, user.id)[0]
    return until(lambda: house.database.read(identity_called, account.id, address)).id


def rows_on(page):
    return [link.find(class_="conversation-row__name").get_text() for link in page.select("a.conversation-row")]


def test_the_list_of_people_leads_to_each_of_them(browser, alice, bob, house):
    hers = browser(alice)
    link = until(lambda: hers.page("/people").find("a", string="Bob"))
    page = hers.page(link["href"])
    assert page.h1.get_text() == "Bob"
    assert "House" in page.find(class_="page__lead").get_text()


def test_writing_from_there_starts_the_conversation_and_later_opens_it(browser, alice, bob, house):
    hers = browser(alice)
    path = f"/people/{known(house, alice, 'Bob')}"
    until(lambda: rows_on(hers.page(path)) == ["Family"])
    conversation = start(house, hers, alice, "Bob")
    until(lambda: sorted(rows_on(hers.page(path))) == ["Bob", "Family"])
    form = hers.page(path).find("form", action="/conversations/new")
    fields = {name: form.find("input", {"name": name})["value"] for name in ("account", "address")}
    assert hers.submit("/conversations/new", fields).headers["location"] == f"/conversations/{conversation}"


def test_only_what_both_are_in_stands_there(browser, alice, bob, carol, house):
    hers = browser(alice)
    start(house, hers, alice, "Carol")
    path = f"/people/{known(house, alice, 'Bob')}"
    until(lambda: "Family" in rows_on(hers.page(path)))
    assert rows_on(hers.page(path)) == ["Family"]


def test_a_contact_out_there_has_address_presence_and_words(browser, alice, house):
    house.database.write(paused, house, alice.id)
    toy = house.database.read(accounts_of, alice.id)[1]

    def appear(db):
        someone = Identity(account_id=toy.id, address="kite@toy", name="Kite <b>", contact=True, mutual=True)
        someone.presence, someone.status = Presence.AWAY, "On the beach"
        db.add(someone)
        db.flush()
        return someone.id

    there = f"/people/{house.database.write(appear)}"
    lead = browser(alice).page(there).find(class_="page__lead").get_text()
    for words in ("kite@toy", "Away", "On the beach"):
        assert words in lead
    assert browser(alice).page(there).h1.get_text() == "Kite <b>"
    house.database.write(remove, alice.id, toy.id, keep_history=True)
    assert browser(alice).get(there).status_code == 404


def test_somebody_elses_people_are_not_there(browser, alice, bob, house):
    path = f"/people/{known(house, alice, 'Bob')}"
    answer = browser(bob).get(path)
    assert answer.status_code == 404
    assert BeautifulSoup(answer.text, "html.parser").find(role="alert")
    assert browser(alice).get("/people/0").status_code == 404
