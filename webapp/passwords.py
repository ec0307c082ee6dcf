"""Passwords: argon2id (RFC 9106), a length, and not one of those that everybody tries first (A6)."""

import re
import threading
from functools import cache
from itertools import pairwise
from pathlib import Path

from argon2 import PasswordHasher, Type
from argon2.exceptions import InvalidHashError, VerificationError

from webapp.languages import N_, Sentence

SHORTEST, LONGEST = 12, 128
COMMON_FILE = Path(__file__).parent / "common_passwords.txt"
AROUND = "0123456789!?.,;:-_+*#$%&/()=@ "
NOBODY = "$argon2id$v=19$m=65536,t=3,p=1$gFf/NCQenAYvz2Wv1IGAVQ$9nGKztlWgxmdCT//WiE+Z494dUVNA2QW1qek+jMSr9Q"
"""The hash of a long random text that nobody kept."""
LEET = str.maketrans("013457@$!", "oieastasi")

_hasher = PasswordHasher(time_cost=3, memory_cost=64 * 1024, parallelism=1, type=Type.ID)
# Two at a time: 128 MiB and two cores at most, however many people try to come in.
_turn = threading.BoundedSemaphore(2)


class WeakPassword(Exception):
    """A new password that is not good enough; ``reason`` says why and what would be."""

    def __init__(self, reason: Sentence) -> None:
        super().__init__(reason.msgid)
        self.reason = reason


def hash_password(password: str) -> str:
    """The hash that is kept. Judge a new password with ``check_new_password`` first."""
    with _turn:
        return _hasher.hash(password)


def is_password(password: str, kept: str) -> bool:
    """Whether ``kept`` was made of ``password``, exactly as received. Too long is wrong, without any work."""
    if len(password) > LONGEST:
        return False
    with _turn:
        try:
            return _hasher.verify(kept, password)
        except (VerificationError, InvalidHashError):
            return False


def is_outdated(kept: str) -> bool:
    """Whether a hash was made with weaker settings than today's."""
    return _hasher.check_needs_rehash(kept)


def is_nobodys_password(password: str) -> bool:
    """Never true, and takes as long as asking for a user who exists: nobody learns from the time who lives here."""
    is_password(password, NOBODY)
    return False


def check_new_password(password: str, user_name: str = "") -> None:
    """Raises WeakPassword. There are no rules of composition: length is what counts."""
    if len(password) < SHORTEST:
        raise WeakPassword(Sentence(N_("A password needs at least %(count)s characters."), {"count": SHORTEST}))
    if len(password) > LONGEST:
        raise WeakPassword(Sentence(N_("A password may have at most %(count)s characters."), {"count": LONGEST}))
    if _is_common(password) or _is_monotonous(password) or _is_name(password, user_name):
        raise WeakPassword(Sentence(N_("Too many people use this password, so it is tried first. Choose another one.")))


def _is_common(password: str) -> bool:
    """Made of one or two words that everybody takes, with figures or signs around them or in place of letters."""
    plain = password.casefold()
    letters = plain.strip(AROUND).translate(LEET)
    return any(_is_made_of_common(spelling) for spelling in (plain, letters, letters.replace("i", "l")))


def _is_made_of_common(text: str) -> bool:
    joined = re.sub(r"[\W_]", "", text)
    parts = [(joined[:cut].strip(AROUND), joined[cut:].strip(AROUND)) for cut in range(len(joined) + 1)]
    return any({start, end} <= _common() for start, end in parts)


def _is_monotonous(password: str) -> bool:
    """Four different characters at most, or a run as on the keyboard or in the alphabet."""
    steps = {ord(b) - ord(a) for a, b in pairwise(password)}
    return len(set(password)) <= 4 or steps <= {1} or steps <= {-1}


def _is_name(password: str, user_name: str) -> bool:
    """The user's own name, however often and with whatever figures around it."""
    name = user_name.casefold().replace(" ", "")
    rest = password.casefold().replace(" ", "").replace(name, "") if len(name) > 2 else "x"
    return rest.strip(AROUND) == ""


@cache
def _common() -> frozenset[str]:
    """The words of the list, and nothing at all."""
    return frozenset(COMMON_FILE.read_text("utf-8").split()) | {""}
