"""What a person sees when something does not work: what happened, what is safe, what to do."""

from fastapi import Request
from starlette.responses import HTMLResponse

from webapp.languages import N_, Sentence
from webapp.pages.rendering import page, page_without_rows, reader_for

OTHERWISE = (
    Sentence(N_("That did not work")),
    Sentence(N_("The house could not do this. Nothing was changed. Go back and try again.")),
)
WORDS = {
    401: (Sentence(N_("Please sign in")), Sentence(N_("You are signed out. Sign in and try again."))),
    403: (
        Sentence(N_("That came from an old page")),
        Sentence(N_("Nothing was changed. Go back, load the page again and repeat what you did.")),
    ),
    404: (
        Sentence(N_("There is nothing here")),
        Sentence(N_("The address is wrong, or what was here is gone. Everything else is where it was.")),
    ),
    413: (
        Sentence(N_("That is too much at once")),
        Sentence(N_("The house takes at most one megabyte at a time. Nothing was sent. Go back and shorten it.")),
    ),
    422: (
        Sentence(N_("Something is missing in this form")),
        Sentence(N_("Nothing was changed. Go back, fill in every field and try again.")),
    ),
    500: (
        Sentence(N_("The house made a mistake")),
        Sentence(
            N_("What was saved before is safe. Try again in a moment. If it stays like this, tell your administrator.")
        ),
    ),
}


def error_page(request: Request, status: int) -> HTMLResponse:
    """The page for a status, in the language of whoever asked. For a mistake of ours no row is asked: the rows may be
    what is broken."""
    title, explanation = WORDS.get(status, OTHERWISE)
    reader = reader_for(request)
    words = {"title": reader.words(title), "explanation": reader.words(explanation)}
    return (page_without_rows if status == 500 else page)(request, "errors/page.html", status, **words)
