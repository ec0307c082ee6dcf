"""Empty tables, made by the migrations once and then copied: hundreds of tests want them."""

from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

from webapp.database import make_engine
from webapp.schema import migrate


@cache
def _empty() -> bytes:
    with TemporaryDirectory() as folder:
        path = Path(folder) / "empty.sqlite"
        engine = make_engine(f"sqlite:///{path}")
        migrate(engine)
        engine.dispose()
        return path.read_bytes()


def place_tables(path: Path) -> None:
    """Put an empty database of the newest schema there."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(_empty())
