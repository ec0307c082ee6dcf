"""Signing in with a password, and a plain word for each thing that can be wrong."""

import asyncio
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

import pytest

from tests.fake_homeserver import LOGIN, VERSIONS, FakeHomeserver, Told
from tests.networks.following import Following
from tests.networks.matrix.people import PASSWORD, Person, surroundings
from webapp.networks.contract import Credentials
from webapp.networks.errors import SignedOut, Trouble, Unreachable
from webapp.networks.login import Form, SignedIn, WrongInput
from webapp.networks.matrix import network
from webapp.networks.matrix.login import MatrixLogin

WHOAMI = "/_matrix/client/v3/account/whoami"


def run(work: Coroutine[Any, Any, None]) -> None:
    asyncio.run(work)


def answers(home: str, user: str, password: str = PASSWORD, **more: str) -> dict[str, str]:
    return {"homeserver": home, "user": user, "password": password, **more}


async def sign_in(folder: Path, given: dict[str, str], known: Credentials | None = None) -> SignedIn:
    step = await network.login(surroundings(folder), known).submit(given)
    assert isinstance(step, SignedIn)
    return step


def wrong(folder: Path, given: dict[str, str], known: Credentials | None = None) -> WrongInput:
    with pytest.raises(WrongInput) as raised:
        asyncio.run(sign_in(folder, given, known))
    return raised.value


def test_the_form_has_the_fields_that_everybody_knows(tmp_path: Path) -> None:
    step = asyncio.run(network.login(surroundings(tmp_path)).start())
    assert isinstance(step, Form)
    assert [field.label.msgid for field in step.fields] == ["Homeserver", "User name", "Password", "Device name"]
    assert [field.name for field in step.fields if field.more] == ["device_name"]
    assert step.button.msgid == "Connect"


@pytest.mark.servers
@pytest.mark.parametrize("whole", [True, False])
def test_a_user_name_may_be_whole_or_short(alice: Person, tmp_path: Path, whole: bool) -> None:
    async def work() -> None:
        user = alice.user if whole else alice.user[1:].partition(":")[0]
        done = await sign_in(tmp_path, answers(alice.synapse.url, user, device_name="Our house"))
        assert (done.address, done.name) == (alice.user, "Alice")
        assert PASSWORD not in done.credentials.values()
        (device,) = alice.synapse.devices(alice.user)
        assert (device["device_id"], device["display_name"]) == (done.credentials["device"], "Our house")
        async with Following(
            network.session(Credentials(done.address, done.credentials), surroundings(tmp_path))
        ) as seen:
            await seen.until(lambda: seen.checkpoint)

    run(work())


@pytest.mark.servers
def test_signing_in_again_keeps_the_device(alice: Person, tmp_path: Path) -> None:
    async def work() -> None:
        first = await sign_in(tmp_path, answers(alice.synapse.url, alice.user, device_name="Our house"))
        known = Credentials(first.address, first.credentials)
        form = await network.login(surroundings(tmp_path), known).start()
        assert isinstance(form, Form)
        assert [field.value for field in form.fields] == [alice.synapse.url, alice.user, "", "Our house"]
        again = await sign_in(tmp_path, answers(alice.synapse.url, alice.user), known)
        assert again.credentials["device"] == first.credentials["device"]
        assert again.credentials["since"] == first.credentials["since"]
        assert again.credentials["token"] != first.credentials["token"]
        assert len(alice.synapse.devices(alice.user)) == 1

    run(work())


@pytest.mark.servers
def test_somebody_else_cannot_take_over_an_account_and_leaves_no_device(
    alice: Person, bob: Person, tmp_path: Path
) -> None:
    first = asyncio.run(sign_in(tmp_path, answers(alice.synapse.url, alice.user)))
    known = Credentials(first.address, first.credentials)
    for user in (bob.user, bob.user[1:].partition(":")[0]):
        fault = wrong(tmp_path, answers(bob.synapse.url, user), known)
        assert (fault.field, fault.reason.values) == ("user", {"address": alice.user})
    assert bob.synapse.devices(bob.user) == []


@pytest.mark.servers
def test_a_wrong_password_and_a_closed_account_are_said_so(alice: Person, tmp_path: Path) -> None:
    assert wrong(tmp_path, answers(alice.synapse.url, alice.user, "wrong")).field == "password"
    assert wrong(tmp_path, answers(alice.synapse.url, "nobody-at-all")).field == "password"
    alice.synapse.deactivate(alice.user)
    assert wrong(tmp_path, answers(alice.synapse.url, alice.user)).field == "password"


@pytest.mark.parametrize(
    ("given", "field"),
    [
        (answers("example.org", ""), "user"),
        (answers("example.org", "@anna"), "user"),
        (answers("example.org", "@anna:"), "user"),
        (answers("", "anna"), "homeserver"),
        (answers("exa mple", "anna"), "homeserver"),
        (answers("nowhere.invalid", "anna"), "homeserver"),
        (answers("https://10.0.0.1", "anna"), "homeserver"),
        (answers("", "@anna:nowhere.invalid"), "homeserver"),
    ],
)
def test_what_cannot_be_right_is_said_where_it_was_typed(tmp_path: Path, given: dict[str, str], field: str) -> None:
    assert wrong(tmp_path, given).field == field


def with_fake(changes: Callable[[FakeHomeserver], None], folder: Path) -> Exception:
    """What comes of signing in to a homeserver that is changed like this."""

    async def work() -> Exception:
        async with FakeHomeserver() as fake:
            changes(fake)
            try:
                await MatrixLogin(surroundings(folder)).submit(answers(fake.url, "anna"))
            except (WrongInput, Trouble) as error:
                return error
        raise AssertionError("nothing went wrong")

    return asyncio.run(work())


@pytest.mark.parametrize(
    ("place", "answer", "field"),
    [
        (("GET", VERSIONS), Told(b"<html>It works!</html>"), "homeserver"),
        (("GET", VERSIONS), Told({"versions": ["r0.6.1"]}), "homeserver"),
        (("GET", LOGIN), Told({"flows": [{"type": "m.login.sso"}]}), "password"),
        (("GET", LOGIN), Told({"flows": None}), "homeserver"),
        (("POST", LOGIN), Told({"errcode": "M_FORBIDDEN"}, 403), "password"),
        (("POST", LOGIN), Told({"errcode": "M_USER_DEACTIVATED"}, 403), "user"),
        (("POST", LOGIN), Told({"errcode": "M_CONSENT_NOT_GIVEN", "error": "Terms!"}, 403), ""),
    ],
)
def test_what_a_homeserver_says_no_to_is_told_apart(
    tmp_path: Path, place: tuple[str, str], answer: Told, field: str
) -> None:
    fault = with_fake(lambda fake: fake.answers.update({place: answer}), tmp_path)
    assert isinstance(fault, WrongInput)
    assert fault.field == field


IN: dict[str, Any] = {"user_id": "@a:b.org", "access_token": "t", "device_id": "d"}
GARBAGE = [{}, *({**IN, key: value} for key in ("user_id", "access_token") for value in (None, 1, "", []))]


@pytest.mark.parametrize(
    "answer", [Told(b"", 502), Told({}, 429, {"Retry-After": "7"}), Told(b"{"), *map(Told, GARBAGE)]
)
def test_what_may_be_better_later_is_said_so(tmp_path: Path, answer: Told) -> None:
    fault = with_fake(lambda fake: fake.answers.update({("POST", LOGIN): answer}), tmp_path)
    assert isinstance(fault, Unreachable)
    assert answer.status != 429 or fault.retry_after == 7


@pytest.mark.parametrize("device", [None, 1, "", []])
def test_a_token_of_no_device_is_of_no_use(tmp_path: Path, device: object) -> None:
    told = Told({**IN, "device_id": device})
    fault = with_fake(lambda fake: fake.answers.update({("POST", LOGIN): told}), tmp_path)
    assert isinstance(fault, WrongInput)
    assert "no device" in fault.reason.msgid


# What becomes of it


@pytest.mark.servers
def test_a_token_that_was_taken_away_asks_the_person(alice: Person, tmp_path: Path) -> None:
    async def work() -> None:
        done = await sign_in(tmp_path, answers(alice.synapse.url, alice.user))
        credentials = Credentials(done.address, done.credentials)
        async with Following(network.session(credentials, surroundings(tmp_path))) as seen:
            await seen.until(lambda: seen.checkpoint)
            alice.synapse.revoke(alice.user, done.credentials["device"])
            await seen.until(lambda: seen.trouble, 10)
            assert isinstance(seen.trouble, SignedOut)
        with pytest.raises(SignedOut):
            await network.session(credentials, surroundings(tmp_path)).open(None)

    run(work())


@pytest.mark.servers
def test_signing_out_takes_the_device_away_and_may_be_done_twice(alice: Person, tmp_path: Path) -> None:
    async def work() -> None:
        kept = alice.synapse.sign_in(alice.user, PASSWORD)
        done = await sign_in(tmp_path, answers(alice.synapse.url, alice.user))
        session = network.session(Credentials(done.address, done.credentials), surroundings(tmp_path))
        await session.open(None)
        await session.sign_out()
        assert [device["device_id"] for device in alice.synapse.devices(alice.user)] == [kept["device_id"]]
        await session.sign_out()
        await session.close()
        with pytest.raises(Unreachable):
            await session.sign_out()

    run(work())


@pytest.mark.parametrize(
    "told",
    [{"user_id": "@other:b.org", "device_id": "D"}, {"user_id": "@a:b.org", "device_id": "X"}, {"user_id": "@a:b.org"}],
)
def test_a_token_of_another_account_or_device_is_not_used(tmp_path: Path, told: dict[str, str]) -> None:
    async def work() -> None:
        async with FakeHomeserver() as fake:
            fake.answers["GET", WHOAMI] = Told(told)
            secrets = {"homeserver": fake.url, "token": "t", "device": "D"}
            session = network.session(Credentials("@a:b.org", secrets), surroundings(tmp_path))
            with pytest.raises(SignedOut):
                await session.open(None)

    run(work())
