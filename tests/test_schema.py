"""The tables that the program expects are those that the migrations make."""

from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import create_engine, text
from sqlmodel import SQLModel

import webapp.models  # noqa: F401 (fills the metadata)
from webapp.database import make_engine
from webapp.schema import NewerSchema, migrate, newest_version, schema_version


@pytest.fixture
def engine(tmp_path: Path):
    made = make_engine(f"sqlite:///{tmp_path / 'house.sqlite'}")
    yield made
    made.dispose()


def test_models_and_migrations_agree(engine):
    migrate(engine)
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, SQLModel.metadata) == []


def test_migrated_tables_are_written_as_the_models_say(engine, tmp_path):
    """Also what a comparison does not see, such as AUTOINCREMENT."""
    migrate(engine)
    fresh = create_engine(f"sqlite:///{tmp_path / 'fresh.sqlite'}")
    SQLModel.metadata.create_all(fresh)
    assert _numbered(engine) == _numbered(fresh) != set()
    fresh.dispose()


def _numbered(engine) -> set[str]:
    query = "SELECT name FROM sqlite_master WHERE type = 'table' AND sql LIKE '%AUTOINCREMENT%'"
    with engine.connect() as connection:
        return set(connection.execute(text(query)).scalars())


def test_a_migration_that_was_done_is_not_done_again(engine):
    migrate(engine)
    migrate(engine)
    assert schema_version(engine) == newest_version()


def test_what_was_said_before_the_reasons_for_leaving_is_still_there_after(engine):
    migrate(engine, "0001")
    with engine.begin() as connection:
        for statement in _A_HOUSE_OF_VERSION_1.split(";"):
            connection.execute(text(statement))
    migrate(engine)
    with engine.connect() as connection:
        assert connection.execute(text("SELECT body FROM message")).scalars().all() == ["Hello", "All here?"]
        states = "SELECT kind, state, invitation, left_because FROM conversation ORDER BY id"
        assert connection.execute(text(states)).all() == [("direct", "declined", "", ""), ("group", "left", "", "")]


def test_what_was_said_before_messages_could_be_more_than_text_is_text_after(engine):
    migrate(engine, "0002")
    with engine.begin() as connection:
        for statement in _A_HOUSE_OF_VERSION_1.replace("'left'", "'joined'").split(";"):
            connection.execute(text(_with_what_0002_added(statement)))
    migrate(engine)
    with engine.connect() as connection:
        messages = "SELECT body, formatted, style, sealed, untrusted FROM message ORDER BY id"
        expected = [("Hello", "", "text", 0, ""), ("All here?", "", "text", 0, "")]
        assert connection.execute(text(messages)).all() == expected
        found = "SELECT remote_id, partner, members, bridged, successor, seal, warning FROM conversation ORDER BY id"
        expected = [("bob", "", 0, "", "", "", ""), ("club", "", 0, "", "", "", "")]
        assert connection.execute(text(found)).all() == expected
        assert connection.execute(text("SELECT trust FROM identity")).all() == [("unknown",)]


def test_what_waited_to_go_out_still_waits_after_and_what_is_about_no_message_may(engine):
    migrate(engine, "0006")
    with engine.begin() as connection:
        for statement in _A_HOUSE_OF_VERSION_1.split(";"):
            connection.execute(text(_with_what_was_added_until_0006(statement)))
        entry = "INSERT INTO outbox (id, account_id, conversation_id, message_id, kind, created_at, attempts) VALUES "
        connection.execute(text(entry + "(7, 1, 1, 1, 'send_text', 5, 2)"))
    migrate(engine)
    with engine.begin() as connection:
        found = "SELECT id, account_id, conversation_id, message_id, kind, created_at, started_at, attempts FROM outbox"
        assert connection.execute(text(found)).all() == [(7, 1, 1, 1, "send_text", 5, None, 2)]
        assert connection.execute(text("SELECT low, marked_unread FROM conversation")).all() == [(0, 0), (0, 0)]
        connection.execute(text(entry + "(8, 1, 2, NULL, 'arrange', 6, 0), (9, 1, 1, NULL, 'arrange', 6, 0)"))
        connection.execute(text("DELETE FROM account"))
        assert connection.execute(text(found)).all() == [], "what belongs to an account goes with it, as before"


def _with_what_was_added_until_0006(statement: str) -> str:
    if "INTO message" in statement:
        given = statement.replace("gap_before)", "gap_before, formatted, style, sealed, untrusted)")
        return given.replace("'', 0)", "'', 0, '', 'text', 0, '')")
    if "INTO conversation" in statement:
        more = "partner, members, bridged, successor, seal, warning"
        given = _with_what_0002_added(statement).replace("left_because)", f"left_because, {more})")
        return given.replace("'', 1, '', '')", "'', 1, '', '', '', 0, '', '', '', '')")
    return statement.replace("status)", "status, trust)").replace("'unknown', '')", "'unknown', '', 'unknown')")


def _with_what_0002_added(statement: str) -> str:
    if "INTO conversation" not in statement:
        return statement
    return statement.replace("more_history)", "more_history, invitation, left_because)").replace(
        "'', 1)", "'', 1, '', '')"
    )


_A_HOUSE_OF_VERSION_1 = """
INSERT INTO users (id, name, name_key, role, password_hash, wrapped_key, token_epoch, language, theme, text_size,
    enter_sends, send_receipts, created_at) VALUES (1, 'a', 'a', 'member', 'x', x'00', 0, '', '', '', 1, 1, 0);
INSERT INTO account (id, user_id, network, address, name, credentials, state, reason, state_since, created_at)
    VALUES (1, 1, 'toy', 'a', '', x'', 'online', '', 0, 0);
INSERT INTO conversation (id, user_id, account_id, remote_id, kind, state, name, topic, listed, pinned, muted,
    last_activity, preview, preview_is_sentence, preview_sender, preview_own, unread, mentions, failed, read_up_to,
    next_position, first_position, draft, invited_by, more_history)
    VALUES (1, 1, 1, 'bob', 'direct', 'left', '', '', 1, 0, 0, 0, '', 0, '', 0, 0, 0, 0, 0, 2, 0, '', '', 1),
           (2, 1, 1, 'club', 'group', 'left', '', '', 1, 0, 0, 0, '', 0, '', 0, 0, 0, 0, 0, 2, 0, '', '', 1);
INSERT INTO identity (id, account_id, address, name, contact, mutual, conversation, presence, status)
    VALUES (1, 1, 'bob', 'Bob', 1, 1, '', 'unknown', '');
INSERT INTO message (conversation_id, position, sender_name, own, body, is_sentence, quiet, mention, sent_at,
    stored_at, reason, gap_before)
    VALUES (1, 1, '', 0, 'Hello', 0, 0, 0, 0, 0, '', 0), (2, 1, '', 0, 'All here?', 0, 0, 0, 0, 0, '', 0)
"""


def test_a_database_of_a_newer_version_is_left_alone(engine):
    migrate(engine)
    with engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(NewerSchema):
        migrate(engine)


def test_a_number_is_never_given_twice(engine):
    migrate(engine)
    with engine.begin() as connection:
        values = "('a', 'a', 'member', 'x', x'00', 0, '', '', '', 1, 1, 0)"
        insert = (
            "INSERT INTO users (name, name_key, role, password_hash, wrapped_key, token_epoch, language, theme, "
            f"text_size, enter_sends, send_receipts, created_at) VALUES {values}"
        )
        connection.execute(text(insert))
        connection.execute(text("DELETE FROM users"))
        connection.execute(text(insert))
        assert connection.execute(text("SELECT id FROM users")).scalar() == 2
