"""Message keys in a file, from and for the library below Element.

nio makes the one that we open. That it opens ours is shown in ``encryption/test_key_file``: here it would take half a
minute, because it counts those many rounds itself.
"""

import json

import pytest
from nio.crypto.key_export import encrypt

from tests.element import Element
from tests.networks.matrix.keyed import Keyed, do, far_device, say_sealed, text, until
from tests.networks.matrix.people import Person
from webapp.networks.actions import CreateGroup
from webapp.networks.errors import Refused
from webapp.networks.events import MessageOpened
from webapp.networks.login import FieldKind, Finished, Form, Show, WrongInput
from webapp.networks.matrix.encryption.key_file import FOOTER, HEADER, unlock
from webapp.networks.matters import MattersChanged

pytestmark = [pytest.mark.servers, pytest.mark.timeout(180), pytest.mark.anyio]
PHRASE = "pumpkin soup"


async def test_keys_that_element_wrote_into_a_file_open_old_messages_here(
    alice: Person, element: Element, keyed: Keyed
) -> None:
    far = await far_device(element, alice)
    room = await do(far, "createRoom", name="Soup")
    await say_sealed(far, room, "from before")
    keys = await do(far, "exportKeys")
    file = f"{HEADER}\n{encrypt(json.dumps(keys).encode(), PHRASE, count=1000)}\n{FOOTER}"
    async with keyed(alice) as seen:
        await seen.until(lambda: any(m.sealed for m in seen.messages() if m.conversation == room))
        told = await seen.event(MattersChanged, lambda e: any(m.task == "keys:import" for m in e.matters))
        assert [m.button for m in told.matters if m.task == "keys:import"] != [None]
        ours = await seen.session.begin("keys:import")
        step = await ours.start()
        assert isinstance(step, Form)
        assert [field.kind for field in step.fields] == [FieldKind.FILE, FieldKind.PASSWORD]
        for wrong in ({"file": ""}, {"file": "hello"}, {"passphrase": "other"}):
            with pytest.raises(WrongInput):
                await ours.submit({"file": file, "passphrase": PHRASE, **wrong})
        assert isinstance(await ours.submit({"file": file, "passphrase": PHRASE}), Finished)
        opened = await seen.event(MessageOpened, lambda e: e.conversation == room)
        assert opened.body == "from before"
        assert opened.untrusted


async def test_keys_that_we_write_into_a_file_open_old_messages_in_element(
    alice: Person, element: Element, keyed: Keyed
) -> None:
    async with keyed(alice) as seen:
        await seen.until(lambda: seen.checkpoint)
        ours = await seen.session.begin("keys:export")
        await ours.start()
        with pytest.raises(Refused):
            await ours.submit({"passphrase": PHRASE, "again": PHRASE})
        room = str((await seen.session.perform(CreateGroup("", "Soup"))).conversation)
        await seen.session.perform(text(room, "from before"))
        for wrong in ({"passphrase": "short", "again": "short"}, {"passphrase": PHRASE, "again": "other"}):
            with pytest.raises(WrongInput):
                await ours.submit(wrong)
        step = await ours.submit({"passphrase": PHRASE, "again": PHRASE})
        assert isinstance(step, Show)
        assert step.download
        assert isinstance(await ours.submit({"button": "saved"}), Finished)
    far = await far_device(element, alice)
    await until(far, lambda: far.texts(room))
    assert far.texts(room) != ["from before"]
    keys = json.loads(unlock(step.download.content.decode(), PHRASE))
    await do(far, "importKeys", keys=keys)
    await until(far, lambda: far.texts(room) == ["from before"])
