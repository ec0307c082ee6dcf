"""Stored secrets: written out once more from the specification's words, and whatever a server may answer."""

import base64
import hmac
from hashlib import sha256

import pytest
from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.ciphers.modes import CTR
from hypothesis import given
from hypothesis import strategies as st

from webapp.networks.matrix.encryption import unpadded
from webapp.networks.matrix.encryption.secret_storage import Damaged, describe, fits, seal, unseal

KEY, OTHER = bytes(range(32)), bytes(32)
NAME = "m.cross_signing.master"
TEXTS = st.text(st.characters(codec="utf-8"))


def step_one(key: bytes, info: bytes) -> tuple[bytes, bytes]:
    """RFC 5869 by hand, with a salt of 32 zero bytes: two blocks of 32."""
    prk = hmac.digest(bytes(32), key, sha256)
    first = hmac.digest(prk, info + b"\x01", sha256)
    return first, hmac.digest(prk, first + info + b"\x02", sha256)


def test_a_secret_is_sealed_as_the_specification_says():
    stored = seal(KEY, NAME, "the master key")
    aes_key, mac_key = step_one(KEY, NAME.encode())
    ciphertext = unpadded.decode(stored["ciphertext"])
    opened = Cipher(AES(aes_key), CTR(unpadded.decode(stored["iv"]))).decryptor().update(ciphertext)
    assert opened == b"the master key"
    assert unpadded.decode(stored["mac"]) == hmac.digest(mac_key, ciphertext, sha256)
    assert stored.keys() == {"iv", "ciphertext", "mac"}


def test_bit_63_of_the_counter_is_clear_and_no_counter_comes_twice():
    ivs = [unpadded.decode(seal(KEY, NAME, "")["iv"]) for _ in range(64)]
    assert all(len(iv) == 16 and not iv[8] & 0x80 for iv in ivs)
    assert len(set(ivs)) == 64


def test_what_is_written_has_no_padding_and_padding_is_read():
    stored = seal(KEY, NAME, "four")
    assert not [value for value in stored.values() if "=" in value]
    padded = {part: base64.b64encode(unpadded.decode(value)).decode() for part, value in stored.items()}
    assert padded != stored
    assert unseal(KEY, NAME, padded) == "four"


@given(
    st.binary(min_size=32, max_size=32), st.text(st.characters(codec="utf-8")), st.text(st.characters(codec="utf-8"))
)
def test_every_secret_opens_again(key, name, secret):
    assert unseal(key, name, seal(key, name, secret)) == secret


def test_another_key_and_another_name_do_not_open():
    stored = seal(KEY, NAME, "secret")
    with pytest.raises(Damaged):
        unseal(OTHER, NAME, stored)
    with pytest.raises(Damaged):
        unseal(KEY, "m.cross_signing.self_signing", stored)


@pytest.mark.parametrize("part", ["ciphertext", "mac"])
def test_one_changed_bit_is_noticed(part):
    stored = seal(KEY, NAME, "a secret of some length")
    data = bytearray(unpadded.decode(stored[part]))
    for at in range(8 * len(data)):
        data[at // 8] ^= 1 << at % 8
        with pytest.raises(Damaged):
            unseal(KEY, NAME, {**stored, part: unpadded.encode(bytes(data))})
        data[at // 8] ^= 1 << at % 8


@pytest.mark.parametrize(
    "stored",
    [None, [], "x", {}, {"iv": 1, "ciphertext": 2, "mac": 3}, {"iv": "AAAA", "ciphertext": "", "mac": "AAAA"}],
)
def test_foreign_shapes_do_not_open(stored):
    with pytest.raises(Damaged):
        unseal(KEY, NAME, stored)


@pytest.mark.parametrize("part", ["iv", "ciphertext", "mac"])
@pytest.mark.parametrize("value", [None, 7, "", "€", [], {}])
def test_foreign_parts_do_not_open(part, value):
    with pytest.raises(Damaged):
        unseal(KEY, NAME, {**seal(KEY, NAME, "secret"), part: value})


def test_a_secret_without_end_is_not_even_looked_at():
    with pytest.raises(Damaged):
        unseal(KEY, NAME, seal(KEY, NAME, "x" * 200_000))


def test_a_secret_that_is_no_text_is_damaged():
    stored = seal(KEY, NAME, "\x00\x00")
    mask = bytes((0xFF, 0xFE))
    ciphertext = bytes(a ^ b for a, b in zip(unpadded.decode(stored["ciphertext"]), mask, strict=True))
    mac = hmac.digest(step_one(KEY, NAME.encode())[1], ciphertext, sha256)
    with pytest.raises(Damaged):
        unseal(KEY, NAME, {**stored, "ciphertext": unpadded.encode(ciphertext), "mac": unpadded.encode(mac)})


def test_a_description_fits_its_key_alone():
    assert fits(KEY, describe(KEY))
    assert not fits(OTHER, describe(KEY))


def test_a_description_without_a_check_fits_every_key_as_the_specification_says():
    assert fits(KEY, {"algorithm": "m.secret_storage.v1.aes-hmac-sha2"})


@pytest.mark.parametrize("change", [{"iv": None}, {"mac": None}, {"mac": 5}, {"iv": "AAAA"}, {"mac": ""}])
def test_half_a_check_and_a_broken_one_fit_nothing(change):
    assert not fits(KEY, {**describe(KEY), **change})
