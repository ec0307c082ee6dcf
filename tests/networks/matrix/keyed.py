"""Sessions with keys, and devices of the far side, for tests of everything encrypted."""

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

from tests.element import Device, Element
from tests.networks.following import Following
from tests.networks.matrix.people import PASSWORD, Person
from webapp.networks.actions import AcceptInvitation, SendText
from webapp.networks.contract import Credentials, Surroundings
from webapp.networks.events import InvitationReceived
from webapp.networks.matrix import network

KEY = b"k" * 32
Keyed = Callable[..., Following]


def makes_sessions(folder: Path) -> Keyed:
    """``keyed(alice)`` is a session of hers with keys, always of the same device; ``device`` names another one."""
    devices: dict[tuple[str, str], dict[str, Any]] = {}

    def make(who: Person, checkpoint: bytes | None = None, device: str = "") -> Following:
        name = (who.user, device)
        if name not in devices:
            devices[name] = who.synapse.sign_in(who.user, PASSWORD)
        told = devices[name]
        secrets = {"homeserver": who.synapse.url, "token": told["access_token"], "device": told["device_id"]}
        around = Surroundings(folder, folder / (who.user + device), None, ("127.0.0.0/8",), key=KEY)
        return Following(network.session(Credentials(who.user, secrets), around), checkpoint)

    return make


async def far_device(element: Element, who: Person, name: str = "") -> Device:
    """A device of somebody on the far side, online."""
    return await asyncio.to_thread(element.device(who.user + name).sign_in, who.synapse.url, who.user, PASSWORD)


async def do(far: Device, command: str, **words: Any) -> Any:
    return await asyncio.to_thread(lambda: far.do(command, **words))


async def until(far: Device, true: Callable[[], Any]) -> Any:
    return await asyncio.to_thread(far.until, true)


async def until_joined(far: Device, room: str, who: Person) -> None:
    joined = {"user": who.user, "membership": "join"}
    await until(far, lambda: joined in far.do("members", room=room))


async def until_read(far: Device, room: str, body: str) -> None:
    await until(far, lambda: body in far.texts(room))


async def say_sealed(far: Device, room: str, body: str) -> None:
    """Say it until it went out encrypted: a room that was just made need not be known there, or not as encrypted."""

    def said() -> bool:
        far.do("say", room=room, body=body)
        return any(one["encrypted"] for one in far.messages(room))

    await until(far, said)


async def met(seen: Following, far: Device, who: Person) -> str:
    """An encrypted room in which both are."""
    room: str = await do(far, "createRoom", name="Soup", invite=[who.user])
    await seen.event(InvitationReceived, lambda event: event.conversation == room)
    await seen.session.perform(AcceptInvitation(room))
    await until_joined(far, room, who)
    return room


def text(conversation: str, body: str) -> SendText:
    return SendText(conversation, uuid4().hex, body, datetime.now(UTC))
