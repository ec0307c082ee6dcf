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
