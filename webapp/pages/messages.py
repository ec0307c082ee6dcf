"""Saying something, and what one may do with what could not be said."""

from typing import Annotated

from fastapi import APIRouter, Form, Request
from starlette.responses import HTMLResponse, Response

from webapp.live import fragments
from webapp.messaging.access import message_of
from webapp.messaging.errors import NotPossible
from webapp.messaging.head import head_of
from webapp.messaging.send import delete_unsent, retry, send_text
from webapp.models import User
from webapp.networks.errors import Trouble
from webapp.pages.access import TheUser
from webapp.pages.answers import done, refused, wants_fragment
from webapp.pages.house import House, TheHouse
from webapp.pages.ids import Id
from webapp.pages.scenes import inbox_page, view_of

router = APIRouter()

Text = Annotated[str, Form()]


@router.post("/conversations/{conversation_id:int}/messages")
def send(
    request: Request, house: TheHouse, user: TheUser, conversation_id: Id, body: Text = "", key: Text = ""
) -> Response:
    """Say it. The answer is an empty composer and nothing else: the message itself comes as every other one does."""
    try:
        house.database.write(send_text, user.id, conversation_id, body, key)
    except NotPossible as error:
        return _not_sent(request, house, user, conversation_id, body, key, error)
    if wants_fragment(request):
        return _composer(request, house, user, conversation_id)
    return done(request, f"/conversations/{conversation_id}")


def _not_sent(
    request: Request, house: House, user: User, conversation_id: int, body: str, key: str, error: NotPossible
) -> HTMLResponse:
    """What was typed is still there, and why it did not go out stands above it."""
    said = {"text": body, "key": key, "alert": error.reason}
    if wants_fragment(request):
        return _composer(request, house, user, conversation_id, 422, **said)
    return inbox_page(request, view_of(request, user, conversation_id), 422, **said)


def _composer(
    request: Request, house: House, user: User, conversation_id: int, status_code: int = 200, **said: object
) -> HTMLResponse:
    head = house.database.read(head_of, user.id, conversation_id)
    scene = {"head": head} | fragments.empty_composer() | {"text": ""} | said
    view = view_of(request, user, conversation_id)
    return HTMLResponse(fragments.draw_for(view, "conversations/_foot.html", **scene), status_code)


@router.post("/messages/{message_id:int}/retry")
def send_again(request: Request, house: TheHouse, user: TheUser, message_id: Id) -> Response:
    """Try a message again that failed, or of which nobody knows."""
    _, conversation = house.database.read(message_of, user.id, message_id)
    try:
        house.database.write(retry, user.id, message_id)
    except NotPossible as error:
        return refused(request, user, conversation.id, error.reason)
    return done(request, f"/conversations/{conversation.id}")


@router.post("/messages/{message_id:int}/delete")
def delete(request: Request, house: TheHouse, user: TheUser, message_id: Id) -> Response:
    """Forget a message that did not go out."""
    _, conversation = house.database.read(message_of, user.id, message_id)
    try:
        house.database.write(delete_unsent, user.id, message_id)
    except NotPossible as error:
        return refused(request, user, conversation.id, error.reason)
    return done(request, f"/conversations/{conversation.id}")


@router.post("/messages/{message_id:int}/gap")
def load_gap(request: Request, house: TheHouse, user: TheUser, message_id: Id) -> Response:
    """Ask the network for what is missing before this message."""
    message, conversation = house.database.read(message_of, user.id, message_id)
    try:
        house.keeper.older(user.id, conversation.id, message.id)
    except Trouble as error:
        return refused(request, user, conversation.id, error.reason)
    return done(request, f"/conversations/{conversation.id}")
