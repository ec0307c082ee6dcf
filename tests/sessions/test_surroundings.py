"""What an account gets from the installation."""

from pathlib import Path

from tests.rows import Rows
from webapp.sessions.surroundings import SurroundingsMaker
from webapp.settings import Settings


def test_every_account_has_a_key_of_its_own_for_its_folder_and_nobody_else_has_one(rows: Rows, tmp_path: Path) -> None:
    alice, bob = rows.person("Alice"), rows.person("Bob")
    first, second, third = rows.account(alice), rows.account(alice, address="b@toy"), rows.account(bob)
    maker = SurroundingsMaker(Settings(data_dir=tmp_path), rows.database, rows.vault)
    keys = [maker.of_account("toy", account).key for account in (first, second, third)]
    assert [len(key) for key in keys] == [32, 32, 32]
    assert len(set(keys)) == 3
    again = SurroundingsMaker(Settings(data_dir=tmp_path), rows.database, rows.vault)
    assert again.of_account("toy", first).key == keys[0]
    assert maker.shared("toy").key == b""
    assert maker.of_account("toy", 999).key == b""
    assert keys[0].hex() not in repr(maker.of_account("toy", first))
    assert repr(keys[0]) not in repr(maker.of_account("toy", first))
