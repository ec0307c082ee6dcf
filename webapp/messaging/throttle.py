"""Slowing down who guesses passwords (A7).

Three counts, each under a keyed hash, never a name or an address: of the user name, of the place (an IPv4 address or an
IPv6 /64), and of the whole house. A browser in which this user signed in before has a count of its own instead of the
user name's, so nobody can lock the owner out by guessing wrongly. An attempt is counted before it is evaluated, so
many at the same moment gain nothing; a good one clears the counts that stand in its own way.
"""

import hashlib
import hmac
from dataclasses import dataclass
from ipaddress import ip_address, ip_network

from sqlmodel import Session, col, delete

from webapp.models import Throttle
from webapp.models.columns import now

SECOND = 1_000_000
FREE_FAILURES = 5
LONGEST_DELAY = 15 * 60
FORGET_AFTER = 24 * 3600
PLACE_LIMIT, PLACE_WINDOW = 30, 600
HOUSE_LIMIT, HOUSE_WINDOW = 200, 60


@dataclass(frozen=True)
class Attempt:
    """Somebody tries to sign in: the keyed hashes of who (or of the known browser), from where, and of the house."""

    who: str
    place: str
    house: str


def attempt(key: bytes, name_key: str, address: str, known_browser: str = "") -> Attempt:
    """An attempt for this name from this address. ``known_browser``: what tells the browser that this user used."""
    who = f"browser:{known_browser}" if known_browser else f"name:{name_key}"
    return Attempt(*(_subject(key, text) for text in (who, f"place:{_place(address)}", "house")))


def admit(db: Session, tried: Attempt, at: int | None = None) -> int:
    """0 if the attempt may be evaluated (and is counted now); else in how many seconds to try again."""
    at = now() if at is None else at
    who = _count(db, tried.who, FORGET_AFTER, at)
    place, house = _count(db, tried.place, PLACE_WINDOW, at), _count(db, tried.house, HOUSE_WINDOW, at)
    wait = max(
        who.blocked_until - at,
        _until_window_ends(place, PLACE_LIMIT, PLACE_WINDOW, at),
        _until_window_ends(house, HOUSE_LIMIT, HOUSE_WINDOW, at),
    )
    if wait > 0:
        return -(-wait // SECOND)
    for row in (who, place, house):
        row.count += 1
    if who.count >= FREE_FAILURES:
        delay = min(2 ** (who.count - FREE_FAILURES + 1), LONGEST_DELAY)
        who.window_started_at, who.blocked_until = at, at + delay * SECOND
    return 0


def clear(db: Session, tried: Attempt) -> None:
    """The attempt was a good one: whoever has the password does not wait."""
    db.exec(delete(Throttle).where(col(Throttle.subject).in_([tried.who, tried.place])))


def forget_old(db: Session, at: int | None = None) -> None:
    """Counts that mean nothing any more."""
    at = now() if at is None else at
    db.exec(delete(Throttle).where(col(Throttle.window_started_at) < at - FORGET_AFTER * SECOND))


def _count(db: Session, subject: str, window: int, at: int) -> Throttle:
    row = db.get(Throttle, subject)
    if row is None:
        row = Throttle(subject=subject, window_started_at=at, blocked_until=0)
        db.add(row)
    elif row.window_started_at + window * SECOND <= at:
        row.count, row.window_started_at, row.blocked_until = 0, at, 0
    return row


def _until_window_ends(row: Throttle, limit: int, window: int, at: int) -> int:
    return row.window_started_at + window * SECOND - at if row.count >= limit else 0


def _subject(key: bytes, text: str) -> str:
    return hmac.new(key, text.encode(), hashlib.sha256).hexdigest()


def _place(address: str) -> str:
    try:
        parsed = ip_address(address)
    except ValueError:
        return "unknown"
    mapped = getattr(parsed, "ipv4_mapped", None)
    if parsed.version == 4 or mapped:
        return str(mapped or parsed)
    return str(ip_network(f"{parsed}/64", strict=False))
