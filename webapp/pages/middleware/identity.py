"""Who is asking: the sign-in behind the cookie, for pages and for websockets alike.

Sets ``state.sign_in`` and ``state.user`` (None: nobody), ``state.csrf_token`` and ``state.address``. A browser that is
not signed in gets a ``visit`` cookie, so that the forms at the door carry a token as well. Where a page sets
``state.new_secret``, the browser holds that one from now on.
"""

import hashlib
import hmac
import secrets

from starlette.datastructures import MutableHeaders
from starlette.requests import HTTPConnection
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from webapp.messaging.sign_ins import find_sign_in, is_use_worth_noting, note_use
from webapp.models import SignIn, User
from webapp.models.columns import now
from webapp.pages.cookies import cookie_name, set_cookie, set_sign_in
from webapp.pages.house import House, house_of

FOR_EVERYBODY = ("/static/", "/health", "/metrics")
LONGEST_COOKIE = 200


def csrf_token_for(house: House, bound_to: str) -> str:
    """The token that forms carry, bound to one sign-in or one visit (S11)."""
    return hmac.new(house.vault.derive("csrf"), bound_to.encode(), hashlib.sha256).hexdigest()


def csrf_token_of(house: House, sign_in: SignIn) -> str:
    """The token of one sign-in. It outlives another secret: other tabs of the same browser go on."""
    return csrf_token_for(house, f"sign-in:{sign_in.id}:{sign_in.created_at}")


class Identity:
    """Looks the sign-in up, once a request. What is for everybody alike needs nobody."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan" or scope["path"].startswith(FOR_EVERYBODY):
            await self.app(scope, receive, send)
            return
        connection = HTTPConnection(scope)
        new_visit = await _identify(connection)
        await self.app(scope, receive, _giving_cookies(connection, new_visit, send))


async def _identify(connection: HTTPConnection) -> str:
    """Fill the state; returns the value of a visit cookie that the browser must get, else nothing."""
    house, state = house_of(connection), connection.state
    state.new_secret, state.address = "", connection.client.host if connection.client else ""
    state.sign_in, state.user = await _find(house, _cookie(house, connection, "sid"))
    visit = _cookie(house, connection, "visit")
    new_visit = "" if state.sign_in or visit else secrets.token_urlsafe(24)
    if state.sign_in:
        state.csrf_token = csrf_token_of(house, state.sign_in)
    else:
        state.csrf_token = csrf_token_for(house, f"visit:{visit or new_visit}")
    return new_visit


async def _find(house: House, secret: str) -> tuple[SignIn | None, User | None]:
    found = await house.database.from_database(find_sign_in, secret) if secret else None
    if found is None:
        return None, None
    if is_use_worth_noting(found[0], now()):
        await house.database.in_database(note_use, found[0].id)
    return found


def _cookie(house: House, connection: HTTPConnection, name: str) -> str:
    value = connection.cookies.get(cookie_name(house.settings, name), "")
    return value if len(value) <= LONGEST_COOKIE else ""


def _giving_cookies(connection: HTTPConnection, new_visit: str, send: Send) -> Send:
    settings, state = house_of(connection).settings, connection.state

    async def send_with_cookies(message: Message) -> None:
        if message["type"] == "http.response.start" and (new_visit or state.new_secret):
            given = Response()
            if new_visit:
                set_cookie(settings, given, "visit", new_visit)
            if state.new_secret:
                set_sign_in(settings, given, state.new_secret)
            for cookie in given.headers.getlist("set-cookie"):
                MutableHeaders(scope=message).append("set-cookie", cookie)
        await send(message)

    return send_with_cookies
