"""The program, and the line that leads to it."""

from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from sqlmodel import Session

from tests.journeys.people import PASSWORD
from tests.line import WEBSOCKETS, Line
from tests.program import Program
from webapp.hub import Hub
from webapp.messaging.audit import COMMAND_LINE
from webapp.messaging.users import add_user
from webapp.models import Role
from webapp.opening import open_database
from webapp.passwords import hash_password
from webapp.settings import Settings
from webapp.vault import Vault

T = TypeVar("T")


class Stage:
    """Browsers use ``line.url``; ``program`` is the process behind it. Only the websockets of the line are cut."""

    def __init__(self, folder: Path) -> None:
        self.line = Line(cuts=WEBSOCKETS).open()
        self.program = Program(folder, HAUSBOTE_PUBLIC_URL=self.line.url)
        self.line.target = self.program.port

    def settle(self, name: str, role: Role) -> None:
        """Somebody moves in, before the program starts."""
        self.write(lambda db, vault: add_user(db, vault, name, hash_password(PASSWORD), role, COMMAND_LINE))

    def write(self, verb: Callable[[Session, Vault], T]) -> T:
        """Change the rows before the program starts, or beside it."""
        settings = Settings(_env_file=None, data_dir=self.program.data_dir, key_file=self.program.key_file)
        database, vault = open_database(settings, Hub())
        try:
            return database.write(verb, vault)
        finally:
            database.close()

    def close(self) -> None:
        self.program.kill()
        self.line.close()
