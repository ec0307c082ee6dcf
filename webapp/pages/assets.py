"""``/static/…``: files that never change under their name."""

from fastapi import APIRouter, Request
from starlette.exceptions import HTTPException
from starlette.responses import Response

from webapp.assets import by_name

router = APIRouter()

FOR_EVER = "public, max-age=31536000, immutable"


@router.get("/static/{name:path}", include_in_schema=False)
def asset(name: str, request: Request) -> Response:
    """One file, compressed when the browser can read that (RFC 9110 section 12.5.3)."""
    found = by_name().get(name)
    if found is None:
        raise HTTPException(404)
    headers = {"Cache-Control": FOR_EVER, "Vary": "Accept-Encoding", "X-Content-Type-Options": "nosniff"}
    if found.packed and "gzip" in request.headers.get("accept-encoding", ""):
        return Response(found.packed, media_type=found.kind, headers=headers | {"Content-Encoding": "gzip"})
    return Response(found.body, media_type=found.kind, headers=headers)
