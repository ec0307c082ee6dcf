"""Short single-purpose tokens: the link of an invite, the link that resets a password, the key to the figures. Never a
session (A2).

The only module that knows python-jose, because that library accepts far too much (a missing ``aud``, a string as
``exp``, an unknown ``crit``, an empty key). So the header is checked by us, before the library sees the token, and
the claims once more after it. Whether a token was used before, and whether its user's epoch still holds, only the rows
can tell: ``messaging/spent.py``.
"""

import base64
import binascii
import json
import re
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import Any

from jose import jwt
from jose.exceptions import JOSEError

LONGEST = 4096
LEEWAY_SECONDS = 5
ISSUER = "hausbote"
SHAPE = re.compile(r"[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]{43}")
CLAIMS = {"iss", "aud", "sub", "iat", "nbf", "exp", "jti", "epoch"}


class Purpose(StrEnum):
    """What a token is good for; it is good for nothing else."""

    INVITE = "invite"
    PASSWORD_RESET = "password-reset"  # noqa: S105 (a purpose, no password)
    METRICS = "metrics"

    @property
    def longest_life(self) -> timedelta:
        """No token of this purpose lives longer."""
        lives = {Purpose.INVITE: timedelta(days=7), Purpose.METRICS: timedelta(days=365)}
        return lives.get(self, timedelta(hours=1))


class TokenRefused(Exception):
    """The token is not one of ours, not for this purpose, too old, or was tampered with. People are not told which."""


@dataclass(frozen=True)
class Claims:
    """What a valid token says. ``subject`` is an id, ``epoch`` the user's ``token_epoch`` when it was made."""

    purpose: Purpose
    subject: str
    token_id: str
    epoch: int
    issued_at: int
    expires_at: int


class Tokens:
    """Issues and checks tokens with keys that ``derive`` makes, one for each purpose (HKDF from the master key)."""

    def __init__(self, derive: Callable[[str], bytes], clock: Callable[[], float] = time.time) -> None:
        self._derive = derive
        self._clock = clock

    def issue(self, purpose: Purpose, subject: str, lifetime: timedelta, epoch: int = 0) -> str:
        """A token that is good for its purpose, for ``lifetime`` (whole seconds, at most the purpose's longest)."""
        if not timedelta(0) < lifetime <= purpose.longest_life:
            raise ValueError(f"a token for {purpose} may live for {purpose.longest_life}, not {lifetime}")
        issued = int(self._clock())
        said = {"iss": ISSUER, "aud": purpose.value, "sub": subject, "jti": secrets.token_urlsafe(16), "epoch": epoch}
        claims = said | {"iat": issued, "nbf": issued, "exp": issued + int(lifetime.total_seconds())}
        return str(jwt.encode(claims, self._key(purpose), algorithm="HS256", headers=self._header(purpose)))

    def check(self, purpose: Purpose, token: str) -> Claims:
        """What the token says, if it is ours and for ``purpose``; raises TokenRefused."""
        if len(token) > LONGEST or not SHAPE.fullmatch(token):
            raise TokenRefused("shape")
        head, body, signature = token.split(".")
        if _segment(head) != self._header(purpose):
            raise TokenRefused("header")
        _segment(body)
        _raw(signature)
        return _judged(purpose, self._decoded(purpose, token), self._clock())

    def _decoded(self, purpose: Purpose, token: str) -> dict[str, Any]:
        """The claims behind a good signature. Times are left to ``_judged``, which is stricter and has our clock."""
        options = {f"require_{name}": True for name in ("aud", "iss", "sub", "jti")}
        untimed = {"verify_exp": False, "verify_nbf": False, "verify_iat": False}
        try:
            return jwt.decode(
                token,
                self._key(purpose),
                algorithms=["HS256"],
                audience=purpose.value,
                issuer=ISSUER,
                options=options | untimed,
            )
        except (JOSEError, ValueError, TypeError):
            raise TokenRefused("signature or claims") from None

    def _key(self, purpose: Purpose) -> bytes:
        return self._derive(f"token:{purpose}")

    def _header(self, purpose: Purpose) -> dict[str, Any]:
        key_id = self._derive(f"token key id:{purpose}").hex()[:8]
        return {"alg": "HS256", "typ": f"hausbote+{purpose}", "kid": key_id}


def _segment(text: str) -> dict[str, Any]:
    """A segment as an object; a name said twice is refused."""
    try:
        value = json.loads(_raw(text), object_pairs_hook=_without_repeats)
    except (ValueError, RecursionError):
        raise TokenRefused("encoding") from None
    if not isinstance(value, dict):
        raise TokenRefused("no object")
    return value


def _raw(text: str) -> bytes:
    """The bytes of a segment. One text for the same bytes: bits that mean nothing must not be set."""
    try:
        raw = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    except (ValueError, binascii.Error):
        raise TokenRefused("encoding") from None
    if base64.urlsafe_b64encode(raw).rstrip(b"=").decode() != text:
        raise TokenRefused("encoding")
    return raw


def _without_repeats(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise TokenRefused("a name said twice")
    return found


def _judged(purpose: Purpose, claims: dict[str, Any], now: float) -> Claims:
    """Every claim once more: exactly these, exactly of these types, and a life that holds now."""
    if claims.keys() != CLAIMS or claims["aud"] != purpose.value or claims["iss"] != ISSUER:
        raise TokenRefused("claims")
    if any(type(claims[name]) is not int for name in ("iat", "nbf", "exp", "epoch")):
        raise TokenRefused("a number that is none")
    if any(not isinstance(claims[name], str) or not claims[name] for name in ("sub", "jti")):
        raise TokenRefused("a name that is none")
    if not 0 < claims["exp"] - claims["iat"] <= purpose.longest_life.total_seconds():
        raise TokenRefused("lifetime")
    if not max(claims["iat"], claims["nbf"]) - LEEWAY_SECONDS <= now < claims["exp"] + LEEWAY_SECONDS:
        raise TokenRefused("too early or too late")
    return Claims(purpose, claims["sub"], claims["jti"], claims["epoch"], claims["iat"], claims["exp"])
