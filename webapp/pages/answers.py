"""How a form is answered: with a fragment when a script asked, with a page or the way to one when it did not."""

from fastapi import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from webapp.drawing import draw
from webapp.languages import Sentence
from webapp.models import User
from webapp.pages.rendering import reader_for
from webapp.pages.scenes import inbox_page, view_of

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


def refused(request: Request, user: User, conversation_id: int, reason: Sentence, **typed: str | bool) -> HTMLResponse:
    """It did not work, said where it was asked for: on the page as it is, or, where no script asked, on the page drawn
    anew. ``typed`` goes back into its fields; ``in_details`` says that the form stands among the details."""
    if wants_fragment(request):
        return HTMLResponse(draw("_toast.html", reader_for(request), reason=reason), 422)
    return inbox_page(request, view_of(request, user, conversation_id), 422, refusal=reason, **typed)
