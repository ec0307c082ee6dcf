"""A backup is one file; restoring it gives the same house (R21), without the master key and without any sign-in.

The archive is a tar with a ``manifest.json`` (version, schema, and each file's size and SHA-256), the rows as SQLite
writes them when asked for a consistent copy, and what the networks keep in their folders. Made while the house runs.
"""

import hashlib
import io
import json
import shutil
import sqlite3
import tarfile
import tempfile
import time
from contextlib import closing
from pathlib import Path, PurePosixPath
from typing import IO, Any

from sqlmodel import Session, delete, select

from webapp import __version__
from webapp.database import Database
from webapp.hub import Hub
from webapp.messaging.audit import COMMAND_LINE, note
from webapp.messaging.installation import check_master_key
from webapp.models import SignIn, User
from webapp.networks.contract import RESTORED
from webapp.schema import newest_version
from webapp.settings import Settings
from webapp.unusable import Unusable
from webapp.vault import Vault

ROWS = "hausbote.sqlite"
NETWORKS = "networks"
MANIFEST = "manifest.json"
SQLITE_HEADER = b"SQLite format 3\x00"
BESIDE_SQLITE = ("-wal", "-shm", "-journal")
CHUNK = 1 << 20


class NotRestorable(Unusable):
    """The archive or the place for it is not usable; nothing was changed. The text says why and what to do."""


def back_up(settings: Settings, target: Path) -> int:
    """Write an archive, readable by its owner only; returns its size in bytes. An existing file is never replaced."""
    with tempfile.TemporaryDirectory(dir=settings.data_dir, prefix="backup-") as folder:
        copies = _copies(settings, Path(folder))
        part = target.with_name(target.name + ".part")
        part.touch(mode=0o600, exist_ok=False)
        try:
            _write_archive(part, copies)
            target.hardlink_to(part)  # fails if there is such a file, unlike a rename
        finally:
            part.unlink()
    return target.stat().st_size


def _copies(settings: Settings, folder: Path) -> dict[str, Path]:
    """A consistent copy of every file, by its name in the archive. The rows first: a session can catch up, not undo."""
    found = {ROWS: settings.rows_file}
    for path in sorted((settings.data_dir / NETWORKS).rglob("*")):
        if path.is_file() and not path.is_symlink() and not path.name.endswith(BESIDE_SQLITE):
            found[path.relative_to(settings.data_dir).as_posix()] = path
    copies = {}
    for name, path in found.items():
        copies[name] = folder / hashlib.sha256(name.encode()).hexdigest()
        _copy(path, copies[name])
    return copies


def _copy(source: Path, target: Path) -> None:
    with source.open("rb") as file:
        is_sqlite = file.read(len(SQLITE_HEADER)) == SQLITE_HEADER
    if not is_sqlite:
        shutil.copyfile(source, target)
        return
    with closing(sqlite3.connect(f"file:{source}?mode=ro", uri=True, timeout=30)) as rows:
        rows.execute("VACUUM INTO ?", (str(target),))


def _write_archive(path: Path, copies: dict[str, Path]) -> None:
    files = {name: {"size": copy.stat().st_size, "sha256": _digest(copy)} for name, copy in copies.items()}
    manifest = {"hausbote": __version__, "schema": newest_version(), "made_at": int(time.time()), "files": files}
    with tarfile.open(path, "w:gz", compresslevel=6) as archive:
        text = json.dumps(manifest, indent=1).encode()
        head = tarfile.TarInfo(MANIFEST)
        head.size = len(text)
        archive.addfile(head, io.BytesIO(text))
        for name, copy in copies.items():
            entry = tarfile.TarInfo(name)
            entry.size, entry.mode = copy.stat().st_size, 0o600
            with copy.open("rb") as file:
                archive.addfile(entry, file)


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def restore(settings: Settings, source: Path) -> int:
    """Bring an archive back into an empty data folder; returns how many files. Raises NotRestorable or WrongKey."""
    place = settings.data_dir.absolute()
    _must_be_free(place, settings.rows_file)
    vault = Vault.open(settings.key_file)
    place.parent.mkdir(parents=True, exist_ok=True)
    folder = Path(tempfile.mkdtemp(dir=place.parent, prefix="restore-"))
    try:
        count = _unpack(source, folder)
        _make_ready(folder / ROWS, vault)
        _mark_accounts(folder / NETWORKS)
        _put_in_place(folder, place, settings.rows_file)
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise
    return count


def _must_be_free(place: Path, rows: Path) -> None:
    """Nothing is restored over what is there. Raises NotRestorable."""
    if place.exists() and any(place.iterdir()):
        raise NotRestorable(
            f"The data folder {place} is not empty. Nothing was changed. "
            "Move it away, or set HAUSBOTE_DATA_DIR to an empty folder, and restore again."
        )
    there = [path for path in _with_companions(rows) if path.exists()]
    if there:
        raise NotRestorable(
            f"There is {there[0]} already. Nothing was changed. "
            "Move it away, or set HAUSBOTE_DATABASE_URL to a file that does not exist, and restore again."
        )


def _with_companions(rows: Path) -> list[Path]:
    return [rows.with_name(rows.name + end) for end in ("", *BESIDE_SQLITE)]


def _put_in_place(folder: Path, place: Path, rows: Path) -> None:
    """The folder becomes the data folder, with the rows where the settings want them. All of it or nothing."""
    inside = rows.is_relative_to(place)
    target = folder / rows.relative_to(place) if inside else rows
    target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    try:
        shutil.move(folder / ROWS, target)  # perhaps to another disk
        if place.exists():
            place.rmdir()
        folder.rename(place)
    except BaseException:
        target.unlink(missing_ok=True)
        raise


def _unpack(source: Path, folder: Path) -> int:
    """Every file that the manifest names, with the content that it names; anything else is refused (S29)."""
    try:
        with tarfile.open(source, "r:gz") as archive:
            files = _manifest(archive)
            for entry in archive:
                _unpack_one(archive, entry, files, folder)
    except (tarfile.TarError, OSError, EOFError, KeyError, TypeError, ValueError) as error:
        raise NotRestorable(f"{source} is no whole backup of Hausbote ({type(error).__name__}).") from None
    missing = [name for name in files if not (folder / name).is_file()]
    if missing or ROWS not in files:
        raise NotRestorable(f"{source} is not whole: {len(missing) or 1} files are missing.")
    return len(files)


def _manifest(archive: tarfile.TarFile) -> dict[str, Any]:
    first = archive.next()
    content = archive.extractfile(first) if first and first.name == MANIFEST and first.isreg() else None
    if content is None:
        raise ValueError("no manifest")
    files: dict[str, Any] = json.loads(content.read(64 * CHUNK))["files"]
    if not all(_is_safe(name) for name in files):
        raise ValueError("a name that leads elsewhere")
    return files


def _is_safe(name: str) -> bool:
    """Whether a name stays below the data folder and is one of ours."""
    path = PurePosixPath(name)
    plain = not path.is_absolute() and ".." not in path.parts and "\\" not in name and path.as_posix() == name
    return plain and (name == ROWS or path.parts[0] == NETWORKS)


def _unpack_one(archive: tarfile.TarFile, entry: tarfile.TarInfo, files: dict[str, Any], folder: Path) -> None:
    if entry.name == MANIFEST:
        return
    if not entry.isreg() or entry.name not in files or entry.size != files[entry.name]["size"]:
        raise ValueError("a file that the manifest does not name")
    content = archive.extractfile(entry)
    if content is None:
        raise ValueError("no content")
    target = folder / entry.name
    target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    if _save(content, target) != files[entry.name]["sha256"]:
        raise ValueError("changed content")


def _save(content: IO[bytes], target: Path) -> str:
    digest = hashlib.sha256()
    with target.open("xb") as file:
        target.chmod(0o600)
        while block := content.read(CHUNK):
            digest.update(block)
            file.write(block)
    return digest.hexdigest()


def _make_ready(rows: Path, vault: Vault) -> None:
    """The rows must be sealed with our key; who was signed in when the backup was made is not any more (A11)."""
    database = Database(f"sqlite:///{rows}", Hub())
    try:
        database.read(check_master_key, vault)
        database.write(_revoke_all)
    finally:
        database.close()


def _mark_accounts(networks: Path) -> None:
    """Sessions are told that their folders are older than what their networks know of them."""
    for folder in networks.glob("*/*"):
        if folder.is_dir() and folder.name.isdecimal():
            (folder / RESTORED).touch(mode=0o600)


def _revoke_all(db: Session) -> None:
    db.exec(delete(SignIn))
    for user in db.exec(select(User)):
        user.token_epoch += 1
    note(db, "restored", COMMAND_LINE)
