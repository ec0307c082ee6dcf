"""A backup gives the same house back, and nothing else gets in on that way."""

import io
import json
import sqlite3
import tarfile

import pytest

from tests.conftest import PASSWORD
from webapp.archive import MANIFEST, ROWS, NotRestorable, back_up, restore
from webapp.messaging.access import accounts_of
from webapp.messaging.accounts import credentials_of
from webapp.messaging.audit import first_broken
from webapp.messaging.sign_ins import sign_ins_of
from webapp.messaging.users import all_users
from webapp.networks.contract import RESTORED
from webapp.opening import close_house, open_house
from webapp.settings import Settings
from webapp.vault import Vault, WrongKey

pytestmark = pytest.mark.process  # together they take seconds


@pytest.fixture
def saved(house, alice, bob, browser, settings, tmp_path):
    """A backup of a house that runs, with people signed in."""
    browser(alice), browser(bob)
    target = tmp_path / "house.tar.gz"
    back_up(settings, target)
    return target


def elsewhere(settings, tmp_path, **changes):
    """The same settings with an empty data folder."""
    same = {"key_file": settings.key_file, "public_url": settings.public_url, "data_dir": tmp_path / "elsewhere"}
    return Settings(_env_file=None, **(same | changes))


def test_a_restored_house_has_everything_but_the_sign_ins(saved, house, settings, tmp_path, alice):
    place = elsewhere(settings, tmp_path)
    assert restore(place, saved) >= 1
    other = open_house(place)
    try:
        assert [user.name for user in other.database.read(all_users)] == ["Alice", "Bob"]
        assert other.database.read(sign_ins_of, alice.id) == []
        assert len(house.database.read(sign_ins_of, alice.id)) == 1
        (account,) = other.database.read(accounts_of, alice.id)
        assert other.database.read(credentials_of, other.vault, account).secrets
        assert other.database.read(first_broken) is None
    finally:
        close_house(other)


def test_accounts_are_told_that_their_folders_came_out_of_a_backup(house, alice, settings, tmp_path):
    networks = settings.data_dir / "networks"
    for name in ("toy/7", "toy/shared", "toy/7/inner"):
        (networks / name).mkdir(parents=True, exist_ok=True)
        (networks / name / "kept").write_text("kept")
    back_up(settings, tmp_path / "marked.tar.gz")
    place = elsewhere(settings, tmp_path)
    restore(place, tmp_path / "marked.tar.gz")
    marks = {mark.parent.relative_to(place.data_dir).as_posix() for mark in place.data_dir.rglob(RESTORED)}
    assert "networks/toy/7" in marks
    assert not {"networks/toy/shared", "networks/toy/7/inner"} & marks
    assert not list(settings.data_dir.rglob(RESTORED))


def test_links_that_were_made_before_the_backup_are_worthless(saved, house, settings, tmp_path, alice):
    place = elsewhere(settings, tmp_path)
    restore(place, saved)
    other = open_house(place)
    try:
        epochs = [user.token_epoch for user in other.database.read(all_users)]
    finally:
        close_house(other)
    assert all(epochs)


def test_a_backup_holds_neither_the_key_nor_a_password(saved, settings):
    key = settings.key_file.read_bytes().strip()
    with tarfile.open(saved) as archive:
        for entry in archive:
            content = archive.extractfile(entry).read()
            assert key not in content
            assert PASSWORD.encode() not in content
    assert saved.stat().st_mode & 0o077 == 0


def test_a_backup_never_replaces_a_file(saved, settings):
    before = saved.read_bytes()
    with pytest.raises(FileExistsError):
        back_up(settings, saved)
    assert saved.read_bytes() == before
    assert not saved.with_name(saved.name + ".part").exists()


def test_the_copy_of_the_rows_is_whole_while_others_write(house, alice, settings, tmp_path):
    house.database.write(lambda db: [db.merge(row) for row in ()])
    back_up(settings, tmp_path / "a.tar.gz")
    with tarfile.open(tmp_path / "a.tar.gz") as archive:
        (tmp_path / "rows").write_bytes(archive.extractfile(ROWS).read())
    with sqlite3.connect(tmp_path / "rows") as rows:
        assert rows.execute("PRAGMA integrity_check").fetchone() == ("ok",)


def test_nothing_is_restored_over_a_house(saved, settings):
    with pytest.raises(NotRestorable, match="not empty"):
        restore(settings, saved)


@pytest.mark.parametrize("name", ["far/away/rows.db", "elsewhere/below/rows.db"])
def test_rows_that_are_kept_elsewhere_are_saved_and_brought_back_there(saved, settings, tmp_path, name):
    """Twice: a house whose rows are elsewhere is saved like any other."""
    place = elsewhere(settings, tmp_path, database_url=f"sqlite:///{tmp_path / name}")
    restore(place, saved)
    back_up(place, tmp_path / "again.tar.gz")
    third = elsewhere(settings, tmp_path, data_dir=tmp_path / "third")
    restore(third, tmp_path / "again.tar.gz")
    for one in (place, third):
        other = open_house(one)
        try:
            assert [user.name for user in other.database.read(all_users)] == ["Alice", "Bob"]
        finally:
            close_house(other)
    assert (tmp_path / name).is_file()
    assert (tmp_path / name).stat().st_mode & 0o077 == 0
    assert not (place.data_dir / ROWS).exists()


@pytest.mark.parametrize("end", ["", "-wal", "-shm", "-journal"])
def test_nothing_is_restored_over_rows_that_are_elsewhere(saved, settings, tmp_path, end):
    rows = tmp_path / "rows.db"
    rows.with_name(rows.name + end).write_bytes(b"somebody's")
    place = elsewhere(settings, tmp_path, database_url=f"sqlite:///{rows}")
    with pytest.raises(NotRestorable, match=r"rows\.db"):
        restore(place, saved)
    assert rows.with_name(rows.name + end).read_bytes() == b"somebody's"
    assert not place.data_dir.exists()


def test_rows_that_cannot_be_put_elsewhere_leave_nothing_behind(saved, settings, tmp_path):
    (tmp_path / "file").touch()
    place = elsewhere(settings, tmp_path, database_url=f"sqlite:///{tmp_path / 'file' / 'rows.db'}")
    with pytest.raises(OSError):
        restore(place, saved)
    assert not place.data_dir.exists()
    assert not list(tmp_path.glob("restore-*"))


def test_a_backup_of_another_key_is_refused(saved, settings, tmp_path):
    place = elsewhere(settings, tmp_path, key_file=tmp_path / "other.key")
    Vault.create(place.key_file)
    with pytest.raises(WrongKey):
        restore(place, saved)
    assert not place.data_dir.exists()
    assert not list(tmp_path.glob("restore-*"))


def forged(path, files, *, names=None, kind=tarfile.REGTYPE, link=""):
    """An archive whose manifest names ``files`` and that holds them under ``names``."""
    import hashlib

    listed = {name: {"size": len(data), "sha256": hashlib.sha256(data).hexdigest()} for name, data in files.items()}
    with tarfile.open(path, "w:gz") as archive:
        for name, data in {MANIFEST: json.dumps({"files": listed}).encode(), **files}.items():
            entry = tarfile.TarInfo((names or {}).get(name, name))
            entry.size = len(data)
            if name != MANIFEST and kind != tarfile.REGTYPE:
                entry.type, entry.linkname, entry.size = kind, link, 0
            archive.addfile(entry, io.BytesIO(data))
    return path


EVIL_NAMES = [
    "../evil",
    "/tmp/evil",
    "networks/../../evil",
    "networks/x/../../../evil",
    "evil",
    "lock",
    "./hausbote.sqlite",
    "networks\\..\\evil",
    "hausbote.sqlite/../../evil",
    "networks//evil",
    "",
]


@pytest.mark.parametrize("name", EVIL_NAMES)
def test_a_name_that_leads_elsewhere_is_refused(house, settings, tmp_path, name):
    source = forged(tmp_path / "evil.tar.gz", {name: b"evil"})
    with pytest.raises(NotRestorable):
        restore(elsewhere(settings, tmp_path), source)
    assert not list(tmp_path.rglob("evil"))
    assert not (tmp_path / "elsewhere").exists()


@pytest.mark.parametrize("kind", [tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.FIFOTYPE, tarfile.CHRTYPE, tarfile.DIRTYPE])
def test_only_files_are_restored(house, settings, tmp_path, kind):
    source = forged(tmp_path / "evil.tar.gz", {ROWS: b"x"}, kind=kind, link="/etc/passwd")
    with pytest.raises(NotRestorable):
        restore(elsewhere(settings, tmp_path), source)


def test_an_archive_that_was_cut_or_changed_is_refused(saved, settings, tmp_path):
    place, whole = elsewhere(settings, tmp_path), saved.read_bytes()
    for content in (b"", b"no archive", whole[: len(whole) // 2], whole[: -len(whole) // 4]):
        (tmp_path / "bad.tar.gz").write_bytes(content)
        with pytest.raises(NotRestorable):
            restore(place, tmp_path / "bad.tar.gz")
    (tmp_path / "unnamed").mkdir()
    with pytest.raises(NotRestorable):
        restore(place, forged(tmp_path / "bad2.tar.gz", {ROWS: b"x"}, names={ROWS: "networks/other"}))
    assert not place.data_dir.exists()
