"""A session of a homeserver that answers by a script."""

import asyncio
from collections.abc import Callable, Coroutine
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from tests.fake_homeserver import Asked, FakeHomeserver, Told
from tests.networks.following import Following
from tests.networks.matrix.people import surroundings
from webapp.networks.actions import SendText
from webapp.networks.contract import Credentials
from webapp.networks.matrix import network

ME, ROOM = "@me:b.org", "!room:b.org"
SYNC = "/_matrix/client/v3/sync"
WHOAMI = "/_matrix/client/v3/account/whoami"


def run(work: Coroutine[Any, Any, None]) -> None:
    asyncio.run(work)


def event(name: str, body: str = "hi", **more: Any) -> dict[str, Any]:
    said = {"msgtype": "m.text", "body": body}
    facts = {"event_id": name, "type": "m.room.message", "sender": "@a:b.org", "origin_server_ts": 1, "content": said}
    return {**facts, **more}


def room(*events: Any, **more: Any) -> dict[str, Any]:
    return {"timeline": {"events": list(events)}, **more}


def answer(position: str, join: Any = None, **more: Any) -> dict[str, Any]:
    return {"next_batch": position, "rooms": {"join": join or {}}, **more}


class Script:
    """Tells these answers one after the other, then nothing new for ever."""

    def __init__(self, *answers: Any) -> None:
        self._answers = list(answers)
        self.asked: list[Asked] = []

    async def __call__(self, asked: Asked) -> Told:
        self.asked.append(asked)
        if not self._answers:
            await asyncio.sleep(30)
        told = self._answers.pop(0)
        return told if isinstance(told, Told) else Told(told)


async def followed(
    folder: Path,
    script: Any,
    what: Callable[[Following, FakeHomeserver], Any],
    kept: bytes | None = None,
    since: str = "0",
) -> None:
    """Follow a session of a homeserver that answers like this, while ``what`` looks on."""
    async with FakeHomeserver() as fake:
        fake.answers["GET", WHOAMI] = Told({"user_id": ME, "device_id": "D"})
        fake.answers["GET", SYNC] = script
        secrets = {"homeserver": fake.url, "token": "t", "device": "D", "since": since}
        session = network.session(Credentials(ME, secrets), surroundings(folder))
        async with Following(session, kept) as seen:
            await what(seen, fake)


def text(body: str) -> SendText:
    return SendText(ROOM, body, body, datetime.now(UTC))
