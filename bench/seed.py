"""Filling a house with many conversations and messages, quickly: rows are written straight into the tables."""

import sqlite3
from collections.abc import Iterator
from pathlib import Path

BASE = 1_760_000_000_000_000
WORDS = "The ferry leaves at seven, bring the blue tin and the dog; I will fetch the others at the station."


def fill(database: Path, user_id: int, account_id: int, conversations: int, messages: int) -> list[int]:
    """Give the account so many conversations with so many messages in all; returns the ids of the conversations."""
    db = sqlite3.connect(database)
    db.execute("PRAGMA synchronous=OFF")
    each = messages // conversations
    first = (db.execute("SELECT max(id) FROM conversation").fetchone()[0] or 0) + 1
    db.executemany(
        "INSERT INTO conversation (id, user_id, account_id, remote_id, kind, state, name, topic, listed, pinned, muted,"
        " last_activity, preview, preview_is_sentence, preview_sender, preview_own, unread, mentions, failed,"
        " read_up_to, next_position, first_position, draft, invited_by, more_history)"
        " VALUES (?, ?, ?, ?, 'direct', 'joined', ?, '', 1, 0, 0, ?, ?, 0, '', 0, ?, 0, 0, ?, ?, 0, '', '', 0)",
        (_conversation(first + n, n, user_id, account_id, each) for n in range(conversations)),
    )
    db.executemany(
        "INSERT INTO message (conversation_id, position, remote_id, own, body, is_sentence, quiet, mention, sent_at,"
        " stored_at, sender_name, reason, gap_before, delivery) VALUES (?, ?, ?, ?, ?, 0, 0, 0, ?, ?, ?, '', 0, ?)",
        _messages(first, conversations, each),
    )
    db.commit()
    db.execute("ANALYZE")
    db.commit()
    db.close()
    return list(range(first, first + conversations))


def _conversation(key: int, n: int, user_id: int, account_id: int, each: int) -> tuple[object, ...]:
    unread = 3 if n % 7 == 0 else 0
    name = f"Friend {n:05d}"
    at = BASE + n * 60_000_000
    return (key, user_id, account_id, f"friend{n}@example.org", name, at, WORDS, unread, each - unread, each + 1)


def _messages(first: int, conversations: int, each: int) -> Iterator[tuple[object, ...]]:
    for n in range(conversations):
        for position in range(1, each + 1):
            own = position % 4 == 0
            at = BASE + n * 60_000_000 - (each - position) * 60_000_000
            yield (
                *(first + n, position, f"m{n}-{position}", own, f"{position}: {WORDS}", at, at),
                *("" if own else f"Friend {n:05d}", "sent" if own else None),
            )
