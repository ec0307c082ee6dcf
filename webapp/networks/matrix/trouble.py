"""What can go wrong between us and a homeserver, each with the words that a person reads about it.

All three are the troubles of the contract, so nobody has to translate them on their way out; inside of the folder one
may look closer.
"""

import ssl
from collections.abc import Mapping
from enum import StrEnum
from typing import Any

from webapp.languages import N_, Sentence
from webapp.networks.errors import Refused, SignedOut, Unreachable
from webapp.networks.matrix.texts import tidy_name


class Problem(StrEnum):
    """The kinds of failure that a sign-in tells apart."""

    NOT_FOUND = "not found"
    PRIVATE = "private"
    UNSAFE = "unsafe"
    REFUSED = "refused"
    SILENT = "silent"
    LOST = "lost"
    EXPIRED = "expired"
    OTHER_NAME = "other name"
    UNKNOWN_AUTHORITY = "unknown authority"
    BAD_TLS = "bad tls"
    NO_HOMESERVER = "no homeserver"
    BAD_NOTICE = "bad notice"
    TOO_OLD = "too old"
    GARBAGE = "garbage"
    TOO_LARGE = "too large"
    BROKEN = "broken"
    BUSY = "busy"
    CLOSED = "closed"


WORDS = {
    Problem.NOT_FOUND: N_("No server was found for %(host)s. Check the name of the homeserver."),
    Problem.PRIVATE: N_(
        "%(host)s is inside a private network. An administrator can allow it with HAUSBOTE_PRIVATE_SERVERS."
    ),
    Problem.UNSAFE: N_("The connection to %(host)s would not be encrypted, so nothing was sent. Use https."),
    Problem.REFUSED: N_("%(host)s does not accept a connection at the moment. Nothing is lost."),
    Problem.SILENT: N_("%(host)s did not answer in time. Nothing is lost."),
    Problem.LOST: N_("The connection to %(host)s was lost. Nothing is lost of what was written."),
    Problem.EXPIRED: N_(
        "The certificate of %(host)s has expired, so the connection would not be safe. The password was not sent. "
        "Whoever runs the server must renew it."
    ),
    Problem.OTHER_NAME: N_(
        "The server shows a certificate for another name than %(host)s. The password was not sent. "
        "Check the address and the server."
    ),
    Problem.UNKNOWN_AUTHORITY: N_(
        "The certificate of %(host)s was signed by an authority that is not known here. The password was not sent. "
        "An administrator can name the authority in HAUSBOTE_EXTRA_CA_FILE."
    ),
    Problem.BAD_TLS: N_("No safe connection to %(host)s could be made. The password was not sent."),
    Problem.NO_HOMESERVER: N_("There is no homeserver at %(host)s. Check its name."),
    Problem.BAD_NOTICE: N_(
        "%(host)s does not say clearly where its homeserver is. Type its address, which starts with https://."
    ),
    Problem.TOO_OLD: N_("The homeserver at %(host)s is too old for this program."),
    Problem.GARBAGE: N_("%(host)s gave an answer that makes no sense. Nothing is lost."),
    Problem.TOO_LARGE: N_("%(host)s gave an answer that is too large. Nothing is lost."),
    Problem.BROKEN: N_("Something is broken at %(host)s at the moment. Nothing is lost."),
    Problem.BUSY: N_("%(host)s asks for some patience. Nothing is lost."),
    Problem.CLOSED: N_("The account is not connected at the moment."),
}


class NotReached(Unreachable):
    """No useful answer from ``host``, and why."""

    def __init__(self, problem: Problem, host: str, retry_after: float | None = None) -> None:
        super().__init__(Sentence(WORDS[problem], {"host": host}), retry_after)
        self.problem = problem
        self.host = host


class Rejected(SignedOut):
    """The homeserver does not know our token any more, or does not let the person in."""

    def __init__(self, errcode: str, host: str, soft: bool = False) -> None:
        """``soft``: the device is still there, only the token is not (specification, "Soft logout")."""
        super().__init__(Sentence(_SIGNED_OUT.get(errcode, _SIGNED_OUT["M_UNKNOWN_TOKEN"]), {"host": host}))
        self.errcode = errcode
        self.soft = soft


class Declined(Refused):
    """The homeserver answered a question with no. ``errcode`` as in the specification, "Standard error response"."""

    def __init__(self, status: int, answer: Mapping[str, Any]) -> None:
        errcode = answer.get("errcode")
        self.status = status
        self.errcode = errcode if isinstance(errcode, str) else ""
        self.answer = answer
        super().__init__(_refusal(self.errcode, answer.get("error")))


_SIGNED_OUT = {
    "M_UNKNOWN_TOKEN": N_("%(host)s has ended this sign-in. Sign in again; nothing is lost."),
    "M_USER_DEACTIVATED": N_("%(host)s says that this account was closed."),
    "M_USER_LOCKED": N_("%(host)s has locked this account for now. Ask whoever runs the server."),
}

_REFUSALS = {
    "M_FORBIDDEN": N_("You may not do this here."),
    "M_GUEST_ACCESS_FORBIDDEN": N_("You may not do this here."),
    "M_NOT_FOUND": N_("There is nothing and nobody at this address."),
    "M_UNKNOWN_DEVICE": N_("There is nothing and nobody at this address."),
    "M_TOO_LARGE": N_("This is too long for the homeserver."),
    "M_ROOM_IN_USE": N_("This name is already taken there."),
    "M_UNSUPPORTED_ROOM_VERSION": N_("The homeserver is too old for this group."),
    "M_INCOMPATIBLE_ROOM_VERSION": N_("The homeserver is too old for this group."),
    "M_RESOURCE_LIMIT_EXCEEDED": N_("The homeserver has reached its limits and does not take anything more now."),
    "M_CONSENT_NOT_GIVEN": N_("The homeserver wants its terms to be accepted first, in another program."),
}
SIGNING_OUT = frozenset(_SIGNED_OUT)
"""Error codes after which only the person can help."""


def _refusal(errcode: str, text: object) -> Sentence:
    """What an error means, in words; the server's own words are added when it has some."""
    said = Sentence(_REFUSALS.get(errcode, N_("The homeserver refused.")))
    told = tidy_name(text, 300) if isinstance(text, str) else ""
    return Sentence(N_("%(said)s (The server says: %(text)s)"), {"said": said, "text": told}) if told else said


# OpenSSL's X509_V_ERR_* numbers (x509_vfy.h), folded to what a person can do something about.
_VERIFY = {
    **dict.fromkeys((9, 10), Problem.EXPIRED),
    **dict.fromkeys((62, 64), Problem.OTHER_NAME),
    **dict.fromkeys((2, 18, 19, 20, 21, 27), Problem.UNKNOWN_AUTHORITY),
}


def tls_problem(error: BaseException) -> Problem:
    """What a failed handshake means."""
    if isinstance(error, ssl.SSLCertVerificationError):
        return _VERIFY.get(error.verify_code, Problem.BAD_TLS)
    return Problem.BAD_TLS
