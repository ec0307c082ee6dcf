"""How a form is answered: with a fragment when a script asked, with a page or the way to one when it did not."""

from fastapi import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from webapp.drawing import draw
from webapp.languages import Sentence
from webapp.pages.rendering import reader_for

SEE_OTHER = 303


def wants_fragment(request: Request) -> bool:
    """Whether the page itself asked, and only wants what changes."""
    return request.headers.get("hx-request") == "true"


def go_to(request: Request, where: str) -> Response:
    """Send the browser to another page."""
    if wants_fragment(request):
        return Response(status_code=204, headers={"HX-Redirect": where})
    return RedirectResponse(where, SEE_OTHER)


def done(request: Request, where: str) -> Response:
    """It worked. A live page hears of it by its socket; another one is drawn anew."""
    return Response(status_code=204) if wants_fragment(request) else RedirectResponse(where, SEE_OTHER)


def toast(request: Request, reason: Sentence) -> HTMLResponse:
    """It did not work, said on the page that asked; nothing on it is lost."""
    return HTMLResponse(draw("_toast.html", reader_for(request), reason=reason), 422)
