"""The record of what was done to the house: append-only, and chained so that a change to it shows (A12)."""

import hashlib
import json
from dataclasses import dataclass
from ipaddress import ip_address, ip_network

from sqlmodel import Session, col, or_, select

from webapp.languages import N_
from webapp.models import AuditEntry

START = "0" * 64

WORDS = {
    "house_set_up": N_("Set up the house"),
    "user_added": N_("Made a user"),
    "user_disabled": N_("Closed the door for a user"),
    "user_enabled": N_("Opened the door for a user again"),
    "invite_made": N_("Made an invite"),
    "invite_revoked": N_("Took an invite back"),
    "invite_used": N_("Joined with an invite"),
    "signed_in": N_("Signed in"),
    "sign_in_failed": N_("Somebody tried to sign in with a wrong password"),
    "confirmed": N_("Typed the password again, to look after the house"),
    "confirm_failed": N_("Somebody typed a wrong password where it was asked for again"),
    "signed_out": N_("Signed out"),
    "sign_ins_ended": N_("Signed out other devices"),
    "reset_link_made": N_("Made a link to set a new password"),
    "password_reset": N_("Set a new password by link"),
    "password_changed": N_("Changed the password"),
    "network_switched": N_("Changed which networks are offered"),
    "metrics_token_made": N_("Made a key to the figures of the house"),
    "metrics_token_revoked": N_("Took the key to the figures back"),
    "account_added": N_("Added an account on a network"),
    "account_removed": N_("Removed an account on a network"),
    "restored": N_("Brought back the house from a backup"),
}


@dataclass(frozen=True)
class Actor:
    """Who does something: a user in a browser, or the command line (all empty). ``place`` is coarse."""

    user_id: int | None = None
    sign_in_id: int | None = None
    place: str = ""


COMMAND_LINE = Actor(place="command line")


def coarse_place(address: str) -> str:
    """A network, not a machine: /24 of IPv4, /48 of IPv6; empty for this machine and for what is no address."""
    try:
        parsed = ip_address(address)
    except ValueError:
        return ""
    if parsed.is_loopback:
        return ""
    return str(ip_network(f"{parsed}/{24 if parsed.version == 4 else 48}", strict=False))


def note(db: Session, what: str, actor: Actor, about: int | None = None, detail: str = "") -> AuditEntry:
    """Write down that ``actor`` did ``what`` (a key of WORDS) to the user ``about``. Never content, never secrets."""
    entry = AuditEntry(
        what=what,
        actor_id=actor.user_id,
        about_user_id=about,
        sign_in_id=actor.sign_in_id,
        detail=detail,
        place=actor.place,
        chain="",
    )
    last = db.exec(select(AuditEntry.chain).order_by(col(AuditEntry.id).desc()).limit(1)).first()
    entry.chain = _link(last or START, entry)
    db.add(entry)
    db.flush()
    return entry


def first_broken(db: Session) -> int | None:
    """The id of the first entry that is not as it was written (or follows a missing one); None if all are."""
    before = START
    for entry in db.exec(select(AuditEntry).order_by(col(AuditEntry.id))):
        if entry.chain != _link(before, entry):
            return entry.id
        before = entry.chain
    return None


def latest_entries(db: Session, limit: int = 100) -> list[AuditEntry]:
    """The newest entries of the house, newest first."""
    return list(db.exec(select(AuditEntry).order_by(col(AuditEntry.id).desc()).limit(limit)))


def entries_about(db: Session, user_id: int, limit: int = 30) -> list[AuditEntry]:
    """The newest entries that this user did or that concern them, newest first."""
    concerned = or_(col(AuditEntry.about_user_id) == user_id, col(AuditEntry.actor_id) == user_id)
    return list(db.exec(select(AuditEntry).where(concerned).order_by(col(AuditEntry.id).desc()).limit(limit)))


def _link(before: str, entry: AuditEntry) -> str:
    facts = [before, entry.at, entry.actor_id, entry.about_user_id, entry.sign_in_id]
    words = [entry.what, entry.detail, entry.place]
    return hashlib.sha256(json.dumps(facts + words, ensure_ascii=True).encode()).hexdigest()
