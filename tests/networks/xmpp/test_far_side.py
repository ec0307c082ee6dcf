"""The tools of the tests themselves: a server that restarts with its data, and clients of the other side."""

import asyncio
from pathlib import Path

import pytest

from tests.far_side import Background, FarSide
from tests.networks.conftest import User
from tests.prosody import Prosody

pytestmark = pytest.mark.servers


def test_two_of_the_far_side_talk_directly_and_in_a_room(prosody: Prosody, alice: User, bob: User) -> None:
    async def talk() -> None:
        a, b = await alice.device().sign_in(), await bob.device().sign_in()
        phone = await bob.device("phone", carbons=True).sign_in()
        a.say(b.boundjid.full, "hello <Bob>")
        await b.hear("hello <Bob>", alice.address)
        await phone.until(lambda: phone.having("{urn:xmpp:carbons:2}received"))
        room = f"den-{alice.address.partition('@')[0]}@{prosody.muc}"
        await a.join(room, "Alice")
        await b.join(room, "Bob")
        b.say(room, "hello room", kind="groupchat")
        await a.hear("hello room", room)
        for one in (a, b, phone):
            await one.sign_out()

    asyncio.run(talk())


def test_a_killed_server_comes_back_with_its_users_and_a_changed_password(tmp_path: Path) -> None:
    with Prosody(tmp_path) as prosody:
        address = prosody.add_user("alice", "old")
        prosody.kill()
        prosody.start()
        prosody.change_password("alice", "new")
        background = Background()
        client = background.sign_in(address, "new", prosody.port, prosody.ca_file)
        background.call(client.sign_out())
        with pytest.raises(PermissionError):
            background.sign_in(address, "old", prosody.port, prosody.ca_file)
        background.stop()


def test_direct_tls_is_offered_too(prosody: Prosody, alice: User) -> None:
    async def connect() -> None:
        client = FarSide(alice.address, alice.password, prosody.direct_tls_port, prosody.ca_file)
        client.enable_direct_tls, client.enable_starttls = True, False
        await client.sign_in()
        await client.sign_out()

    asyncio.run(connect())
