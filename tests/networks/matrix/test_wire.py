"""What a homeserver may answer, and what becomes of it: an object, or one of three troubles with words in it."""

import asyncio
import json
import ssl
import time
from collections.abc import Coroutine
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from typing import Any

import pytest

from tests.certificates import Authority
from tests.fake_homeserver import Asked, FakeHomeserver, Told
from webapp.languages import Sentence
from webapp.networks.contract import Surroundings
from webapp.networks.errors import Refused, SignedOut, Unreachable
from webapp.networks.matrix import connections, retry_after
from webapp.networks.matrix.trouble import Declined, NotReached, Problem, Rejected
from webapp.networks.matrix.wire import Wire, path

PLACE = "/_matrix/client/v3/account/whoami"
LOOPBACK = ("127.0.0.0/8",)


def run(work: Coroutine[Any, Any, None]) -> None:
    asyncio.run(work)


def surroundings(private: tuple[str, ...] = LOOPBACK, ca_file: Path | None = None) -> Surroundings:
    return Surroundings(Path("/nowhere"), Path("/nowhere"), ca_file, private)


async def told(answer: Any, token: str = "t0ken", **more: Any) -> dict[str, Any]:
    """What comes of this answer."""
    async with FakeHomeserver() as fake:
        fake.answers["GET", PLACE] = answer
        wire = Wire(fake.url, surroundings(), token)
        try:
            return await wire.ask("GET", PLACE, **more)
        finally:
            await wire.close()


def trouble_of(answer: Any, **more: Any) -> Any:
    with pytest.raises((Unreachable, SignedOut, Refused)) as raised:
        asyncio.run(told(answer, **more))
    assert isinstance(raised.value.reason, Sentence)
    return raised.value


def test_a_question_is_signed_and_answered() -> None:
    async def ask() -> None:
        async with FakeHomeserver() as fake:
            where = path("rooms", "!a/b?c:d", "send", "m.room.message", "1")
            fake.answers["PUT", where] = Told({"event_id": "$1"})
            wire = Wire(fake.url, surroundings(), "t0ken")
            assert await wire.ask("PUT", where, {"body": "ü"}, {"a": "b c"}) == {"event_id": "$1"}
            await wire.close()
            (asked,) = fake.asked
            assert asked.headers["Authorization"] == "Bearer t0ken"
            assert json.loads(asked.body) == {"body": "ü"}
            assert asked.query == {"a": "b c"}
            assert asked.path == "/_matrix/client/v3/rooms/%21a%2Fb%3Fc%3Ad/send/m.room.message/1"

    run(ask())


@pytest.mark.parametrize(
    "body", [b"", b"<html>502</html>", b"[]", b"null", b'"x"', b"{", b"\xff\xfe", b"[" * 100_000, b'{"a":NaN}']
)
def test_garbage_is_trouble_for_later(body: bytes) -> None:
    trouble = trouble_of(Told(body))
    assert isinstance(trouble, Unreachable)
    assert trouble.problem is Problem.GARBAGE


@pytest.mark.parametrize("status", [500, 502, 503, 504, 599])
def test_a_broken_server_is_trouble_for_later_whatever_it_says(status: int) -> None:
    trouble = trouble_of(Told(b"<html>Bad gateway</html>", status))
    assert (trouble.problem, trouble.retry_after) == (Problem.BROKEN, None)


def test_a_broken_server_may_name_a_time() -> None:
    assert trouble_of(Told(b"", 503, {"Retry-After": "7"})).retry_after == 7


def test_the_header_says_how_long_to_wait_before_the_body_does() -> None:
    body = {"errcode": "M_LIMIT_EXCEEDED", "retry_after_ms": 1500}
    assert trouble_of(Told(body, 429)).retry_after == 1.5
    assert trouble_of(Told(body, 429, {"Retry-After": "12"})).retry_after == 12
    date = format_datetime(datetime.now(UTC) + timedelta(seconds=60), usegmt=True)
    assert 55 <= trouble_of(Told(body, 429, {"Retry-After": date})).retry_after <= 61
    assert trouble_of(Told(body, 429, {"Retry-After": "soon"})).retry_after == 1.5
    assert trouble_of(Told(b"slow down", 429)).retry_after is None


@pytest.mark.parametrize("told_wait", [True, -1, "5", None, 10**30, 10**400, 1.5])
def test_a_time_that_makes_no_sense_is_no_time_or_a_bounded_one(told_wait: object) -> None:
    wait = trouble_of(Told({"retry_after_ms": told_wait}, 429)).retry_after
    assert wait is None or wait == retry_after.LONGEST


def test_nothing_is_tried_again_by_itself() -> None:
    async def ask() -> None:
        async with FakeHomeserver() as fake:
            fake.answers["GET", PLACE] = Told({}, 429, {"Retry-After": "0"})
            wire = Wire(fake.url, surroundings())
            with pytest.raises(NotReached):
                await wire.ask("GET", PLACE)
            await wire.close()
            assert len(fake.asked) == 1

    run(ask())


@pytest.mark.parametrize(
    ("status", "errcode"), [(401, "M_UNKNOWN_TOKEN"), (403, "M_USER_DEACTIVATED"), (401, "M_WHAT")]
)
def test_a_token_that_does_not_count_any_more_ends_the_sign_in(status: int, errcode: str) -> None:
    trouble = trouble_of(Told({"errcode": errcode, "soft_logout": True}, status))
    assert isinstance(trouble, Rejected)
    assert isinstance(trouble, SignedOut)


@pytest.mark.parametrize(
    ("status", "errcode"), [(403, "M_FORBIDDEN"), (404, "M_NOT_FOUND"), (400, None), (413, "M_TOO_LARGE")]
)
def test_a_no_is_a_no_with_the_servers_words(status: int, errcode: object) -> None:
    trouble = trouble_of(Told({"errcode": errcode, "error": "Not\x00 today\u202e"}, status))
    assert isinstance(trouble, Declined)
    assert (trouble.status, trouble.errcode) == (status, errcode or "")
    assert trouble.reason.values["text"] == "Not today"


def test_who_has_no_token_cannot_be_signed_out() -> None:
    assert isinstance(trouble_of(Told({"errcode": "M_UNKNOWN_TOKEN"}, 401), token=""), Declined)


def test_being_asked_for_the_password_again_is_not_the_end_of_the_sign_in() -> None:
    trouble = trouble_of(Told({"flows": [{"stages": ["m.login.password"]}], "session": "s"}, 401))
    assert isinstance(trouble, Declined)
    assert trouble.answer["session"] == "s"


def test_a_redirect_is_not_followed() -> None:
    async def ask() -> None:
        async with FakeHomeserver() as other, FakeHomeserver() as fake:
            fake.answers["GET", PLACE] = Told({}, 302, {"Location": other.url + PLACE})
            wire = Wire(fake.url, surroundings(), "t0ken")
            with pytest.raises(NotReached):
                await wire.ask("GET", PLACE)
            await wire.close()
            assert other.asked == []

    run(ask())


def test_an_answer_that_is_too_large_is_not_read_to_its_end() -> None:
    async def ask() -> None:
        async with FakeHomeserver() as fake:
            fake.answers["GET", PLACE] = Told(b" " * 5000)
            wire = Wire(fake.url, surroundings())
            with pytest.raises(NotReached) as raised:
                await wire.text(PLACE, {}, patience=10, largest=1000)
            assert raised.value.problem is Problem.TOO_LARGE
            assert len(await wire.text(PLACE, {}, patience=10, largest=5000)) == 5000
            await wire.close()

    run(ask())


def test_patience_has_an_end() -> None:
    async def never(_: Asked) -> Told:
        await asyncio.sleep(5)
        return Told()

    begun = time.monotonic()
    assert trouble_of(never, patience=0.2).problem is Problem.SILENT
    assert time.monotonic() - begun < 4


def test_closing_ends_what_is_asked_just_now() -> None:
    async def ask() -> None:
        heard = asyncio.Event()

        async def never(_: Asked) -> Told:
            heard.set()
            await asyncio.sleep(5)
            return Told()

        async with FakeHomeserver() as fake:
            fake.answers["GET", PLACE] = never
            wire = Wire(fake.url, surroundings())
            question = asyncio.create_task(wire.ask("GET", PLACE))
            await asyncio.wait_for(heard.wait(), 5)
            await wire.close()
            with pytest.raises(NotReached):
                await asyncio.wait_for(question, 3)
            with pytest.raises(NotReached) as raised:
                await wire.ask("GET", PLACE)
            assert raised.value.problem is Problem.CLOSED
            await wire.close()

    run(ask())


# Whom it reaches (S5), and whom it believes (S16)


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "[::1]", "[::ffff:127.0.0.1]", "0.0.0.0"])
@pytest.mark.parametrize("scheme", ["http", "https"])
def test_nothing_private_is_reached_unless_it_is_allowed(host: str, scheme: str) -> None:
    async def ask() -> None:
        async with FakeHomeserver() as fake:
            wire = Wire(f"{scheme}://{host}:{fake.port}", surroundings(private=()))
            with pytest.raises(NotReached) as raised:
                await wire.ask("GET", PLACE)
            assert raised.value.problem is Problem.PRIVATE
            await wire.close()
            assert fake.asked == []

    run(ask())


def test_it_is_the_checked_address_that_is_connected_to(monkeypatch: pytest.MonkeyPatch) -> None:
    """A name that means something else when it is asked for a second time."""

    async def ask() -> None:
        async with FakeHomeserver() as fake:
            answers = [["127.0.0.1"], ["10.0.0.1"]]

            async def look_up(_: str) -> list[str]:
                return answers.pop(0)

            monkeypatch.setattr(connections, "addresses_of", look_up)
            fake.answers["GET", PLACE] = Told({"ok": 1})
            wire = Wire(f"http://rebinding.test:{fake.port}", surroundings())
            assert await wire.ask("GET", PLACE) == {"ok": 1}
            assert len(answers) == 1
            await wire.close()

    run(ask())


def test_without_encryption_only_private_servers_are_spoken_to(monkeypatch: pytest.MonkeyPatch) -> None:
    async def ask() -> None:
        async def look_up(_: str) -> list[str]:
            return ["1.1.1.1"]

        monkeypatch.setattr(connections, "addresses_of", look_up)
        wire = Wire("http://public.test", surroundings())
        with pytest.raises(NotReached) as raised:
            await wire.ask("GET", PLACE)
        assert raised.value.problem is Problem.UNSAFE
        await wire.close()

    run(ask())


def test_a_name_that_nobody_has_is_said_so() -> None:
    async def ask() -> None:
        wire = Wire("https://nowhere.invalid", surroundings())
        with pytest.raises(NotReached) as raised:
            await wire.ask("GET", PLACE)
        assert raised.value.problem is Problem.NOT_FOUND
        await wire.close()

    run(ask())


@pytest.mark.parametrize(
    ("name", "expired", "trusted", "problem"),
    [
        ("localhost", False, True, None),
        ("localhost", True, True, Problem.EXPIRED),
        ("other.test", False, True, Problem.OTHER_NAME),
        ("localhost", False, False, Problem.UNKNOWN_AUTHORITY),
    ],
)
def test_only_good_certificates_are_believed(
    tmp_path: Path, name: str, expired: bool, trusted: bool, problem: Problem | None
) -> None:
    authority = Authority(tmp_path)
    certificate, key = authority.issue(name, expired=expired)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)

    async def ask() -> None:
        async with FakeHomeserver(tls=context) as fake:
            fake.answers["GET", PLACE] = Told({"ok": 1})
            around = surroundings(("localhost",), authority.ca_file if trusted else None)
            wire = Wire(f"https://localhost:{fake.port}", around, "t0ken")
            try:
                if problem is None:
                    assert await wire.ask("GET", PLACE) == {"ok": 1}
                    return
                with pytest.raises(NotReached) as raised:
                    await wire.ask("GET", PLACE)
                assert raised.value.problem is problem
                assert fake.asked == []
            finally:
                await wire.close()

    run(ask())
