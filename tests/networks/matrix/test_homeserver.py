"""Finding a homeserver by its name or its address, and saying clearly why there is none."""

import asyncio
import ssl
from collections.abc import Coroutine
from pathlib import Path
from typing import Any

import pytest

from tests.certificates import Authority
from tests.fake_homeserver import LOGIN, VERSIONS, FakeHomeserver, Told
from webapp.networks.contract import Surroundings
from webapp.networks.matrix.addresses import NoAddress
from webapp.networks.matrix.homeserver import NOTICE, base_address, find
from webapp.networks.matrix.trouble import NotReached, Problem


def run(work: Coroutine[Any, Any, None]) -> None:
    asyncio.run(work)


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("authority"))


@pytest.fixture(scope="module")
def tls(authority: Authority) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*authority.issue("localhost", "127.0.0.1"))
    return context


@pytest.fixture
def around(authority: Authority) -> Surroundings:
    """``localhost`` may be reached, other names for this machine may not."""
    return Surroundings(Path("/nowhere"), Path("/nowhere"), authority.ca_file, ("localhost",))


def pointing(url: object) -> Told:
    return Told({"m.homeserver": {"base_url": url}})


def test_the_notice_of_a_name_points_to_its_homeserver(tls: ssl.SSLContext, around: Surroundings) -> None:
    async def look() -> None:
        async with FakeHomeserver(tls) as named, FakeHomeserver(tls) as home:
            named.answers["GET", NOTICE] = pointing(f"https://localhost:{home.port}/at/this/place/")
            base = f"https://localhost:{home.port}/at/this/place"
            home.answers["GET", "/at/this/place" + VERSIONS] = Told({"versions": ["r0.6.1", "v1.5", 7]})
            home.answers["GET", "/at/this/place" + LOGIN] = Told({"flows": [{"type": "m.login.sso"}, {}, 3]})
            found = await find(f"LocalHost:{named.port}", around)
            assert (found.url, found.versions, found.ways) == (base, {"r0.6.1", "v1.5"}, {"m.login.sso"})

    run(look())


def test_without_a_notice_the_name_is_the_homeserver(tls: ssl.SSLContext, around: Surroundings) -> None:
    async def look() -> None:
        async with FakeHomeserver(tls) as fake:
            found = await find(f"localhost:{fake.port}", around)
            assert found.url == f"https://localhost:{fake.port}"
            assert found.ways == {"m.login.password"}

    run(look())


def test_a_typed_address_is_taken_as_it_is(tls: ssl.SSLContext, around: Surroundings) -> None:
    async def look() -> None:
        async with FakeHomeserver(tls) as fake, FakeHomeserver() as plain:
            assert (await find(f" https://localhost:{fake.port}/ ", around)).url == f"https://localhost:{fake.port}"
            assert fake.asked_for(NOTICE) == []
            assert (await find(f"http://localhost:{plain.port}", around)).url == f"http://localhost:{plain.port}"

    run(look())


@pytest.mark.parametrize(
    "notice",
    [
        Told(b"<html>"),
        Told({}),
        Told([]),
        Told({"m.homeserver": "x"}),
        pointing(None),
        pointing("ftp://localhost"),
        pointing("https://"),
        pointing("https://user:pw@localhost"),
        pointing("https://localhost/?a=b"),
        pointing("https://local host"),
        Told(b"[" * 60_000),
        Told({}, 500),
        Told({}, 403),
        Told({}, 302, {"Location": "gopher://localhost"}),
        Told({}, 302, {"Location": "http://localhost/"}),
        Told({}, 302, {}),
        Told({}, 302, {"Location": NOTICE}),
    ],
)
def test_a_notice_that_makes_no_sense_asks_for_the_address(
    notice: Told, tls: ssl.SSLContext, around: Surroundings
) -> None:
    async def look() -> None:
        async with FakeHomeserver(tls) as fake:
            fake.answers["GET", NOTICE] = notice
            with pytest.raises(NotReached) as raised:
                await find(f"localhost:{fake.port}", around)
            assert raised.value.problem is Problem.BAD_NOTICE
            assert len(fake.asked) <= 4

    run(look())


def test_a_notice_may_have_moved(tls: ssl.SSLContext, around: Surroundings) -> None:
    async def look() -> None:
        async with FakeHomeserver(tls) as named, FakeHomeserver(tls) as other:
            named.answers["GET", NOTICE] = Told({}, 301, {"Location": f"https://localhost:{other.port}/there?x=1"})
            other.answers["GET", "/there"] = pointing(f"https://localhost:{other.port}")
            assert (await find(f"localhost:{named.port}", around)).url == f"https://localhost:{other.port}"

    run(look())


@pytest.mark.parametrize("hop", ["redirect", "notice"])
def test_neither_a_redirect_nor_a_notice_leads_into_the_private_network(
    hop: str, tls: ssl.SSLContext, around: Surroundings
) -> None:
    async def look() -> None:
        async with FakeHomeserver(tls) as named, FakeHomeserver(tls) as inside:
            target = f"https://127.0.0.1:{inside.port}"
            moved = Told({}, 302, {"Location": target + NOTICE})
            named.answers["GET", NOTICE] = moved if hop == "redirect" else pointing(target)
            with pytest.raises(NotReached) as raised:
                await find(f"localhost:{named.port}", around)
            assert raised.value.problem is Problem.PRIVATE
            assert inside.asked == []

    run(look())


@pytest.mark.parametrize(
    ("versions", "problem"),
    [
        (Told(b"<html>It works!</html>"), Problem.NO_HOMESERVER),
        (Told({}, 404), Problem.NO_HOMESERVER),
        (Told({"versions": "v1.1"}), Problem.NO_HOMESERVER),
        (Told({"versions": []}), Problem.NO_HOMESERVER),
        (Told({}), Problem.NO_HOMESERVER),
        (Told({"versions": ["r0.6.1"]}), Problem.TOO_OLD),
        (Told(b"", 502), Problem.BROKEN),
        (Told({}, 429), Problem.BUSY),
    ],
)
def test_what_is_no_homeserver_is_told_apart(
    versions: Told, problem: Problem, tls: ssl.SSLContext, around: Surroundings
) -> None:
    async def look() -> None:
        async with FakeHomeserver(tls) as fake:
            fake.answers["GET", VERSIONS] = versions
            with pytest.raises(NotReached) as raised:
                await find(f"https://localhost:{fake.port}", around)
            assert raised.value.problem is problem

    run(look())


@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        "exa mple.org",
        "example.org/path",
        "ftp://example.org",
        "https://",
        "https://a@b.org",
        "https://b.org?x",
    ],
)
def test_what_is_no_name_of_a_server_is_not_looked_for(text: str, around: Surroundings) -> None:
    with pytest.raises(NoAddress):
        asyncio.run(find(text, around))


def test_the_normal_form_of_an_address_has_no_slash_at_its_end() -> None:
    assert base_address("https://Example.org:8448/a/") == "https://example.org:8448/a"
