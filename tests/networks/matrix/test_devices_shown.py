"""Somebody's devices, to be looked at whenever one likes: with the library below Element, and how it is put."""

import asyncio

import pytest

from tests.element import Device, Element
from tests.networks.following import Following
from tests.networks.matrix.dialogues import set_up
from tests.networks.matrix.keyed import Keyed, do, far_device
from tests.networks.matrix.people import PASSWORD, Person
from tests.networks.matrix.verification.comparing import (
    asked_of,
    compare,
    device_of,
    in_a_room,
    last_matters,
    until_step,
)
from webapp.languages import Sentence
from webapp.networks.errors import Refused
from webapp.networks.login import Dialogue, Show
from webapp.networks.matrix.comparing import Compare
from webapp.networks.matrix.device_words import MOST_SHOWN, about_person, ours, theirs
from webapp.networks.matrix.encryption.standing import DeviceSeen, DevicesSeen
from webapp.networks.matrix.tasks_devices import TheirDevices
from webapp.networks.matrix.trouble import NotReached, Problem
from webapp.networks.sealing import Trust, TrustChanged


async def begun(seen: Following, task: str) -> tuple[Dialogue, Show]:
    dialogue = await seen.session.begin(task)
    step = await dialogue.start()
    assert isinstance(step, Show)
    return dialogue, step


def by_id(step: Show) -> dict[str, tuple[object, Trust]]:
    """What each device is called and whether it is certain whose it is; one that is called by its id stands by that."""
    return {one.id or str(one.name): (one.name, one.trust) for one in step.devices}


async def until_shown(dialogue: Dialogue, count: int) -> Show:
    """As the page polls."""
    async with asyncio.timeout(60):
        while True:
            step = await dialogue.submit({})
            assert isinstance(step, Show)
            if len(step.devices) == count:
                return step
            await asyncio.sleep(0.2)


async def another(element: Element, who: Person, shown: str) -> Device:
    """One more device of somebody, with this name, for which nobody vouches."""
    far = element.device(f"{who.user} {shown}")
    await asyncio.to_thread(far.do, "signIn", homeserver=who.synapse.url, user=who.user, secret=PASSWORD, name=shown)
    return far


@pytest.mark.servers
@pytest.mark.timeout(240)
def test_the_devices_of_a_person_stand_there_and_a_new_one_appears(
    alice: Person, bob: Person, element: Element, keyed: Keyed
) -> None:
    async def work() -> None:
        far = await far_device(element, bob)
        await do(far, "setUpKeys")
        async with keyed(alice) as seen:
            await set_up(seen)
            await in_a_room(seen, far, alice)
            await asyncio.to_thread(far.until, lambda: far.do("devicesOf", user=alice.user))
            list_, step = await begun(seen, f"devices:{bob.user}")
            assert by_id(step) == {far.id: ("Far side", Trust.UNKNOWN)}, "vouched for by we do not know whom"
            assert step.title.values == {"who": f"Bob ({bob.user})"}
            await list_.submit({"button": "compare"})
            asked = await asked_of(far)
            await do(far, "verification", id=asked, step="accept")
            await compare(list_, far, asked)
            await seen.event(TrustChanged, lambda e: (e.address, e.trust) == (bob.user, Trust.CONFIRMED))
            list_, step = await begun(seen, f"devices:{bob.user}")
            assert by_id(step) == {far.id: ("Far side", Trust.CONFIRMED)}
            assert step.buttons == ()
            await another(element, bob, "New\u202e tablet")
            step = await until_shown(list_, 2)
            assert [(one.name, one.trust) for one in step.devices] == [
                ("New tablet", Trust.UNCONFIRMED),
                ("Far side", Trust.CONFIRMED),
            ]

    asyncio.run(work())


@pytest.mark.servers
@pytest.mark.timeout(240)
def test_ones_own_devices_stand_there_and_one_that_is_not_confirmed_is_compared_with(
    alice: Person, element: Element, keyed: Keyed
) -> None:
    async def work() -> None:
        async with keyed(alice) as seen:
            await set_up(seen)
            list_, step = await begun(seen, "devices")
            assert [(one.id, one.trust) for one in step.devices] == [(device_of(seen), Trust.CONFIRMED)]
            assert step.buttons == ()
            await another(element, alice, "Somebody's laptop")
            step = await until_shown(list_, 2)
            assert [one.trust for one in step.devices] == [Trust.CONFIRMED, Trust.UNCONFIRMED]
            assert step.devices[1].name == "Somebody's laptop"
            assert [name for name, _ in step.buttons] == ["compare"]
            await seen.until(lambda: any("One of your devices" in m.text.msgid for m in last_matters(seen)))
            asking = await list_.submit({"button": "compare"})
            assert isinstance(asking, Show)
            assert [name for name, _ in asking.buttons] == ["cancel"]
            await until_step(list_, "over", button="cancel")
            await list_.close()

    asyncio.run(work())


class Nobody:
    """Keys of somebody whose homeserver cannot be reached; ``known`` is what is known from before."""

    def __init__(self, known: DevicesSeen) -> None:
        self.known, self.reached = known, False
        self.looked_at: list[str] = []

    async def look_at(self, user: str) -> None:
        self.looked_at.append(user)
        if not self.reached:
            raise NotReached(Problem.SILENT, "b.org")

    async def devices_of(self, user: str) -> DevicesSeen:
        return self.known


BOB = "@bob:b.org"
PHONE, TABLET = DeviceSeen("PHONE", "Bob's phone", True), DeviceSeen("TABLET", "", False)


def test_who_cannot_be_reached_is_told_of_and_what_is_known_stands_there_all_the_same() -> None:
    async def work() -> None:
        keys = Nobody(DevicesSeen(Trust.UNCONFIRMED, (PHONE,), current=False))
        list_ = TheirDevices(keys, BOB, "Bob", lambda: pytest.fail("nobody compares"))  # type: ignore[arg-type]  # no more is asked of them
        step = await list_.start()
        assert isinstance(step, Show)
        assert by_id(step) == {"PHONE": ("Bob's phone", Trust.UNKNOWN)}
        assert "out of date" in step.explanation.msgid
        assert step.explanation.values["reason"] == NotReached(Problem.SILENT, "b.org").reason
        await list_.submit({})
        assert keys.looked_at == [BOB], "a page that polls asks nobody out there"
        assert [name for name, _ in step.buttons] == ["compare", "again"]
        keys.reached, keys.known = True, DevicesSeen(Trust.UNCONFIRMED, (PHONE, TABLET), current=True)
        step = await list_.submit({"button": "again"})
        assert isinstance(step, Show)
        assert by_id(step).keys() == {"PHONE", "TABLET"}
        assert "out of date" not in step.explanation.msgid
        assert [name for name, _ in step.buttons] == ["compare"]

    asyncio.run(work())


def test_where_nobody_can_be_asked_to_compare_the_list_stays() -> None:
    async def work() -> None:
        async def nobody() -> str:
            raise Refused(Sentence("Nobody is there."))

        keys = Nobody(DevicesSeen(Trust.UNCONFIRMED, (PHONE,), current=True))
        keys.reached = True
        list_ = TheirDevices(keys, BOB, "Bob", lambda: Compare(keys, BOB, BOB, nobody))  # type: ignore[arg-type]  # no more is asked of them
        step = await list_.start()
        with pytest.raises(Refused):
            await list_.submit({"button": "compare"})
        assert await list_.submit({}) == step

    asyncio.run(work())


@pytest.mark.parametrize("trust", list(Trust))
def test_a_device_is_certain_only_where_its_owner_vouches_for_it_and_is_certain(trust: Trust) -> None:
    seen = DevicesSeen(trust, (PHONE, TABLET, DeviceSeen("OLD", "", None)), current=True)
    expected = Trust.CONFIRMED if trust is Trust.CONFIRMED else Trust.UNKNOWN
    for shown in (theirs(seen), ours(seen, "ELSEWHERE")):
        assert [one.trust for one in shown] == [expected, Trust.UNCONFIRMED, Trust.UNKNOWN]
    assert [(one.name, one.id) for one in theirs(seen)] == [("Bob's phone", "PHONE"), ("TABLET", ""), ("OLD", "")]
    assert about_person(seen, BOB).values == {"who": BOB}


def test_this_device_comes_first_and_no_list_is_endless() -> None:
    many = tuple(DeviceSeen(f"D{number:03}", "", False) for number in range(500))
    shown = ours(DevicesSeen(Trust.CONFIRMED, many, current=True), "D400")
    assert (shown[0].id, len(shown)) == ("D400", MOST_SHOWN)
    assert len(theirs(DevicesSeen(Trust.CONFIRMED, many, current=True))) == MOST_SHOWN
