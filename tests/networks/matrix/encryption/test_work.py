"""The keys of one account at work: what is put up, asked for and answered."""

import asyncio

import pytest

from tests.networks.matrix.encryption.makers import ALICE, DEVICE, KEY, ROOM
from tests.networks.matrix.encryption.two_devices import BOB, CALM, SETTINGS, SOUP, read
from webapp.networks.matrix.encryption.desk import Desk
from webapp.networks.matrix.encryption.machine import Machine
from webapp.networks.matrix.encryption.outcomes import Opened
from webapp.networks.matrix.encryption.requests import Request

pytestmark = pytest.mark.process  # together they take seconds


def test_a_new_device_puts_its_keys_up_once(work, server):
    assert len(server.uploads) == 1
    assert server.uploads[0]["device_keys"]["device_id"] == DEVICE
    work.take([], {}, {"signed_curve25519": 50}, ["signed_curve25519"])
    assert work.due(None) == []


def test_used_keys_are_replaced(work, server):
    work.take([], {}, {}, [])
    server.settle(work)
    assert server.uploads[1].keys() == {"one_time_keys", "fallback_keys"}


def test_a_list_that_changes_while_it_is_asked_for_is_asked_for_again(work, server, bob):
    work.take([], {"changed": [BOB]}, *CALM[1:])
    [request] = work.due(None)
    work.take([], {"changed": [BOB]}, *CALM[1:])
    assert work.due(None) == [request]
    work.answered(request, server.answer(request))
    [again] = work.due(None)
    assert again.body == request.body
    assert again.key != request.key


def test_an_answer_that_makes_no_sense_breaks_nothing(work, server):
    work.take([], {"changed": [BOB]}, {}, [])
    for reply in (None, [], 5, {"device_keys": 5}, {"one_time_keys": []}):
        for request in work.due(ROOM) + work.due(None):
            work.answered(request, reply)
        assert work._store.tables.device(BOB, "BOBSPHONE").gone is False
        work.answered(Request("unknown", "GET", "/"), reply)


def test_the_machine_does_the_same_from_the_loop(tmp_path, server, bob):
    desk = Desk()

    async def everything():
        machine = await Machine.start(tmp_path, KEY, ALICE, DEVICE, desk)
        await machine.note_encrypted({ROOM: [SETTINGS]})
        await machine.note_members(ROOM, [ALICE, BOB])
        await machine.take([], *CALM)
        while wanted := [*await machine.due(), *await machine.due(ROOM)]:
            for request in wanted:
                await machine.answered(request, server.answer(request))
        sealed = await machine.seal(ROOM, "m.room.message", SOUP)
        [opened] = await machine.open(ROOM, [{"event_id": "$1", "sender": ALICE, "content": sealed}])
        assert await machine.is_encrypted(ROOM)
        assert await machine.late() == []
        await machine.shown([])
        await machine.rotate([ROOM])
        await machine.close()
        return sealed, opened

    sealed, opened = asyncio.run(everything())
    desk.close()
    assert opened == Opened("m.room.message", SOUP)
    assert read(server.keys_for(bob)[0], sealed)[0]["content"] == SOUP
