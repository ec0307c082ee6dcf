"""The cookies of the house.

The prefix ``__Host-`` binds a cookie to this host and to https; browsers count http://localhost as safe. Where the
public address is plain http elsewhere they would refuse it: then the name is plain, and administrators are warned (A1).
"""

import hashlib
import hmac
import secrets
from urllib.parse import urlsplit

from starlette.responses import Response

from webapp.messaging.sign_ins import ABSOLUTE
from webapp.origins import LOOPBACK_NAMES
from webapp.settings import Settings

KNOWN_SECONDS = 365 * 24 * 3600


def is_protected(settings: Settings) -> bool:
    """Whether browsers send our cookies over a line that nobody else can read."""
    return settings.is_https or urlsplit(settings.public_url).hostname in LOOPBACK_NAMES


def cookie_name(settings: Settings, name: str) -> str:
    """``__Host-sid`` where browsers accept that, else ``sid``."""
    return f"__Host-{name}" if is_protected(settings) else name


def set_cookie(settings: Settings, response: Response, name: str, value: str, max_age: int | None = None) -> None:
    """Give the browser a cookie that no script can read and no other site can send along."""
    response.set_cookie(
        cookie_name(settings, name),
        value,
        max_age=max_age,
        path="/",
        secure=is_protected(settings),
        httponly=True,
        samesite="lax",
    )


def drop_cookie(settings: Settings, response: Response, name: str) -> None:
    """Take a cookie away."""
    response.delete_cookie(
        cookie_name(settings, name), path="/", secure=is_protected(settings), httponly=True, samesite="lax"
    )


def set_sign_in(settings: Settings, response: Response, secret: str) -> None:
    """The browser is signed in from now on."""
    set_cookie(settings, response, "sid", secret, int(ABSOLUTE.total_seconds()))


def known_browser_value(key: bytes, user_id: int) -> str:
    """What tells later that this user signed in with this browser before; it opens nothing (A7)."""
    random = secrets.token_urlsafe(16)
    return f"{random}.{_mark(key, user_id, random)}"


def known_browser(key: bytes, user_id: int, value: str) -> str:
    """What names this browser, if this user signed in with it before; else nothing."""
    random, _, mark = value.partition(".")
    return random if random and hmac.compare_digest(mark.encode(), _mark(key, user_id, random).encode()) else ""


def _mark(key: bytes, user_id: int, random: str) -> str:
    return hmac.new(key, f"{user_id}:{random}".encode(), hashlib.sha256).hexdigest()
