import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.rows import Rows
from webapp.sessions.keeper import Keeper
from webapp.settings import Settings

PATIENCE_SECONDS = 20.0


def until(true: Callable[[], object]) -> None:
    """Wait until something is true; fails when it does not become so."""
    ends = time.monotonic() + PATIENCE_SECONDS
    while not true():
        if time.monotonic() > ends:
            pytest.fail(f"did not become true in {PATIENCE_SECONDS} s")
        time.sleep(0.01)


@pytest.fixture
def rows(tmp_path: Path) -> Iterator[Rows]:
    made = Rows(tmp_path)
    yield made
    made.database.close()


@pytest.fixture
def keeper(rows: Rows, tmp_path: Path) -> Iterator[Keeper]:
    made = Keeper(Settings(data_dir=tmp_path), rows.database, rows.hub, rows.vault)
    made.start()
    yield made
    made.stop()
