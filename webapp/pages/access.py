"""Who may see a page. A page says what it needs by the type of a parameter.

What is asked for here only looks at the request, so it is ``async``: anything else would be sent through a thread.
"""

from typing import Annotated
from urllib.parse import quote

from fastapi import Depends, HTTPException, Request

from webapp.messaging.audit import Actor, coarse_place
from webapp.models import Role, SignIn, User
from webapp.pages.confirming import ask_unless_fresh
from webapp.pages.middleware.same_site import READING


class SignInNeeded(Exception):
    """Nobody is signed in; ``where`` is the path to come back to."""

    def __init__(self, where: str) -> None:
        super().__init__(where)
        self.where = where


def sign_in_address(where: str) -> str:
    """The address of the sign-in that leads back to ``where``."""
    return "/sign-in" if where == "/" else f"/sign-in?next={quote(where)}"


async def _sign_in(request: Request) -> SignIn:
    sign_in: SignIn | None = request.state.sign_in
    if sign_in is None:
        reading = request.method in {"GET", "HEAD"}
        query = f"?{request.url.query}" if request.url.query else ""
        raise SignInNeeded(request.url.path + query if reading else "/")
    return sign_in


async def _user(request: Request, _: Annotated[SignIn, Depends(_sign_in)]) -> User:
    user: User = request.state.user
    return user


async def _unasked_administrator(user: Annotated[User, Depends(_user)]) -> User:
    if user.role is not Role.ADMINISTRATOR:
        raise HTTPException(404)  # what somebody may not see does not exist (S12)
    return user


async def _administrator(request: Request, user: Annotated[User, Depends(_unasked_administrator)]) -> User:
    """Looks after the house. Whatever changes it needs a password that was typed lately, on every address (A11)."""
    if request.method not in READING:
        await ask_unless_fresh(request)
    return user


def actor_of(request: Request) -> Actor:
    """Who is asking, for the audit."""
    sign_in: SignIn | None = request.state.sign_in
    place = coarse_place(request.state.address)
    return Actor(sign_in.user_id, sign_in.id, place) if sign_in else Actor(place=place)


async def _actor(request: Request) -> Actor:
    return actor_of(request)


TheSignIn = Annotated[SignIn, Depends(_sign_in)]
TheUser = Annotated[User, Depends(_user)]
TheAdministrator = Annotated[User, Depends(_administrator)]
TheUnaskedAdministrator = Annotated[User, Depends(_unasked_administrator)]
"""For the few addresses that say themselves when the password is needed."""
TheActor = Annotated[Actor, Depends(_actor)]
