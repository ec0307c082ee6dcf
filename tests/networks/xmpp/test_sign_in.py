"""Signing in: a different word for each thing that does not work, and a password that leaves only when it is safe."""

import asyncio
import base64
from collections.abc import Coroutine
from pathlib import Path
from typing import Any

import pytest

from tests.certificates import Authority
from tests.networks.conftest import User
from tests.networks.xmpp.conftest import Follow
from tests.networks.xmpp.fake_server import (
    FEATURES,
    HEADER,
    PROCEED,
    STARTTLS,
    SUCCESS,
    Stream,
    fake_server,
    mechanisms,
)
from tests.prosody import Certificate, Prosody
from webapp.networks.contract import Credentials, Surroundings
from webapp.networks.errors import SignedOut, Unreachable
from webapp.networks.login import Form, SignedIn, WrongInput
from webapp.networks.xmpp import network
from webapp.networks.xmpp.trouble import WORDS, Problem

PASSWORD = "canary-Tr0ub4dor"
SECRETS = [PASSWORD.encode(), base64.b64encode(f"\0alice\0{PASSWORD}".encode())]


def run(work: Coroutine[Any, Any, Any]) -> Any:
    return asyncio.run(work)


def surroundings(folder: Path, ca_file: Path | None, private: tuple[str, ...] = ("127.0.0.1",)) -> Surroundings:
    return Surroundings(folder / "shared", folder / "account", ca_file, private)


def answers(user: User | None = None, **other: str) -> dict[str, str]:
    own = {"address": "alice@chat.test", "password": PASSWORD, "server": "127.0.0.1", "port": "1"}
    if user is not None:
        own |= {"address": user.address, "password": user.password, "port": str(user.prosody.port)}
    return own | other


async def submit(around: Surroundings, typed: dict[str, str], known: Credentials | None = None) -> SignedIn:
    login = network.login(around, known)
    form = await login.start()
    assert isinstance(form, Form)
    step = await login.submit(typed)
    await login.close()
    assert isinstance(step, SignedIn)
    return step


def test_the_form_says_what_people_and_tests_look_for(tmp_path: Path) -> None:
    form = run(network.login(surroundings(tmp_path, None)).start())
    labels = [(field.label.msgid, field.more) for field in form.fields]
    assert labels == [("Address", False), ("Password", False), ("Server", True), ("Port", True)]
    assert form.button.msgid == "Connect"


@pytest.mark.servers
@pytest.mark.parametrize("direct", [False, True])
def test_the_right_password_signs_in(tmp_path: Path, alice: User, direct: bool) -> None:
    port = alice.prosody.direct_tls_port if direct else alice.prosody.port
    step = run(submit(surroundings(tmp_path, alice.prosody.ca_file), answers(alice, port=str(port))))
    assert step.address == alice.address
    assert step.credentials["password"] == alice.password
    assert step.credentials["scram"] == "yes"
    assert alice.password not in repr(step)


@pytest.mark.servers
def test_an_address_is_taken_as_people_type_it(tmp_path: Path, alice: User) -> None:
    typed = answers(alice, address=f" xmpp:{alice.address.upper()} ")
    assert run(submit(surroundings(tmp_path, alice.prosody.ca_file), typed)).address == alice.address


@pytest.mark.servers
def test_a_wrong_password_is_called_that(tmp_path: Path, alice: User) -> None:
    with pytest.raises(WrongInput) as wrong:
        run(submit(surroundings(tmp_path, alice.prosody.ca_file), answers(alice, password="wrong")))
    assert (wrong.value.field, wrong.value.reason.msgid) == ("password", WORDS[Problem.WRONG_PASSWORD])
    with pytest.raises(WrongInput):
        run(submit(surroundings(tmp_path, alice.prosody.ca_file), answers(alice, password="\ue000\ufffe")))


@pytest.mark.parametrize(
    ("typed", "field"),
    [
        ({"address": ""}, "address"),
        ({"address": "alice"}, "address"),
        ({"address": "alice@"}, "address"),
        ({"address": "@chat.test"}, "address"),
        ({"address": "a b@chat.test"}, "address"),
        ({"address": "alice@chat.test/phone"}, "address"),
        ({"address": "alice@chat.test" * 400}, "address"),
        ({"address": "al\x00ice@chat.test"}, "address"),
        ({"address": "alice@no-such-host.invalid", "server": "", "port": ""}, "address"),
        ({"password": ""}, "password"),
        ({"port": "many"}, "port"),
        ({"port": "70000"}, "port"),
        ({"port": "-1"}, "port"),
        ({"server": "http://chat.test/"}, "server"),
        ({"server": "no-such-host.invalid"}, "server"),
        ({"server": "a" * 300}, "server"),
    ],
)
def test_what_cannot_be_right_is_named(tmp_path: Path, typed: dict[str, str], field: str) -> None:
    with pytest.raises(WrongInput) as wrong:
        run(submit(surroundings(tmp_path, None), answers(**typed)))
    assert wrong.value.field == field


def test_missing_fields_are_wrong_input(tmp_path: Path) -> None:
    with pytest.raises(WrongInput):
        run(network.login(surroundings(tmp_path, None)).submit({}))


def test_a_server_that_refuses_is_called_that(tmp_path: Path) -> None:
    with pytest.raises(WrongInput) as wrong:
        run(submit(surroundings(tmp_path, None), answers()))
    assert wrong.value.reason.msgid == WORDS[Problem.REFUSED]


@pytest.mark.parametrize("server", ["127.0.0.1", "::1", "::ffff:127.0.0.1", "10.0.0.1", "169.254.169.254", "0.0.0.0"])
def test_private_places_are_out_of_bounds_unless_allowed(tmp_path: Path, server: str) -> None:
    with pytest.raises(WrongInput) as wrong:
        run(submit(surroundings(tmp_path, None, private=("192.168.0.0/16",)), answers(server=server)))
    assert wrong.value.reason.msgid == WORDS[Problem.PRIVATE]


@pytest.mark.servers
@pytest.mark.parametrize("direct", [False, True])
@pytest.mark.parametrize(
    ("certificate", "problem"),
    [
        (Certificate.EXPIRED, Problem.EXPIRED),
        (Certificate.OTHER_NAME, Problem.OTHER_NAME),
        (Certificate.UNKNOWN_AUTHORITY, Problem.UNKNOWN_AUTHORITY),
    ],
)
def test_a_wrong_certificate_is_refused(
    tmp_path: Path, certificate: Certificate, problem: Problem, direct: bool
) -> None:
    with Prosody(tmp_path / "prosody", certificate=certificate) as prosody:
        prosody.add_user("alice", PASSWORD)
        port = prosody.direct_tls_port if direct else prosody.port
        with pytest.raises(WrongInput) as wrong:
            run(submit(surroundings(tmp_path, prosody.ca_file), answers(port=str(port))))
    assert wrong.value.reason.msgid == WORDS[problem]


@pytest.mark.servers
def test_a_server_without_encryption_is_refused(tmp_path: Path) -> None:
    with Prosody(tmp_path / "prosody", starttls=False) as prosody, pytest.raises(WrongInput) as wrong:
        run(submit(surroundings(tmp_path, prosody.ca_file), answers(port=str(prosody.port))))
    assert wrong.value.reason.msgid == WORDS[Problem.NO_ENCRYPTION]


@pytest.mark.servers
def test_the_password_itself_is_sent_only_where_there_never_was_a_better_way(tmp_path: Path) -> None:
    with Prosody(tmp_path / "prosody", plain_only=True) as prosody:
        prosody.add_user("alice", PASSWORD)
        around = surroundings(tmp_path, prosody.ca_file)
        step = run(submit(around, answers(port=str(prosody.port))))
        assert "scram" not in step.credentials
        pinned = Credentials(step.address, step.credentials | {"scram": "yes"})
        with pytest.raises(SignedOut) as out:
            run(network.session(pinned, around).open(None))
        assert out.value.reason.msgid == WORDS[Problem.DOWNGRADE]


async def _no_starttls(stream: Stream) -> None:
    await stream.until("<stream:stream")
    await stream.send(HEADER + FEATURES.format(mechanisms("PLAIN", "SCRAM-SHA-256")))
    await stream.rest()


async def _features_behind_proceed(stream: Stream) -> None:
    await stream.until("<stream:stream")
    await stream.send(HEADER + FEATURES.format(STARTTLS))
    await stream.until("<starttls")
    await stream.send(PROCEED + FEATURES.format(mechanisms("PLAIN")))
    await stream.rest()


async def _success_unasked(stream: Stream) -> None:
    await stream.until("<stream:stream")
    await stream.send(HEADER + SUCCESS + FEATURES.format(mechanisms("PLAIN")))
    await stream.rest()


async def _redirect(stream: Stream) -> None:
    await stream.until("<stream:stream")
    where = "<see-other-host xmlns='urn:ietf:params:xml:ns:xmpp-streams'>127.0.0.1:9</see-other-host>"
    await stream.send(HEADER + f"<stream:error>{where}</stream:error>")
    await stream.rest()


async def _starttls_refused(stream: Stream) -> None:
    await stream.until("<stream:stream")
    await stream.send(HEADER + FEATURES.format(STARTTLS))
    await stream.until("<starttls")
    await stream.send("<failure xmlns='urn:ietf:params:xml:ns:xmpp-tls'/></stream:stream>")
    await stream.rest()


async def _garbage(stream: Stream) -> None:
    await stream.send(b"HTTP/1.1 400 Bad Request\r\n\r\n<html>")
    await stream.rest()


@pytest.mark.parametrize(
    "script",
    [_no_starttls, _features_behind_proceed, _success_unasked, _redirect, _starttls_refused, _garbage],
)
def test_the_password_never_leaves_on_an_open_line(tmp_path: Path, script: Any) -> None:
    async def attempt() -> None:
        async with fake_server(script) as fake:
            with pytest.raises((WrongInput, Unreachable)):
                await submit(surroundings(tmp_path, None), answers(port=str(fake.port)))
            assert fake.got
            assert b"<auth" not in fake.got
            assert not any(secret in fake.got for secret in SECRETS)

    run(attempt())


def test_a_server_that_asks_for_absurdly_many_rounds_is_refused(tmp_path: Path) -> None:
    async def script(stream: Stream) -> None:
        await stream.until("<stream:stream")
        await stream.send(HEADER + FEATURES.format(mechanisms("SCRAM-SHA-1", "PLAIN")))
        first = base64.b64decode((await stream.until("<auth[^>]*>([^<]*)")).group(1)).decode()
        challenge = f"r={first.rpartition('r=')[2]}x,s=c2FsdA==,i=999999999"
        coded = base64.b64encode(challenge.encode()).decode()
        await stream.send(f"<challenge xmlns='urn:ietf:params:xml:ns:xmpp-sasl'>{coded}</challenge>")
        await stream.until("<abort")
        await stream.send("<failure xmlns='urn:ietf:params:xml:ns:xmpp-sasl'><aborted/></failure>")
        await stream.rest()

    async def attempt() -> None:
        authority = Authority(tmp_path / "certs")
        async with fake_server(script, authority.issue("chat.test")) as fake:
            with pytest.raises(WrongInput):
                await submit(surroundings(tmp_path, authority.ca_file), answers(port=str(fake.port)))
            assert not any(secret in fake.got for secret in SECRETS)

    run(attempt())


@pytest.mark.servers
def test_a_changed_password_signs_the_account_out_with_one_attempt(follow: Follow, tmp_path: Path) -> None:
    async def attempt(prosody: Prosody) -> None:
        user = User(prosody.add_user("alice", "old"), "old", prosody)
        async with follow(user) as seen:
            pass
        prosody.change_password("alice", "new")
        before = prosody.log().count("Authentication")
        with pytest.raises(SignedOut):
            await follow(user, seen.checkpoint).session.open(seen.checkpoint)
        around = surroundings(tmp_path, prosody.ca_file)
        known = Credentials(user.address, {"password": "old", "server": "127.0.0.1", "port": str(prosody.port)})
        form = await network.login(around, known).start()
        assert isinstance(form, Form)
        assert form.fields[0].value == user.address
        step = await submit(around, answers(user, password="new"), known)
        assert step.credentials["password"] == "new"
        with pytest.raises(WrongInput):
            await submit(around, answers(user, address="bob@chat.test", password="new"), known)
        assert before >= 0

    with Prosody(tmp_path / "prosody") as prosody:
        run(attempt(prosody))


@pytest.mark.servers
def test_a_killed_server_is_trouble_for_later_and_comes_back(follow: Follow, tmp_path: Path) -> None:
    async def attempt(prosody: Prosody) -> None:
        user = User(prosody.add_user("alice", "pw"), "pw", prosody)
        bob = User(prosody.add_user("bob", "pw"), "pw", prosody)
        async with follow(user) as seen:
            far = await bob.device().sign_in()
            far.say(user.address, "before")
            await seen.message("before")
            await far.sign_out()
            prosody.kill()
            await seen.until(lambda: seen.trouble)
            assert isinstance(seen.trouble, Unreachable)
        with pytest.raises(Unreachable):
            await follow(user).session.open(None)
        prosody.start()
        far = await bob.device().sign_in()
        far.say(user.address, "after")
        async with follow(user, seen.checkpoint) as again:
            await again.message("after")
            assert again.bodies() == ["after"]
        await far.sign_out()

    with Prosody(tmp_path / "prosody") as prosody:
        run(attempt(prosody))


@pytest.mark.servers
def test_the_same_account_twice_ends_the_older_connection(follow: Follow, alice: User) -> None:
    async def attempt() -> None:
        async with follow(alice) as first, follow(alice):
            await first.until(lambda: first.trouble)
            assert isinstance(first.trouble, Unreachable)
            assert first.trouble.reason.msgid == WORDS[Problem.REPLACED]

    run(attempt())
