"""A house out of a backup: no key is used twice, and nothing that could be read is lost."""

import shutil
from pathlib import Path

import pytest

from tests.element import Element
from tests.networks.following import Following
from tests.networks.matrix.dialogues import set_up
from tests.networks.matrix.keyed import KEY, do, far_device, met, text, until, until_read
from tests.networks.matrix.people import PASSWORD, Person
from webapp.networks.contract import RESTORED, Anchor, Credentials, Surroundings
from webapp.networks.errors import SignedOut
from webapp.networks.events import MessageReceived
from webapp.networks.login import SignedIn
from webapp.networks.matrix import network
from webapp.networks.matrix.encryption.renewal import device_in

pytestmark = [pytest.mark.servers, pytest.mark.timeout(180), pytest.mark.anyio]


async def signed_in(who: Person, around: Surroundings, known: Credentials | None = None) -> Credentials:
    given = {"homeserver": who.synapse.url, "user": who.user, "password": PASSWORD}
    step = await network.login(around, known).submit(given)
    assert isinstance(step, SignedIn)
    return Credentials(step.address, step.credentials)


async def identity_keys(seen: Following) -> dict[str, str]:
    """The keys of our device itself."""
    keys = seen.session._open_line().keys  # type: ignore[attr-defined]  # the session of this network
    found: dict[str, str] = await keys.own(lambda own: own._store.account.identity_keys)
    return found


async def test_a_restored_account_becomes_a_new_device_that_reads_everything_and_writes_with_fresh_keys(
    alice: Person, bob: Person, element: Element, tmp_path: Path
) -> None:
    folder = tmp_path / "account"
    around = Surroundings(tmp_path, folder, None, ("127.0.0.0/8",), key=KEY)
    bobs = await far_device(element, bob)
    await do(bobs, "setUpKeys")
    credentials = await signed_in(alice, around)
    async with Following(network.session(credentials, around)) as seen:
        await seen.until(lambda: seen.checkpoint)
        await set_up(seen)
        room = await met(seen, bobs, alice)
        await do(bobs, "say", room=room, body="before the backup")
        await seen.message("before the backup")
        await seen.session.perform(text(room, "heard"))
        await until_read(bobs, room, "heard")
        checkpoint, used = seen.checkpoint, await identity_keys(seen)
    shutil.copytree(folder, tmp_path / "copy")
    async with Following(network.session(credentials, around), checkpoint) as seen:
        await seen.session.perform(text(room, "after the backup"))
        await until_read(bobs, room, "after the backup")
    shutil.rmtree(folder)
    (tmp_path / "copy").rename(folder)
    (folder / RESTORED).touch()

    for _ in range(2):
        with pytest.raises(SignedOut, match="backup"):
            await network.session(credentials, around).open(checkpoint)
    renewed = await signed_in(alice, around, credentials)
    device = renewed.secrets["device"]
    assert device != credentials.secrets["device"]
    async with Following(network.session(renewed, around), checkpoint) as seen:
        assert not (folder / RESTORED).exists()
        assert device_in(folder) == device
        assert not set((await identity_keys(seen)).values()) & set(used.values())
        await seen.until(lambda: seen.checkpoint != checkpoint)
        page = await seen.session.older(room, Anchor(), 50)
        old = [event.body for event in page.batch.events if isinstance(event, MessageReceived)]
        assert "before the backup" in old
        await seen.session.perform(text(room, "from the new device"))
        await until_read(bobs, room, "from the new device")
        await until(bobs, lambda: bobs.messages(room)[-1]["shield"] is None)  # it is vouched for as well
        await do(bobs, "say", room=room, body="welcome back")
        assert not (await seen.message("welcome back")).sealed
    again = await signed_in(alice, around, renewed)
    assert again.secrets["device"] == device


async def test_where_there_are_no_keys_nothing_is_asked_of_anybody(alice: Person, tmp_path: Path) -> None:
    around = Surroundings(tmp_path, tmp_path / "account", None, ("127.0.0.0/8",), key=KEY)
    credentials = await signed_in(alice, around)
    around.folder.mkdir(exist_ok=True)
    (around.folder / RESTORED).touch()
    async with Following(network.session(credentials, around)) as seen:
        await seen.until(lambda: seen.checkpoint)
    assert not (around.folder / RESTORED).exists()


async def test_broken_keys_out_of_a_backup_are_put_aside_like_any_others(alice: Person, tmp_path: Path) -> None:
    around = Surroundings(tmp_path, tmp_path / "account", None, ("127.0.0.0/8",), key=KEY)
    credentials = await signed_in(alice, around)
    around.folder.mkdir(exist_ok=True)
    (around.folder / RESTORED).touch()
    (around.folder / "keys.sqlite").write_bytes(b"nonsense" * 500)
    (around.folder / "keys.made").touch()
    with pytest.raises(SignedOut):
        await network.session(credentials, around).open(None)
    renewed = await signed_in(alice, around, credentials)
    assert renewed.secrets["device"] != credentials.secrets["device"]
    async with Following(network.session(renewed, around)) as seen:
        await seen.until(lambda: seen.checkpoint)
