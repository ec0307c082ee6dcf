"""Secrets at rest."""

import base64
import os
import stat
from dataclasses import dataclass

import pytest

from webapp.vault import Damaged, Vault, WrongKey


@dataclass
class Person:
    """Somebody with a data key."""

    id: int
    wrapped_key: bytes = b""


@pytest.fixture
def vault():
    return Vault(os.urandom(32))


def person(vault, number):
    return Person(number, vault.new_user_key(number))


def test_what_was_sealed_is_unsealed(vault):
    anna = person(vault, 1)
    sealed = vault.seal(anna, b"secret", "account:7:credentials")
    assert b"secret" not in sealed
    assert vault.unseal(anna, sealed, "account:7:credentials") == b"secret"


def test_the_same_secret_never_looks_the_same(vault):
    anna = person(vault, 1)
    assert vault.seal(anna, b"x", "p") != vault.seal(anna, b"x", "p")


def test_a_value_does_not_open_elsewhere(vault):
    anna, ben = person(vault, 1), person(vault, 2)
    sealed = vault.seal(anna, b"secret", "account:7:credentials")
    for holder, place in (
        (anna, "account:8:credentials"),
        (anna, "account:7:checkpoint"),
        (ben, "account:7:credentials"),
        (Person(2, anna.wrapped_key), "account:7:credentials"),
    ):
        with pytest.raises(Damaged):
            vault.unseal(holder, sealed, place)


def test_a_changed_value_does_not_open(vault):
    anna = person(vault, 1)
    sealed = vault.seal(anna, b"secret", "p")
    for position in range(len(sealed)):
        changed = bytearray(sealed)
        changed[position] ^= 1
        with pytest.raises(Damaged):
            vault.unseal(anna, bytes(changed), "p")
    for short in (b"", b"v1", sealed[:10], sealed[:18], sealed[:-1]):
        with pytest.raises(Damaged):
            vault.unseal(anna, short, "p")


def test_another_master_key_opens_nothing(vault):
    anna = person(vault, 1)
    sealed = vault.seal(anna, b"secret", "p")
    other = Vault(os.urandom(32))
    with pytest.raises(Damaged):
        other.unseal(anna, sealed, "p")
    assert not other.is_mine(vault.check_value())
    assert vault.is_mine(vault.check_value())


def test_a_new_key_file_is_for_its_owner_only(tmp_path):
    path = tmp_path / "deep" / "er" / "master.key"
    made = Vault.create(path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o400
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    assert Vault.open(path).is_mine(made.check_value())


def test_a_key_file_is_never_overwritten(tmp_path):
    Vault.create(tmp_path / "key")
    before = (tmp_path / "key").read_bytes()
    with pytest.raises(WrongKey):
        Vault.create(tmp_path / "key")
    assert (tmp_path / "key").read_bytes() == before


def test_a_key_file_is_raw_or_base64(tmp_path):
    key = os.urandom(32)
    (tmp_path / "raw").write_bytes(key)
    (tmp_path / "base64").write_bytes(base64.b64encode(key) + b"\n")
    assert Vault.open(tmp_path / "raw").is_mine(Vault.open(tmp_path / "base64").check_value())


@pytest.mark.parametrize("content", [b"", b"short", b"y" * 33, base64.b64encode(b"x" * 31), b"\xff" * 44])
def test_a_file_that_is_no_key_is_refused_in_words(tmp_path, content):
    (tmp_path / "key").write_bytes(content)
    with pytest.raises(WrongKey, match="no master key"):
        Vault.open(tmp_path / "key")


def test_a_missing_key_file_is_named(tmp_path):
    with pytest.raises(WrongKey, match="HAUSBOTE_KEY_FILE"):
        Vault.open(tmp_path / "none")


def test_keys_for_different_purposes_differ(vault):
    assert len({vault.derive("a"), vault.derive("b"), vault.derive("")}) == 3


def test_a_key_for_a_purpose_is_made_again_and_is_nobody_elses(vault):
    anna, ben = person(vault, 1), person(vault, 2)
    key = vault.derive_for(anna, "account:7:folder")
    assert len(key) == 32
    assert vault.derive_for(anna, "account:7:folder") == key
    others = [vault.derive_for(anna, "account:8:folder"), vault.derive_for(ben, "account:7:folder")]
    assert len({key, *others, vault.derive("account:7:folder")}) == 4
