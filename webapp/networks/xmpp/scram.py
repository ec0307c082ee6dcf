"""SCRAM (RFC 5802) without holding up everybody else.

The library stretches the password in pure Python: a tenth of a second for 10,000 rounds, during which no page is
served. The same in C takes three milliseconds. A server that asks for absurdly many rounds is refused.
"""

import hashlib

from slixmpp.util.sasl import client
from slixmpp.util.sasl.client import SASLCancelled
from slixmpp.util.sasl.mechanisms import SCRAM

MOST_ROUNDS = 100_000


class QuickScram(SCRAM):  # type: ignore[misc, unused-ignore]  # the library has no complete types
    """SCRAM with the key stretching of the standard library."""

    def Hi(self, text: str | bytes, salt: bytes, iterations: int) -> bytes:  # noqa: N802 (RFC 5802 section 2.2 calls it so)
        if not 1 <= iterations <= MOST_ROUNDS:
            raise SASLCancelled("too many rounds")  # type: ignore[no-untyped-call]  # the library has no types
        return hashlib.pbkdf2_hmac(
            self.hash_name.replace("-", "").lower(),
            text if isinstance(text, bytes) else text.encode(),
            salt,
            iterations,
        )


def use_quick_scram() -> None:
    """Let the library use it for every SCRAM mechanism."""
    for name, mechanism in client.MECHANISMS.items():
        if mechanism is SCRAM:
            client.MECHANISMS[name] = QuickScram


MECHANISMS = {f"SCRAM-SHA-{size}{plus}" for size in ("1", "256", "512") for plus in ("", "-PLUS")}
"""The ones that we use, weakest to strongest as the library ranks them."""
