"""Contacts: who is there, who asks, who is asked. Nobody is accepted without the person's word."""

import asyncio
from collections.abc import Coroutine
from typing import Any

import pytest

from tests.networks.conftest import User
from tests.networks.xmpp.conftest import Follow
from webapp.networks.actions import AcceptInvitation, AddContact, DeclineInvitation, RemoveContact
from webapp.networks.events import (
    ContactChanged,
    ContactGone,
    ConversationChanged,
    ConversationKind,
    ConversationState,
    InvitationReceived,
    Presence,
    PresenceChanged,
)

pytestmark = pytest.mark.servers


def run(work: Coroutine[Any, Any, None]) -> None:
    asyncio.run(work)


def test_a_request_is_asked_and_never_answered_by_itself(follow: Follow, alice: User, bob: User) -> None:
    async def talk() -> None:
        far = await bob.device().sign_in()
        async with follow(alice) as seen:
            far.send_presence(pto=alice.address, ptype="subscribe", pstatus="it is me")
            asked = await seen.event(InvitationReceived)
            assert (asked.conversation, asked.kind, asked.sender) == (bob.address, ConversationKind.DIRECT, bob.address)
            assert asked.text == "it is me"
            await seen.quiet(0.5)
            assert not [s for s in far.stanzas if s.get("type") == "subscribed"]
            assert seen.events(ContactChanged) == []
        async with follow(alice, seen.checkpoint) as again:
            await again.event(InvitationReceived)
            await again.session.perform(AcceptInvitation(bob.address))
            await far.until(lambda: [s for s in far.stanzas if s.get("type") == "subscribed"])
            far.send_presence(pto=alice.address, ptype="subscribed")
            contact = await again.event(ContactChanged, lambda e: e.mutual)
            assert (contact.address, contact.conversation) == (bob.address, bob.address)
            present = await again.event(PresenceChanged, lambda e: e.presence is Presence.ONLINE)
            assert present.address == bob.address
            far.send_presence(pshow="dnd", pstatus="cooking")
            busy = await again.event(PresenceChanged, lambda e: e.presence is Presence.BUSY)
            assert busy.status == "cooking"
            await far.sign_out()
            await again.event(PresenceChanged, lambda e: e.presence is Presence.OFFLINE)

    run(talk())


def test_a_request_can_be_declined(follow: Follow, alice: User, bob: User) -> None:
    async def talk() -> None:
        far = await bob.device().sign_in()
        async with follow(alice) as seen:
            far.send_presence(pto=alice.address, ptype="subscribe")
            await seen.event(InvitationReceived)
            await seen.session.perform(DeclineInvitation(bob.address))
            await far.until(lambda: [s for s in far.stanzas if s.get("type") == "unsubscribed"])
            await seen.event(ConversationChanged, lambda e: e.state is ConversationState.DECLINED)
        async with follow(alice, seen.checkpoint) as again:
            await again.quiet(0.5)
            assert again.events(InvitationReceived) == []
        await far.sign_out()

    run(talk())


def test_whom_the_person_asked_becomes_mutual_with_one_yes(follow: Follow, alice: User, bob: User) -> None:
    async def talk() -> None:
        far = await bob.device().sign_in()
        async with follow(alice) as seen:
            await seen.session.perform(AddContact(bob.address, "Bobby"))
            contact = await seen.event(ContactChanged)
            assert (contact.address, contact.name, contact.mutual) == (bob.address, "Bobby", False)
            await far.until(lambda: [s for s in far.stanzas if s.get("type") == "subscribe"])
            far.send_presence(pto=alice.address, ptype="subscribed")
            far.send_presence(pto=alice.address, ptype="subscribe")
            await seen.event(ContactChanged, lambda e: e.mutual)
            assert seen.events(InvitationReceived) == []
            await seen.session.perform(RemoveContact(bob.address))
            assert (await seen.event(ContactGone)).address == bob.address
        await far.sign_out()

    run(talk())


def test_a_contact_that_was_removed_elsewhere_is_gone_here(follow: Follow, alice: User, bob: User) -> None:
    async def talk() -> None:
        phone = await alice.device("phone").sign_in()
        async with follow(alice) as seen:
            await seen.session.perform(AddContact(bob.address))
            await seen.event(ContactChanged)
            await seen.quiet()
        remove = f"<query xmlns='jabber:iq:roster'><item jid='{bob.address}' subscription='remove'/></query>"
        await phone.ask("set", remove)
        async with follow(alice, seen.checkpoint) as again:
            assert (await again.event(ContactGone)).address == bob.address
        await phone.sign_out()

    run(talk())
