"""Bringing the tables to the state that this version of the program expects."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Engine

from webapp.unusable import Unusable

SCRIPTS = Path(__file__).parent.parent / "alembic"


class NewerSchema(Unusable):
    """The database was written by a newer version of the program; this one would damage it."""


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(SCRIPTS))
    return config


def schema_version(engine: Engine) -> str | None:
    """The number of the newest migration that was applied; None for an empty database."""
    with engine.connect() as connection:
        return MigrationContext.configure(connection).get_current_revision()


def newest_version() -> str | None:
    """The number of the newest migration that this program knows."""
    return ScriptDirectory.from_config(_config()).get_current_head()


def migrate(engine: Engine, to: str = "head") -> None:
    """Apply every migration that is missing, each in a transaction of its own. Raises NewerSchema."""
    known = {script.revision for script in ScriptDirectory.from_config(_config()).walk_revisions()}
    current = schema_version(engine)
    if current is not None and current not in known:
        raise NewerSchema(
            f"The data was written by a newer version of Hausbote (tables {current}); nothing changed. Update first."
        )
    config = _config()
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, to)
