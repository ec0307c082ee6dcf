"""What people do and see in conversations, for tests on a real homeserver."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

from tests.networks.following import Following
from tests.networks.matrix.plain_far_side import PlainFarSide
from webapp.networks.actions import SendText, StartDirect
from webapp.networks.events import ConversationChanged, ConversationState


def text(conversation: str, body: str) -> SendText:
    return SendText(conversation, uuid4().hex, body, datetime.now(UTC))


def of(room: str) -> Callable[[Any], bool]:
    return lambda event: event.conversation == room


async def group(far: PlainFarSide, *others: PlainFarSide, **more: Any) -> str:
    """A group that somebody made, in which the others are."""
    room = await far.make_room(*(one.user for one in others), **more)
    for one in others:
        await one.join(room)
    return room


async def talk(seen: Following, far: PlainFarSide) -> str:
    """A chat of two that we began and they joined."""
    room = (await seen.session.perform(StartDirect(far.user))).conversation
    assert room
    await far.join(room)
    return room


async def last_change(seen: Following, room: str, like: Callable[[ConversationChanged], bool]) -> ConversationChanged:
    return await seen.event(ConversationChanged, lambda event: event.conversation == room and like(event))


async def until_state(seen: Following, room: str, state: ConversationState) -> ConversationChanged:
    return await last_change(seen, room, lambda event: event.state is state)


async def heard(far: PlainFarSide, room: str, kind: str, name: str) -> list[dict[str, Any]]:
    """The ephemeral events of a kind that name this, waited for."""
    found = lambda: [e for e in far.ephemeral.get(room, []) if e["type"] == kind and name in str(e)]  # noqa: E731
    events: list[dict[str, Any]] = await far.until(found)
    return events
