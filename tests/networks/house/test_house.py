"""The house's own rules: who is in the family group, and what its groups are called."""

import asyncio
from collections.abc import Coroutine
from pathlib import Path
from typing import Any

import pytest

from tests.networks.following import Following
from webapp.networks.actions import CreateGroup, InviteMembers, LeaveGroup, RenameGroup, SetSubject, StartDirect
from webapp.networks.contract import Credentials, Resident, Session, Surroundings
from webapp.networks.errors import Refused
from webapp.networks.events import ConversationChanged, ConversationState, MembersChanged, MessageReceived
from webapp.networks.house import FAMILY, network


class People:
    """The people of one house."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._around = self.around(on=True)

    def around(self, *, on: bool) -> Surroundings:
        return Surroundings(self._folder / "shared", self._folder / "account", switches={"family_group": on})

    def sign_in(self, name: str) -> Session:
        """As at every sign-in: enrolled (again), then connected."""
        made = network.enrol(Resident(name.casefold(), name), self._around)
        return network.session(Credentials(made.address, made.credentials, made.name), self._around)

    def switch(self, *, on: bool) -> None:
        network.configure(self.around(on=on))


@pytest.fixture
def people(tmp_path: Path) -> People:
    return People(tmp_path)


def run(work: Coroutine[Any, Any, None]) -> None:
    asyncio.run(work)


async def state(seen: Following, room: str, wanted: ConversationState) -> ConversationChanged:
    return await seen.event(ConversationChanged, lambda e: e.conversation == room and e.state is wanted)


async def family_of(session: Session) -> set[str]:
    """Who is in the family group, as somebody in it sees it."""
    async with Following(session) as seen:
        told = await seen.event(MembersChanged, lambda e: e.conversation == FAMILY and e.complete)
        return {member.address for member in told.members}


def test_whoever_left_the_family_group_stays_out_until_somebody_invites_them(people: People) -> None:
    async def talk() -> None:
        async with Following(people.sign_in("Alice")) as alice:
            async with Following(people.sign_in("Bob")) as bob:
                await state(bob, FAMILY, ConversationState.JOINED)
                await bob.session.perform(LeaveGroup(FAMILY))
                assert (await state(bob, FAMILY, ConversationState.LEFT)).reason is None
            people.sign_in("Bob")
            people.sign_in("Carol")
            assert await family_of(people.sign_in("Alice")) == {"Alice", "Carol"}
            people.switch(on=False)
            people.switch(on=True)
            people.sign_in("Bob")
            assert await family_of(people.sign_in("Alice")) == {"Alice", "Carol"}
            await alice.session.perform(InviteMembers(FAMILY, ("Bob",)))
            assert await family_of(people.sign_in("Bob")) == {"Alice", "Bob", "Carol"}
            people.switch(on=False)
            people.switch(on=True)
            assert await family_of(people.sign_in("Alice")) == {"Alice", "Bob", "Carol"}

    run(talk())


def test_a_family_group_that_is_turned_off_says_who_closed_it_and_comes_back_for_everybody(people: People) -> None:
    async def talk() -> None:
        people.sign_in("Bob")
        async with Following(people.sign_in("Alice")) as alice:
            people.switch(on=False)
            closed = (await state(alice, FAMILY, ConversationState.LEFT)).reason
            assert closed is not None
            assert "closed this group for everyone" in closed.msgid
            people.switch(on=True)
            assert await family_of(people.sign_in("Alice")) == {"Alice", "Bob"}

    run(talk())


def test_a_group_is_called_something_else_for_everybody_and_never_nothing(people: People) -> None:
    async def talk() -> None:
        async with Following(people.sign_in("Bob")) as bob, Following(people.sign_in("Alice")) as alice:
            garden = (await alice.session.perform(CreateGroup("", "Garden", ("Bob",)))).conversation or ""
            for nothing in ("", "   "):
                with pytest.raises(Refused) as refused:
                    await alice.session.perform(RenameGroup(garden, nothing))
                assert "needs a name" in refused.value.reason.msgid
            await alice.session.perform(RenameGroup(garden, " Allotment "))
            called = await bob.event(ConversationChanged, lambda e: e.conversation == garden and e.name == "Allotment")
            assert called.topic is None
            said = await bob.event(MessageReceived, lambda e: e.conversation == garden)
            assert said.quiet
            assert all(e.name for e in bob.events(ConversationChanged) if e.conversation == garden)

    run(talk())


def test_what_a_group_is_called_is_no_subject_and_two_people_have_neither(people: People) -> None:
    async def talk() -> None:
        people.sign_in("Bob")
        async with Following(people.sign_in("Alice")) as alice:
            pair = (await alice.session.perform(StartDirect("Bob"))).conversation or ""
            for action in (SetSubject(FAMILY, "Soup"), RenameGroup(pair, "Us"), LeaveGroup(pair)):
                with pytest.raises(Refused):
                    await alice.session.perform(action)

    run(talk())
