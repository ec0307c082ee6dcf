"""Recovery keys and passphrases.

The specification prints the format, not an example. The written keys below are those that other implementations check
themselves with: the key of libolm's backups (its bytes are the private key of RFC 7748 section 6.1), and keys with
their descriptions from Matrix' SDK in Rust.
"""

import time
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from webapp.networks.matrix.encryption import recovery_key
from webapp.networks.matrix.encryption.recovery_key import Fault, NotTheKey, from_passphrase, read, unlock, write
from webapp.networks.matrix.encryption.secret_storage import describe

RFC_7748 = bytes.fromhex("77076d0a7318a57d3c16c17251b26645df4c2f87ebc0992ab177fba51db92c2a")
WRITTEN = "EsTc LW2K PGiF wKEA 3As5 g5c4 BXwk qeeJ ZJV8 Q9fu gUMN UE4d"
OTHER = bytes.fromhex("9fbd46bb345171c6f6022c9a25d5681ba54eec6a6c4953f3adc0b96e9d91ada3")

BY_KEY = {
    "algorithm": "m.secret_storage.v1.aes-hmac-sha2",
    "iv": "xv5b6/p3ExEw++wTyfSHEg==",
    "mac": "ujBBbXahnTAMkmPUX2/0+VTfUh63pGyVRuBcDMgmJC8=",
}
ITS_KEY = "EsTj 3yST y93F SLpB jJsz eAXc 2XzA ygD3 w69H fGaN TKBj jXEd"
BY_PASSPHRASE = {
    "algorithm": "m.secret_storage.v1.aes-hmac-sha2",
    "iv": "gH2iNpiETFhApvW6/FFEJQ",
    "mac": "9Lw12m5SKDipNghdQXKjgpfdj1/K7HFI2brO+UWAGoM",
    "passphrase": {"algorithm": "m.pbkdf2", "salt": "IuLnH7S85YtZmkkBJKwNUKxWF42g9O1H", "iterations": 10},
}
ITS_PASSPHRASE = "It's a secret to everybody"


def fault(text):
    with pytest.raises(NotTheKey) as caught:
        read(text)
    return caught.value.fault


def test_a_key_is_written_as_other_clients_write_it():
    assert write(RFC_7748) == WRITTEN
    assert read(WRITTEN) == RFC_7748


@pytest.mark.parametrize(
    "typed",
    [
        WRITTEN.replace(" ", ""),
        f"  {WRITTEN}\r\n",
        WRITTEN.replace(" ", "   \n\t"),
        WRITTEN.replace(" ", "\u00a0"),
        WRITTEN.replace(" ", "\u200b"),
    ],
)
def test_spaces_and_line_ends_do_not_count(typed):
    assert read(typed) == RFC_7748


def test_a_key_written_by_others_is_read():
    assert read("EsT           pRvZTnjck8    YrhRAtw XLS84Nr2r9S9LGAWDaExVAPBvLRK   ") == OTHER


@given(st.binary(min_size=32, max_size=32))
def test_every_key_reads_back(key):
    text = write(key)
    assert read(text) == key
    assert len(text) == 59
    assert text.startswith("Es")


def test_a_mistyped_letter_is_noticed_as_a_mistake_in_typing():
    assert fault("EsTpRvZTnjck8YrhRAtwXLS84Nr2r9S9LGAWDaExVAPBvLRk") is Fault.TYPING
    assert fault(WRITTEN[:-1] + "e") is Fault.TYPING


@pytest.mark.parametrize(
    "typed",
    ["", "hunter2", "AATpRvZTnjck8YrhRAtwXLS84Nr2r9S9", WRITTEN[:-2], WRITTEN + "a", WRITTEN.replace("E", "0"), "ß"],
)
def test_what_is_no_key_is_said_so(typed):
    assert fault(typed) is Fault.NO_KEY


def test_a_key_of_another_kind_is_no_recovery_key():
    """32 bytes with a right parity, but not with the two bytes that a recovery key begins with."""
    assert fault("EsUv PH7C TD9q BPzt 4HL1 q13w i3HG p5P3 GaZL DBsA 2Hfr g55E") is Fault.NO_KEY


def test_a_megabyte_is_no_key_and_takes_no_time():
    began = time.process_time()
    assert fault("z" * 10**6) is Fault.NO_KEY
    assert time.process_time() - began < 1


@given(st.text())
def test_whatever_is_typed_is_a_key_or_a_fault(typed):
    with suppress(NotTheKey):
        assert len(read(typed)) == 32


def test_the_key_of_an_account_is_recognised_by_its_mac():
    assert unlock(ITS_KEY, BY_KEY) == read(ITS_KEY)


def test_another_accounts_key_is_refused_before_anything_is_fetched():
    with pytest.raises(NotTheKey) as caught:
        unlock(WRITTEN, BY_KEY)
    assert caught.value.fault is Fault.OTHER


def test_a_passphrase_becomes_the_key_that_others_derive_of_it():
    assert len(unlock(ITS_PASSPHRASE, BY_PASSPHRASE)) == 32


def test_a_wrong_passphrase_is_refused():
    with pytest.raises(NotTheKey) as caught:
        unlock("It's a secret to nobody", BY_PASSPHRASE)
    assert caught.value.fault is Fault.OTHER


def test_where_there_is_a_passphrase_the_written_key_opens_as_well():
    key = unlock(ITS_PASSPHRASE, BY_PASSPHRASE)
    assert unlock(write(key), BY_PASSPHRASE) == key


def test_where_there_is_no_passphrase_a_typing_mistake_is_said_so():
    with pytest.raises(NotTheKey) as caught:
        unlock(ITS_KEY[:-1] + "e", BY_KEY)
    assert caught.value.fault is Fault.TYPING


def test_pbkdf2_is_that_of_the_specification():
    # RFC 6070's first input with SHA-512, as many libraries print it
    expected = "867f70cf1ade02cff3752599a3a53dc4af34c7a669815ae5d513554e1c8cf252"
    how = {"algorithm": "m.pbkdf2", "salt": "salt", "iterations": 1}
    assert from_passphrase("password", how).hex() == expected
    assert len(from_passphrase("password", {**how, "bits": 512})) == 64


@pytest.mark.parametrize(
    "change",
    [
        {"algorithm": "m.scrypt"},
        {"salt": None},
        {"salt": "s" * 1001},
        {"iterations": 0},
        {"iterations": -5},
        {"iterations": "10"},
        {"iterations": True},
        {"iterations": 10**9},
        {"iterations": recovery_key.MOST_ITERATIONS + 1},
        {"bits": 8},
        {"bits": 129},
        {"bits": 2**30},
        {"bits": 256.0},
    ],
)
def test_a_server_cannot_keep_us_busy_or_weaken_the_key(change):
    description = {**BY_PASSPHRASE, "passphrase": {**BY_PASSPHRASE["passphrase"], **change}}
    began = time.process_time()
    with pytest.raises(NotTheKey) as caught:
        unlock(ITS_PASSPHRASE, description)
    assert caught.value.fault is Fault.UNUSABLE
    assert time.process_time() - began < 1


@pytest.mark.parametrize("description", [None, [], "x", {}, {"algorithm": "m.other"}, {"algorithm": 5}])
def test_a_description_that_we_cannot_use_is_said_so(description):
    with pytest.raises(NotTheKey) as caught:
        unlock(ITS_KEY, description)
    assert caught.value.fault is Fault.UNUSABLE


def test_our_own_description_fits_our_key_only():
    assert unlock(WRITTEN, describe(RFC_7748)) == RFC_7748
    with pytest.raises(NotTheKey):
        unlock(ITS_KEY, describe(RFC_7748))
