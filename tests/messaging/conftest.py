from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.rows import Rows


@pytest.fixture
def rows(tmp_path: Path) -> Iterator[Rows]:
    """Empty rows."""
    made = Rows(tmp_path)
    yield made
    made.database.close()


@pytest.fixture
def alice(rows: Rows) -> int:
    return rows.person("Alice")


@pytest.fixture
def account(rows: Rows, alice: int) -> int:
    return rows.account(alice)
