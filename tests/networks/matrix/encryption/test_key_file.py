"""Files of room keys: what nio makes opens here and the other way round; what is bent does not open, and soon."""

import base64

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from nio.crypto.key_export import decrypt, encrypt

from webapp.networks.matrix.encryption.key_file import FOOTER, HEADER, MOST_ROUNDS, Fault, NotOpened, make, unlock

PLAIN, PHRASE = '[ä {"room_id": 1}]'.encode(), "pumpkin soup"


def of_nio(plain: bytes = PLAIN, rounds: int = 100) -> str:
    return f"{HEADER}\n{encrypt(plain, PHRASE, count=rounds)}\n{FOOTER}"


def bent(**changes: bytes) -> str:
    """A good file with some of its parts exchanged."""
    payload = base64.b64decode("".join(make(PLAIN, PHRASE, 100).split("\n")[1:-2]))
    parts = {
        "version": payload[:1],
        "salt": payload[1:17],
        "iv": payload[17:33],
        "rounds": payload[33:37],
        "text": payload[37:-32],
        "mac": payload[-32:],
    }
    whole = b"".join((parts | changes).values())
    return f"{HEADER}\n{base64.b64encode(whole).decode()}\n{FOOTER}"


def fault(text: str, phrase: str = PHRASE) -> Fault:
    with pytest.raises(NotOpened) as caught:
        unlock(text, phrase)
    return caught.value.fault


def test_what_nio_makes_opens_here() -> None:
    assert unlock(of_nio(), PHRASE) == PLAIN
    assert unlock("  \r\n" + of_nio().replace("\n", "\r\n") + "\n\n", PHRASE) == PLAIN


def test_what_we_make_opens_with_nio_and_here() -> None:
    text = make(PLAIN, PHRASE, 100)
    inner = text.replace("\n", "").removeprefix(HEADER).removesuffix(FOOTER)
    assert decrypt(inner, PHRASE) == PLAIN
    assert unlock(text, PHRASE) == PLAIN
    assert all(len(line) <= 80 for line in text.split("\n"))


def test_two_files_of_the_same_have_nothing_in_common_and_many_rounds() -> None:
    one, other = make(PLAIN, PHRASE), make(PLAIN, PHRASE)
    assert one.split("\n")[1][:40] != other.split("\n")[1][:40]
    payload = base64.b64decode("".join(one.split("\n")[1:-2]))
    assert int.from_bytes(payload[33:37], "big") == 500_000
    assert payload[17 + 8] & 0x80 == 0


def test_another_passphrase_and_a_changed_file_do_not_open() -> None:
    assert fault(make(PLAIN, PHRASE, 100), "pumpkin soap") is Fault.PASSPHRASE
    for part, length in {"salt": 16, "iv": 16, "text": 5, "mac": 32}.items():
        assert fault(bent(**{part: bytes(length)})) is Fault.PASSPHRASE


@pytest.mark.parametrize(
    "text",
    [
        "",
        "hello",
        HEADER,
        HEADER + FOOTER,
        f"{HEADER}\nAAAA\n{FOOTER}",
        f"{HEADER}\n!!!!\n{FOOTER}",
        HEADER + base64.b64encode(bytes([1]) + bytes(13_000_000)).decode() + FOOTER,
        bent(version=b"\x02"),
        bent().replace(HEADER, "-----BEGIN PGP MESSAGE-----"),
        bent().replace(HEADER, ""),
        bent().replace(FOOTER, ""),
    ],
)
def test_what_is_no_such_file_is_told_to_be_none(text: str) -> None:
    assert fault(text) is Fault.NO_FILE


@pytest.mark.parametrize("rounds", [0, MOST_ROUNDS + 1, 2**32 - 1])
def test_a_file_that_would_keep_us_busy_is_not_opened(rounds: int) -> None:
    assert fault(bent(rounds=rounds.to_bytes(4, "big"))) is Fault.TOO_DEAR


@settings(deadline=None, max_examples=100)
@given(st.text(max_size=300))
def test_foreign_text_never_raises_anything_else(text: str) -> None:
    fault(text)
    fault(f"{HEADER}{text}{FOOTER}")
