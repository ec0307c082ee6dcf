"""Where the keys meet the homeserver, with a machine that says what a test wants."""

import asyncio
from collections.abc import Callable, Coroutine, Iterable, Mapping
from typing import Any

import pytest

from webapp.networks.matrix import keys as room_of_keys
from webapp.networks.matrix.encryption.inbox import Taken
from webapp.networks.matrix.encryption.outcomes import KeysNeeded
from webapp.networks.matrix.encryption.requests import Request
from webapp.networks.matrix.keys import Keys
from webapp.networks.matrix.quarantine import Heard, heard
from webapp.networks.matrix.room_keys import ROOMS_AT_ONCE
from webapp.networks.matrix.trouble import NotReached, Problem


class Machine:
    """Whose keys are wanted again ``times`` times, at the very moment of sealing."""

    def __init__(self, times: int) -> None:
        self.times = times

    async def is_encrypted(self, room: str) -> bool:
        return True

    async def look(self, room: str) -> None:
        pass

    async def due(self, room: str | None = None) -> list[Any]:
        return []

    async def note_members(self, room: str, users: list[str]) -> None:
        pass

    async def seal(self, room: str, kind: str, content: Mapping[str, Any], anyway: bool) -> dict[str, Any]:
        self.times -= 1
        if self.times >= 0:
            raise KeysNeeded
        return {"ciphertext": "…"}


class Wire:
    host = "house.test"

    async def text(self, *_: object, **__: object) -> str:
        return '{"chunk": []}'


def sealed(times: int) -> dict[str, Any]:
    keys = Keys(Machine(times), Wire())  # type: ignore[arg-type]  # as much of them as is asked for
    return asyncio.run(keys.rooms.seal("!soup:house.test", "m.room.message", {}))


def test_somebody_who_signs_in_at_the_moment_of_sealing_is_waited_for() -> None:
    assert sealed(1) == {"ciphertext": "…"}


def test_somebody_who_never_stops_signing_in_is_trouble_and_not_a_fault() -> None:
    with pytest.raises(NotReached):
        sealed(100)


# Which rooms are encrypted


class Notes(Machine):
    """Counts what is kept in one go, and gives up where a test says so."""

    def __init__(self) -> None:
        super().__init__(0)
        self.kept: list[dict[str, Any]] = []
        self.rotated: set[str] = set()
        self.fails = False

    async def is_encrypted(self, room: str) -> bool:
        return any(room in some for some in self.kept)

    async def note_encrypted(self, rooms: Mapping[str, Any]) -> None:
        if self.fails:
            raise ZeroDivisionError
        self.kept.append(dict(rooms))

    async def rotate(self, rooms: Iterable[str]) -> None:
        self.rotated |= set(rooms)


def told(**content: Any) -> list[Heard]:
    event = {"event_id": "$1", "type": "m.room.encryption", "state_key": "", "sender": "@anna:house.test"}
    return [heard({**event, "origin_server_ts": 1, "content": content})]


def noted(machine: Notes) -> Keys:
    keys = Keys(machine, Wire())  # type: ignore[arg-type]  # as much of them as is asked for
    for number in range(250):
        keys.rooms.note_state(f"!{number}:house.test", told(rotation_period_msgs=number), limited=number == 7)
    return keys


def test_thousands_of_encrypted_rooms_are_kept_some_hundred_at_a_time() -> None:
    machine = Notes()
    keys = noted(machine)
    keys.rooms.note_state("!7:house.test", told(rotation_period_msgs=3), limited=False)
    asyncio.run(keys.rooms.keep_rooms())
    assert [len(some) for some in machine.kept] == [ROOMS_AT_ONCE, ROOMS_AT_ONCE, 50]
    assert machine.kept[0]["!7:house.test"] == ({"rotation_period_msgs": 7}, {"rotation_period_msgs": 3})
    assert machine.rotated == {"!7:house.test"}
    asyncio.run(keys.rooms.keep_rooms())
    assert len(machine.kept) == 3, "what lasts is not kept again"


def test_a_room_that_could_not_be_kept_is_encrypted_all_the_same_and_kept_the_next_time() -> None:
    machine = Notes()
    machine.fails = True
    keys = noted(machine)
    with pytest.raises(ZeroDivisionError):
        asyncio.run(keys.rooms.keep_rooms())
    machine.fails = False
    assert asyncio.run(keys.rooms.is_encrypted("!249:house.test"))
    asyncio.run(keys.rooms.keep_rooms())
    assert sum(len(some) for some in machine.kept) == 250


def test_nothing_is_sealed_before_what_was_noted_of_rooms_is_kept() -> None:
    machine = Notes()
    keys = noted(machine)
    asyncio.run(keys.rooms.seal("!7:house.test", "m.room.message", {}))
    assert len(machine.kept) == 3
    assert machine.rotated == {"!7:house.test"}


# Nobody waits for others


ROOM, CROWDED = "!soup:house.test", "!crowd:house.test"


class Slow(Wire):
    """Answers the questions named in ``held`` only when a test lets it."""

    def __init__(self) -> None:
        self.held: set[str] = set()
        self.let = asyncio.Event()
        self.asked: list[str] = []

    async def ask(self, method: str, path: str, *_: object) -> dict[str, Any]:
        self.asked.append(path)
        if path in self.held:
            await self.let.wait()
        return {}


class Asks(Notes):
    """Has these questions, by room; none is for ourselves."""

    def __init__(self, **due: list[str]) -> None:
        super().__init__()
        self.waiting = {room: [Request(path, "POST", path) for path in paths] for room, paths in due.items()}
        self.verifying = self.ripening = False
        self.strangers = {"@mallory:house.test"}
        self.closed = False

    async def due(self, room: str | None = None) -> list[Any]:
        assert not self.closed
        return list(self.waiting.get(NAMES[room], []))

    async def answered(self, request: Any, _: object) -> None:
        for requests in self.waiting.values():
            requests[:] = [one for one in requests if one.key != request.key]

    async def take(self, *_: object) -> Any:
        return Taken(strangers=frozenset(self.strangers))

    async def late(self) -> list[Any]:
        return []

    async def close(self) -> None:
        self.closed = True


NAMES = {None: "us", ROOM: "soup", CROWDED: "crowd"}


def run(step: Callable[[Slow, Asks, Keys], Coroutine[Any, Any, None]], **due: list[str]) -> None:
    async def scene() -> None:
        wire, machine = Slow(), Asks(**due)
        keys = Keys(machine, wire)  # type: ignore[arg-type]  # as much of them as is asked for
        await asyncio.wait_for(step(wire, machine, keys), 20)
        wire.let.set()
        await keys.close()

    asyncio.run(scene())


def test_a_room_whose_key_takes_long_to_share_does_not_hold_up_another() -> None:
    async def step(wire: Slow, _: Asks, keys: Keys) -> None:
        wire.held = {"/crowd/1", "/crowd/2"}
        first = asyncio.create_task(keys.rooms.seal(CROWDED, "m.room.message", {}))
        await until(lambda: {*wire.asked} >= wire.held)
        assert await keys.rooms.seal(ROOM, "m.room.message", {}) == {"ciphertext": "…"}
        assert not first.done()
        wire.let.set()
        assert await first == {"ciphertext": "…"}

    run(step, crowd=["/crowd/1", "/crowd/2"], soup=["/soup/1"])


def test_two_who_wait_for_the_same_answer_ask_once_and_giving_up_takes_nothing_from_the_other() -> None:
    async def step(wire: Slow, _: Asks, keys: Keys) -> None:
        wire.held = {"/soup/1"}
        both = [asyncio.create_task(keys.rooms.seal(ROOM, "m.room.message", {})) for _ in range(2)]
        await until(lambda: bool(wire.asked))
        await asyncio.sleep(0)
        both[0].cancel()
        await asyncio.wait(both[:1])
        wire.let.set()
        assert await both[1] == {"ciphertext": "…"}
        assert wire.asked == ["/soup/1"]

    run(step, soup=["/soup/1"])


def test_whoever_leaves_a_page_takes_no_answer_from_others() -> None:
    async def step(wire: Slow, machine: Asks, keys: Keys) -> None:
        wire.held = {"/query"}
        both = [asyncio.create_task(keys.settle()) for _ in range(2)]
        await until(lambda: bool(wire.asked))
        both[0].cancel()
        await asyncio.wait(both[:1])
        wire.let.set()
        await both[1]
        assert (wire.asked, machine.waiting["us"]) == (["/query"], [])

    run(step, us=["/query"])


def test_messages_do_not_wait_for_a_homeserver_that_takes_long_to_tell_whose_devices_there_are(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(room_of_keys, "SOON", 0.05)

    async def step(wire: Slow, machine: Asks, keys: Keys) -> None:
        wire.held, news = {"/query"}, asyncio.Event()
        keys.changed = news.set
        await keys.take({})
        await keys.stored()
        assert wire.asked == ["/query"]
        assert machine.waiting["us"], "it was given up"
        assert not news.is_set()
        wire.let.set()
        await news.wait()
        assert machine.waiting["us"] == []
        machine.waiting["us"].append(Request("/next", "POST", "/next"))
        await keys.stored()
        assert wire.asked == ["/query", "/next"]

    run(step, us=["/query"])


def test_what_went_wrong_beside_is_told_with_the_next_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(room_of_keys, "SOON", 0.05)

    async def step(wire: Slow, machine: Asks, keys: Keys) -> None:
        async def breaks(*_: object) -> None:
            raise NotReached(Problem.BROKEN, "house.test")

        wire.held, machine.answered = {"/query"}, breaks  # type: ignore[method-assign]  # only here
        await keys.stored()
        wire.let.set()
        with pytest.raises(NotReached):
            await keys.stored()

    run(step, us=["/query"])


def test_nothing_is_done_with_keys_after_they_were_closed() -> None:
    """Another session may have opened the same file by then."""

    async def step(wire: Slow, _: Asks, keys: Keys) -> None:
        wire.held = {"/soup/1"}
        sealing = asyncio.create_task(keys.rooms.seal(ROOM, "m.room.message", {}))
        await until(lambda: bool(wire.asked))
        await keys.close()
        for late in (sealing, keys.settle(), keys.own(lambda own: None), keys.verifications(), keys.stored()):
            with pytest.raises((NotReached, asyncio.CancelledError)):
                await late

    run(step, soup=["/soup/1"])


async def until(there: Callable[[], bool]) -> None:
    while not there():  # noqa: ASYNC110 (what is waited for has no event)
        await asyncio.sleep(0.001)
