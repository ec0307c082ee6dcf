"""``/pictures/{id}``: what conversations look like."""

from fastapi import APIRouter, Request
from starlette.responses import Response

from webapp import pictures
from webapp.messaging.pictures import picture_of
from webapp.pages.access import TheUser
from webapp.pages.house import TheHouse
from webapp.pages.ids import Id

router = APIRouter()


@router.get("/pictures/{picture_id}")
def picture(request: Request, house: TheHouse, user: TheUser, picture_id: Id) -> Response:
    """A small picture; an id always means the same one, so a browser may keep it."""
    content = house.database.read(picture_of, user.id, picture_id)
    name = f'"{picture_id}"'
    headers = {"ETag": name, "Cache-Control": "private, max-age=31536000, immutable"}
    if request.headers.get("if-none-match") == name:
        return Response(status_code=304, headers=headers)
    return Response(content, media_type=pictures.KIND, headers=headers)
