"""What forms share: an error that stands at its field, and a new password that is judged."""

from dataclasses import dataclass

from fastapi import Request

from webapp.networks.login import WrongInput
from webapp.pages.rendering import reader_for
from webapp.passwords import WeakPassword, check_new_password


@dataclass(frozen=True)
class Wrong:
    """What is wrong with a form, in the reader's words. ``field`` empty: all of it."""

    field: str
    words: str


def sentence_for(request: Request, wrong: WrongInput) -> str:
    """The reason in the language of whoever asked."""
    return reader_for(request).words(wrong.reason)


def checked_password(password: str, user_name: str) -> str:
    """The password, if it is good enough. Raises WrongInput at the field ``password``."""
    try:
        check_new_password(password, user_name)
    except WeakPassword as weak:
        raise WrongInput(weak.reason, "password") from None
    return password
