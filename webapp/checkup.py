"""``hausbote check``: what is wrong with this installation, and how to mend it."""

import shutil
import sqlite3
import stat
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from webapp.database import Database
from webapp.hub import Hub
from webapp.messaging.audit import first_broken
from webapp.messaging.installation import check_master_key
from webapp.pages.cookies import is_protected
from webapp.schema import newest_version, schema_version
from webapp.settings import Settings
from webapp.vault import Vault, WrongKey

LITTLE_SPACE = 500_000_000


@dataclass(frozen=True)
class Finding:
    """One thing that was looked at. ``wrong`` empty: it is well; else ``mend`` says what to do."""

    what: str
    wrong: str = ""
    mend: str = ""


def look_over(settings: Settings) -> list[Finding]:
    """Everything, in the order in which it should be mended. Changes nothing."""
    checks: tuple[Callable[[Settings], Iterator[Finding]], ...] = (_folder, _key, _rows, _address)
    return [finding for check in checks for finding in check(settings)]


def _folder(settings: Settings) -> Iterator[Finding]:
    folder = settings.data_dir.absolute()
    if not folder.is_dir():
        yield Finding("data folder", f"{folder} does not exist yet", "Start the house once: hausbote serve")
        return
    mode = stat.S_IMODE(folder.stat().st_mode)
    wrong = f"others on this machine can look into {folder} (mode {mode:o})" if mode & 0o077 else ""
    yield Finding("data folder", wrong, f"chmod 700 {folder}")
    free = shutil.disk_usage(folder).free
    few = f"only {free // 1_000_000} MB are free on the disk" if free < LITTLE_SPACE else ""
    yield Finding("disk", few, "Make room before it is full; what arrives could not be kept.")


def _key(settings: Settings) -> Iterator[Finding]:
    path = settings.key_file.expanduser()
    try:
        Vault.open(path)
    except WrongKey as error:
        yield Finding("master key", str(error), "On the first start the key is made by itself: hausbote serve")
        return
    if path.stat().st_mode & 0o077:
        yield Finding("master key", f"others on this machine can read {path}", f"chmod 400 {path}")
    elif path.resolve().is_relative_to(settings.data_dir.resolve()):
        wrong = f"{path} lies in the data folder, so every backup of the folder can be opened"
        yield Finding("master key", wrong, "Move it and set HAUSBOTE_KEY_FILE.")
    else:
        yield Finding("master key")


def _rows(settings: Settings) -> Iterator[Finding]:
    path = settings.rows_file
    if not path.is_file():
        yield Finding("database", f"{path} does not exist yet", "Start the house once: hausbote serve")
        return
    if not path.is_relative_to(settings.data_dir.absolute()):
        yield _privacy(path)
    damage = _damage(path)
    yield Finding("database", damage, "Stop the house and restore the last backup: hausbote restore FILE")
    if damage:
        return
    database = Database(settings.engine_url, Hub())
    try:
        yield _schema(database)
        yield _fitting_key(settings, database)
        broken = database.read(first_broken)
        wrong = f"entry {broken} of the audit is not as it was written" if broken else ""
        yield Finding("audit", wrong, "Somebody changed the database by hand. Compare with a backup.")
    finally:
        database.close()


def _privacy(path: Path) -> Finding:
    """Outside of the data folder nothing but its own mode keeps others away."""
    wrong = f"others on this machine can read {path}" if path.stat().st_mode & 0o077 else ""
    return Finding("database", wrong, f"chmod 600 {path}*")


def _damage(path: Path) -> str:
    try:
        with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True, timeout=10)) as rows:
            answer = str(rows.execute("PRAGMA quick_check(1)").fetchone()[0])
    except sqlite3.DatabaseError as error:
        answer = str(error)
    return "" if answer == "ok" else f"the database is damaged: {answer}"


def _schema(database: Database) -> Finding:
    found, newest = schema_version(database.engine), newest_version()
    wrong = f"the tables are of version {found}, this program wants {newest}" if found != newest else ""
    return Finding("tables", wrong, "hausbote migrate")


def _fitting_key(settings: Settings, database: Database) -> Finding:
    try:
        database.read(check_master_key, Vault.open(settings.key_file))
    except WrongKey as error:
        return Finding("key and data", str(error), "Find the key that this data was sealed with.")
    return Finding("key and data")


def _address(settings: Settings) -> Iterator[Finding]:
    host = urlsplit(settings.public_url).hostname
    wrong = "" if is_protected(settings) else f"people reach {host} by plain http: others on the line can read along"
    yield Finding("public address", wrong, "Put the house behind https and set HAUSBOTE_PUBLIC_URL.")
