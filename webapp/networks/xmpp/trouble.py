"""What can go wrong between us and a server, each with the words that a person reads about it."""

import ssl
from enum import StrEnum

from webapp.languages import N_, Sentence
from webapp.networks.errors import SignedOut, Trouble, Unreachable


class Problem(StrEnum):
    """The kinds of failure that a sign-in tells apart."""

    NOT_FOUND = "not found"
    PRIVATE = "private"
    REFUSED = "refused"
    SILENT = "silent"
    LOST = "lost"
    NO_ENCRYPTION = "no encryption"
    EXPIRED = "expired"
    OTHER_NAME = "other name"
    UNKNOWN_AUTHORITY = "unknown authority"
    BAD_CERTIFICATE = "bad certificate"
    BAD_TLS = "bad tls"
    WRONG_PASSWORD = "wrong password"  # noqa: S105 (a kind of failure)
    DISABLED = "disabled"
    NO_MECHANISM = "no mechanism"
    DOWNGRADE = "downgrade"
    REPLACED = "replaced"
    BAD_XML = "bad xml"
    BUSY = "busy"


WORDS = {
    Problem.NOT_FOUND: N_("No server was found for %(host)s. Check the part of the address after the @."),
    Problem.PRIVATE: N_(
        "%(host)s is inside a private network. An administrator can allow it with HAUSBOTE_PRIVATE_SERVERS."
    ),
    Problem.REFUSED: N_("%(host)s does not accept a connection at the moment. Nothing is lost."),
    Problem.SILENT: N_("%(host)s did not answer in time. Nothing is lost."),
    Problem.LOST: N_("The connection to %(host)s was lost. Nothing is lost of what was written."),
    Problem.NO_ENCRYPTION: N_("%(host)s offers no encryption. The password was not sent."),
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
    Problem.BAD_CERTIFICATE: N_("The certificate of %(host)s is not valid. The password was not sent."),
    Problem.BAD_TLS: N_("No safe connection to %(host)s could be made. The password was not sent."),
    Problem.WRONG_PASSWORD: N_("%(host)s does not accept this address with this password."),
    Problem.DISABLED: N_("%(host)s says that this account is disabled."),
    Problem.NO_MECHANISM: N_("%(host)s offers no way to sign in that we know. The password was not sent."),
    Problem.DOWNGRADE: N_(
        "%(host)s now asks for the password itself although it knew a safer way before. It was not sent. "
        "If the server was really changed, sign in again."
    ),
    Problem.REPLACED: N_("The server ended this connection because the same account connected from another place."),
    Problem.BAD_XML: N_("%(host)s sent something that is not allowed, so the connection was closed."),
    Problem.BUSY: N_("%(host)s cannot let us in at the moment. Nothing is lost."),
}

ASK_THE_PERSON = {Problem.WRONG_PASSWORD, Problem.DISABLED, Problem.NO_MECHANISM, Problem.DOWNGRADE}
"""Only the person can help; trying again would not."""

OTHER_SERVER_MAY_HELP = {Problem.NOT_FOUND, Problem.REFUSED, Problem.SILENT, Problem.LOST, Problem.PRIVATE}
"""Worth trying the next address of the same host."""


class ConnectFailed(Exception):
    """No usable connection to ``host``, and why."""

    def __init__(self, problem: Problem, host: str) -> None:
        super().__init__(problem.value)
        self.problem = problem
        self.host = host

    @property
    def reason(self) -> Sentence:
        return Sentence(WORDS[self.problem], {"host": self.host})

    def trouble(self) -> Trouble:
        """The same in the words of the contract."""
        return (SignedOut if self.problem in ASK_THE_PERSON else Unreachable)(self.reason)


# OpenSSL's X509_V_ERR_* numbers (x509_vfy.h), folded to what a person can do something about.
_VERIFY = {
    **dict.fromkeys((9, 10), Problem.EXPIRED),
    **dict.fromkeys((62, 64), Problem.OTHER_NAME),
    **dict.fromkeys((2, 18, 19, 20, 21, 27), Problem.UNKNOWN_AUTHORITY),
}


def problem_of(error: object) -> Problem:
    """What an exception of the connection attempt means."""
    if isinstance(error, ssl.SSLCertVerificationError):
        return _VERIFY.get(error.verify_code, Problem.BAD_CERTIFICATE)
    if isinstance(error, ssl.SSLError):
        return Problem.BAD_TLS
    if isinstance(error, TimeoutError):
        return Problem.SILENT
    return Problem.REFUSED
