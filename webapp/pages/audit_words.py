"""Entries of the audit as people read them."""

from collections.abc import Sequence

from sqlmodel import Session, col, select

from webapp.languages import Sentence
from webapp.messaging.audit import WORDS
from webapp.models import AuditEntry, User


def in_words(db: Session, entries: Sequence[AuditEntry]) -> list[tuple[AuditEntry, Sentence, str, str]]:
    """Each entry with what happened, who did it and whom it concerns (empty: the command line, or nobody)."""
    ids = {user_id for entry in entries for user_id in (entry.actor_id, entry.about_user_id) if user_id is not None}
    names = dict(db.exec(select(User.id, User.name).where(col(User.id).in_(ids))).all())
    return [
        (entry, Sentence(WORDS[entry.what]), _name(names, entry.actor_id), _name(names, entry.about_user_id))
        for entry in entries
    ]


def _name(names: dict[int, str], user_id: int | None) -> str:
    return names.get(user_id, "") if user_id is not None else ""
