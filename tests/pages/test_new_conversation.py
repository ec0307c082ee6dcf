"""New conversations and groups as pages: whom one may name, and how."""

from collections.abc import Callable

import pytest
from bs4 import BeautifulSoup
from sqlmodel import Session, select

from tests.browser import Browser
from tests.pages.test_inbox import until
from webapp.messaging.access import accounts_of
from webapp.messaging.audit import COMMAND_LINE
from webapp.messaging.head import members_of
from webapp.messaging.users import add_user
from webapp.models import Conversation, Role, User
from webapp.pages.house import House
from webapp.pages.new_conversation import _pieces

Browsers = Callable[[User | None], Browser]


@pytest.mark.parametrize(
    ("typed", "pieces"),
    [
        ("", []),
        (" , \n ", []),
        ("Anna Maria", ["Anna Maria"]),
        ("Anna Maria, Bob\r\nCarol ; Dave", ["Anna Maria", "Bob", "Carol", "Dave"]),
        ("anna@a.example bob@b.example", ["anna@a.example", "bob@b.example"]),
        ("anna@a.example, bob@b.example carol@c.example", ["anna@a.example", "bob@b.example", "carol@c.example"]),
        ("anna@a.example Bob", ["anna@a.example Bob"]),
        ("@ @", ["@ @"]),
    ],
)
def test_names_may_have_spaces_and_addresses_may_stand_between_spaces(typed: str, pieces: list[str]) -> None:
    assert _pieces(typed) == pieces


def test_a_group_with_somebody_whose_name_has_a_space(alice: User, bob: User, browser: Browsers, house: House) -> None:
    anna = house.database.write(add_user, house.vault, "Anna Maria", "no password", Role.MEMBER, COMMAND_LINE)
    house.keeper.enrol(anna.id)
    account = until(lambda: _online(house, alice))
    wish = {"account": account, "name": "Choir", "members": "anna maria, Bob"}
    answer = browser(alice).submit("/conversations/new/group", wish)
    assert answer.status_code == 303, BeautifulSoup(answer.text, "html.parser").get_text()
    choir = int(answer.headers["location"].rpartition("/")[2])
    until(lambda: {one.name for one in house.database.read(members_of, choir)} == {"Alice", "Anna Maria", "Bob"})


def test_a_group_of_the_house_is_renamed_where_its_name_stands(alice: User, browser: Browsers, house: House) -> None:
    family = until(lambda: house.database.read(_family, alice.id))
    until(lambda: _online(house, alice))
    hers = browser(alice)
    details = hers.page(f"/conversations/{family}").find(id="details")
    field = details.find("input", {"name": "name"})
    assert field["value"] == "Family"
    assert field.has_attr("required")
    assert details.find("label", {"for": field["id"]}).get_text() == "Name of the group"
    assert details.find("input", {"name": "subject"}) is None
    refused = hers.submit(f"/conversations/{family}/name", {"name": "  "})
    assert refused.status_code == 422
    assert "A group needs a name" in BeautifulSoup(refused.text, "html.parser").find(role="alert").get_text()
    assert hers.submit(f"/conversations/{family}/name", {"name": " The \n Lindners "}).status_code == 303
    until(lambda: hers.page(f"/conversations/{family}").find(id="conversation-title").get_text() == "The Lindners")


def _online(house: House, user: User) -> int | None:
    account = house.database.read(accounts_of, user.id)[0]
    return account.id if account.state == "online" else None


def _family(db: Session, user_id: int) -> int | None:
    query = select(Conversation.id).where(Conversation.user_id == user_id, Conversation.name == "Family")
    return db.exec(query).first()
