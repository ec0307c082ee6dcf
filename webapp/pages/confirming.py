"""The password, asked for again of somebody who is signed in (A1, A11).

What changes the house needs a password that was typed in the last five minutes. Where that is longer ago, the form that
was sent comes back with everything in it and one question more, and goes to the same address once more: nothing typed
is lost, nothing is kept meanwhile, and there is nowhere else to be led to.
"""

from dataclasses import dataclass, field

from fastapi import HTTPException, Request
from sqlmodel import Session
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from webapp.languages import N_, Sentence
from webapp.messaging.audit import Actor, coarse_place, note
from webapp.messaging.sign_ins import confirm, is_fresh
from webapp.messaging.throttle import Attempt, admit, attempt, clear
from webapp.models import SignIn, User
from webapp.models.columns import now
from webapp.networks.login import WrongInput
from webapp.pages.house import house_of
from webapp.pages.middleware.same_site import FIELD
from webapp.pages.rendering import page
from webapp.passwords import is_password

TYPED = "confirm_password"
TRY_AGAIN = N_("Too many attempts. Wait %(count)s seconds, then try again.")
NOT_YOURS = N_("That is not your password. Nothing was changed.")


@dataclass
class ConfirmationNeeded(Exception):
    """The password comes first. ``fields`` are those of the form that was sent, ``wrong`` what was wrong so far."""

    fields: list[tuple[str, str]] = field(default_factory=list)
    wrong: Sentence | None = None


async def ask_unless_fresh(request: Request) -> None:
    """Raises ConfirmationNeeded unless the password was typed lately, or stands in the form that was sent."""
    if is_fresh(request.state.sign_in, now()):
        return
    sent = [(name, value) for name, value in (await request.form()).multi_items() if isinstance(value, str)]
    fields = [(name, value) for name, value in sent if name not in {FIELD, TYPED}]
    typed = dict(sent).get(TYPED)
    if typed is None:
        raise ConfirmationNeeded(fields)
    try:
        await run_in_threadpool(check_password, request, typed)
    except WrongInput as wrong:
        raise ConfirmationNeeded(fields, wrong.reason) from None


def check_password(request: Request, typed: str, at_field: str = TYPED) -> None:
    """Make this sign-in fresh. Raises WrongInput at the field. Guessing is as slow here as at the door (A7)."""
    house, user, sign_in = house_of(request), request.state.user, request.state.sign_in
    tried = attempt(house.vault.derive("throttle"), user.name_key, request.state.address, f"sign-in {sign_in.id}")
    actor = Actor(user.id, sign_in.id, coarse_place(request.state.address))
    wait = house.database.write(admit, tried)
    if wait:
        raise WrongInput(Sentence(TRY_AGAIN, {"count": wait}), at_field)
    if not is_password(typed, user.password_hash):
        house.database.write(note, "confirm_failed", actor, about=user.id)
        raise WrongInput(Sentence(NOT_YOURS), at_field)
    request.state.new_secret = house.database.write(_confirm, tried, actor, user, sign_in)
    if not request.state.new_secret:
        raise HTTPException(401)


def ask_again(request: Request, needed: ConfirmationNeeded) -> Response:
    """The page with the question."""
    return page(request, "confirm/page.html", 403, fields=needed.fields, wrong=needed.wrong)


def _confirm(db: Session, tried: Attempt, actor: Actor, user: User, sign_in: SignIn) -> str:
    clear(db, tried)
    note(db, "confirmed", actor, about=user.id)
    return confirm(db, sign_in.id)
