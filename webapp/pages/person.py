"""``/people/{id}``: somebody whom one knows, and what one shares with them."""

from fastapi import APIRouter, Request
from starlette.responses import HTMLResponse

from webapp.messaging.people_list import person_of, shared_with
from webapp.pages.access import TheUser
from webapp.pages.house import TheHouse
from webapp.pages.ids import Id
from webapp.pages.rendering import page

router = APIRouter()


@router.get("/people/{identity_id:int}")
def show_person(request: Request, house: TheHouse, user: TheUser, identity_id: Id) -> HTMLResponse:
    """Name, address, network, presence; the conversations and groups that both are in; a way to write."""
    person = house.database.read(person_of, user.id, identity_id)
    rows = house.database.read(shared_with, user.id, person)
    return page(request, "people/person.html", person=person, rows=rows)
