"""What the commands do. Each answers with what is to be printed, or raises Unusable."""

import sys
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import uvicorn
from fastapi import FastAPI

from webapp import __version__, archive
from webapp.app import create_app
from webapp.archive import NotRestorable
from webapp.checkup import look_over
from webapp.database import Database
from webapp.garbage import set_program_aside
from webapp.hub import Hub
from webapp.languages import translations
from webapp.lock import FolderLock
from webapp.logs import set_up_logs
from webapp.messaging.audit import COMMAND_LINE, first_broken
from webapp.messaging.names import check_name
from webapp.messaging.resets import make_reset_token
from webapp.messaging.users import LastAdministrator, add_user, all_users, disable, has_users, user_named
from webapp.models import Role, User
from webapp.networks.login import WrongInput
from webapp.opening import close_house, open_database, open_house
from webapp.pages.forms import checked_password
from webapp.passwords import hash_password
from webapp.schema import schema_version
from webapp.settings import Settings
from webapp.tokens import Tokens
from webapp.unusable import Unusable
from webapp.vault import Vault

LONGEST_FRAME = 64 * 1024
PING_SECONDS = 20
GRACE_SECONDS = 2
"""For answers that are under way when the house is told to stop; the sessions get eight more."""


def serve(settings: Settings, lock: FolderLock) -> None:
    """Run the house until it is told to stop."""
    set_up_logs(settings.log_level, settings.log_format)
    house = open_house(settings, lock)
    try:
        server = uvicorn.Server(_server_config(create_app(settings, house), settings))
    except BaseException:
        close_house(house)
        raise
    begin = "" if house.database.read(has_users) else f"; open {settings.public_url}/setup to begin"
    print(f"Hausbote {__version__} on {settings.public_url}{begin}", file=sys.stderr)
    set_program_aside()
    server.run()  # the program closes the house, at its end as well as when it cannot start
    if not server.started:
        raise SystemExit(1)


def _server_config(program: FastAPI, settings: Settings) -> uvicorn.Config:
    return uvicorn.Config(
        program,
        host=settings.host,
        port=settings.port,
        loop="uvloop",
        http="httptools",
        ws="websockets-sansio",
        ws_max_size=LONGEST_FRAME,
        ws_ping_interval=PING_SECONDS,
        ws_ping_timeout=PING_SECONDS,
        ws_per_message_deflate=False,
        timeout_graceful_shutdown=GRACE_SECONDS,
        proxy_headers=False,  # ours are in the program, with the trusted proxies of the settings
        server_header=False,
        access_log=False,
        log_config=None,
    )


def migrate(settings: Settings) -> str:
    """Bring the tables up to date."""
    with _rows(settings) as (database, _):
        return f"The tables are of version {schema_version(database.engine)}."


def backup(settings: Settings, file: Path) -> str:
    """Write an archive."""
    _must_be_a_house(settings)
    try:
        size = archive.back_up(settings, file)
    except FileExistsError:
        raise NotRestorable(f"{file} exists already. Choose another name.") from None
    except OSError as error:
        raise NotRestorable(f"{file} cannot be written: {error.strerror}.") from None
    return f"{file}: {size:,} bytes. Whoever has it can read the messages in it; passwords only with the master key."


def restore(settings: Settings, file: Path) -> str:
    """Bring an archive back."""
    if not file.is_file():
        raise NotRestorable(f"There is no file {file}.")
    try:
        count = archive.restore(settings, file)
    except OSError as error:
        where = error.filename or settings.data_dir.absolute()
        raise NotRestorable(f"{where} cannot be written: {error.strerror}.") from None
    return f"The house is back in {settings.data_dir.absolute()}, files: {count}. Everybody signs in anew."


def check(settings: Settings) -> tuple[str, bool]:
    """What is wrong and how to mend it; whether all is well."""
    lines = []
    findings = look_over(settings)
    for finding in findings:
        lines.append(f"{'WRONG' if finding.wrong else 'ok':6}{finding.what}")
        lines += [f"      {finding.wrong}", f"      {finding.mend}"] if finding.wrong else []
    return "\n".join(lines), not any(finding.wrong for finding in findings)


def add(settings: Settings, name: str, password: str, *, admin: bool) -> str:
    """Make a user. Their place in the built-in networks is made when they first sign in."""
    try:
        kept = hash_password(checked_password(password, check_name(name)))
        with _rows(settings) as (database, vault):
            role = Role.ADMINISTRATOR if admin else Role.MEMBER
            made = database.write(add_user, vault, name, kept, role, COMMAND_LINE)
    except WrongInput as wrong:
        raise Unusable(wrong.reason.in_words(translations("en"))) from None
    return f"{made.name} can sign in."


def everybody(settings: Settings) -> list[str]:
    """A line for each user: name, role, and whether they are disabled."""
    with _rows_of_a_house(settings) as (database, _):
        people = database.read(all_users)
    return ["\t".join([one.name, one.role.value, *(["disabled"] if one.disabled_at else [])]) for one in people]


def keep_out(settings: Settings, name: str) -> str:
    """Disable a user."""
    with _rows_of_a_house(settings) as (database, _):
        try:
            database.write(disable, _named(database, name).id, COMMAND_LINE)
        except LastAdministrator:
            raise Unusable("Somebody must look after the house. Make another administrator first.") from None
    return f"{name} cannot sign in any more."


def reset_link(settings: Settings, name: str) -> str:
    """A link with which a user sets a new password."""
    with _rows_of_a_house(settings) as (database, vault):
        person = _named(database, name)
        if person.disabled_at is not None:
            raise Unusable(f"{person.name} is disabled, so the link would not work. Enable them under Admin first.")
        token = database.write(make_reset_token, Tokens(vault.derive), person.id, COMMAND_LINE)
    return f"{settings.public_url}/reset/{token}"


def verify(settings: Settings) -> str:
    """Whether the record is as it was written."""
    with _rows_of_a_house(settings) as (database, _):
        broken = database.read(first_broken)
    if broken is not None:
        raise Unusable(f"Entry {broken} is not as it was written, or one before it is missing.")
    return "The record is as it was written."


def _named(database: Database, name: str) -> User:
    found = database.read(user_named, name)
    if found is None:
        raise Unusable(f"There is nobody called {name}. See: hausbote user list")
    return found


def _rows_of_a_house(settings: Settings) -> AbstractContextManager[tuple[Database, Vault]]:
    """The same where there is a house already: who misspells the folder does not want another one."""
    _must_be_a_house(settings)
    return _rows(settings)


def _must_be_a_house(settings: Settings) -> None:
    if not settings.rows_file.is_file():
        raise Unusable(f"There is no house in {settings.rows_file.parent} yet: {settings.rows_file.name} is missing.")


@contextmanager
def _rows(settings: Settings) -> Iterator[tuple[Database, Vault]]:
    """The rows and the vault, for a moment; a house that runs goes on."""
    set_up_logs("warning", "text")
    database, vault = open_database(settings, Hub())
    try:
        yield database, vault
    finally:
        database.close()
