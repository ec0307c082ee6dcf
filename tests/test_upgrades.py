"""A house of any older version goes on with all that stands in it."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Column, Engine, Enum, MetaData, Table, text
from sqlmodel import SQLModel

import webapp.models  # noqa: F401 (fills the metadata)
from webapp.database import make_engine
from webapp.schema import migrate, newest_version

pytestmark = pytest.mark.process  # together they take seconds
OLDER = [f"{number:04}" for number in range(1, int(newest_version() or 0))]
OF_THE_HOUSE = {"users", "sign_in", "audit_entry", "invite", "instance_option", "throttle", "used_token"}
NOTHING_YET: dict[str, dict[str, Any]] = {
    "conversation": {
        **dict.fromkeys(["invitation", "left_because", "partner", "bridged", "successor", "seal", "warning"], ""),
        **dict.fromkeys(["former", "picture"], ""),
        **dict.fromkeys(["members", "low", "marked_unread", "is_space"], 0),
        "picture_id": None,
    },
    "message": {"formatted": "", "style": "text", "sealed": 0, "untrusted": ""},
    "identity": {"trust": "unknown", "picture": "", "picture_id": None},
}
Rows = dict[str, list[dict[str, Any]]]


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    made = make_engine(f"sqlite:///{tmp_path / 'house.sqlite'}")
    yield made
    made.dispose()


@pytest.fixture(scope="module", params=OLDER)
def upgraded(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Engine, Rows]]:
    """A house of an older version that was upgraded, and what stood in it before."""
    made = make_engine(f"sqlite:///{tmp_path_factory.mktemp('house') / 'house.sqlite'}")
    before = furnished(made, request.param)
    migrate(made)
    yield made, before
    made.dispose()


def furnished(engine: Engine, version: str, **more: dict[str, Any]) -> Rows:
    """A house of a version with two rows in each of its tables; ``more`` is what stands in all rows of a table."""
    migrate(engine, version)
    rows = {}
    with engine.begin() as connection:
        for table in _tables(engine).sorted_tables:
            rows[table.name] = [_row(table, number) | more.get(table.name, {}) for number in (1, 2)]
            connection.execute(table.insert(), rows[table.name])
    return rows


def _tables(engine: Engine) -> MetaData:
    found = MetaData()
    found.reflect(engine, only=lambda name, _: name != "alembic_version")
    return found


def _row(table: Table, number: int) -> dict[str, Any]:
    return {column.name: _value(column, number) for column in table.columns}


def _value(column: Column[Any], number: int) -> object:
    """Something that the program understands, and that stands nowhere else in this column."""
    meant = SQLModel.metadata.tables[column.table.name].columns[column.name].type
    if isinstance(meant, Enum):
        return meant.enums[number - 1]
    if column.primary_key or column.foreign_keys:
        return number if column.type.python_type is int else f"key {number}"
    made = {bool: number == 2, int: number * 1000, bytes: bytes([number])}
    return made.get(column.type.python_type, f"{column.name} {number}")


def rows_in(engine: Engine, table: str, columns: str) -> list[tuple[Any, ...]]:
    with engine.connect() as connection:
        return [tuple(row) for row in connection.execute(text(f"SELECT {columns} FROM {table} ORDER BY 1"))]


def stored(engine: Engine, table: str, columns: str) -> list[tuple[Any, ...]]:
    with engine.connect() as connection:
        return [tuple(row) for row in connection.execute(text(f"SELECT {columns} FROM {table} ORDER BY 1"))]


def test_whatever_stood_there_stands_there_after_and_the_program_reads_it(upgraded: tuple[Engine, Rows]) -> None:
    engine, before = upgraded
    for table, rows in before.items():
        assert stored(engine, table, ", ".join(rows[0])) == [tuple(row.values()) for row in rows]
    with engine.connect() as connection:
        assert connection.execute(text("PRAGMA foreign_key_check")).all() == []
        for table in SQLModel.metadata.sorted_tables:
            assert len(connection.execute(table.select()).all()) == len(before.get(table.name, []))


def test_of_what_was_not_known_before_nothing_is_known_after(upgraded: tuple[Engine, Rows]) -> None:
    engine, before = upgraded
    for table, rows in before.items():
        for column in SQLModel.metadata.tables[table].columns.keys() - rows[0].keys():
            assert stored(engine, table, f"id, {column}") == [(row, NOTHING_YET[table][column]) for row in (1, 2)]


def test_an_account_that_is_removed_after_takes_along_what_is_its_own_old_or_new(
    upgraded: tuple[Engine, Rows],
) -> None:
    engine, before = upgraded
    with engine.connect() as connection:  # and nothing of it is committed
        for table in _tables(engine).sorted_tables:
            if table.name not in before:
                connection.execute(table.insert(), [_row(table, number) for number in (1, 2)])
        connection.execute(text("DELETE FROM account WHERE id = 1"))
        for table in SQLModel.metadata.tables.keys() - OF_THE_HOUSE:
            left = connection.execute(text(f"SELECT * FROM {table}")).all()
            assert [row[0] for row in left] == [2]


def test_what_was_left_before_there_were_reasons_was_left_without_one(engine: Engine) -> None:
    """But nobody leaves another person: such a conversation was a request that was declined."""
    furnished(engine, "0001", conversation={"state": "left"})
    migrate(engine)
    assert stored(engine, "conversation", "id, kind, state") == [(1, "direct", "declined"), (2, "group", "left")]


def test_what_is_about_no_message_may_wait_to_go_out_after(engine: Engine) -> None:
    furnished(engine, "0006")
    migrate(engine)
    entry = "INSERT INTO outbox (id, account_id, conversation_id, message_id, kind, created_at, attempts) VALUES "
    with engine.begin() as connection:
        connection.execute(text(entry + "(8, 1, 2, NULL, 'arrange', 6, 0), (9, 1, 1, NULL, 'arrange', 6, 0)"))
    assert [row[0] for row in stored(engine, "outbox", "*")] == [1, 2, 8, 9]
