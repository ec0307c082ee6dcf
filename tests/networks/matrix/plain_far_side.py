"""The other side of a conversation: a plain client in Python that asks a homeserver over HTTP, nothing else.

It shares no code with the connector. Everything that a sync tells is kept in ``events``, by room.
"""

import asyncio
import time
from collections.abc import Callable
from itertools import count
from typing import Any, Self, TypeVar
from urllib.parse import quote

import aiohttp

PATIENCE = 20.0
T = TypeVar("T")
_numbers = count(1)


class Refusal(Exception):
    """The homeserver said no: status and error code."""


class PlainFarSide:
    """One device of somebody. ``async with`` it: signed in by then, and signed out of its line afterwards."""

    def __init__(self, url: str, user: str, password: str) -> None:
        self.url, self.user, self._password = url, user, password
        self.token, self.device, self._since = "", "", ""
        self.events: dict[str, list[dict[str, Any]]] = {}
        self.invitations: dict[str, list[dict[str, Any]]] = {}
        self.ephemeral: dict[str, list[dict[str, Any]]] = {}

    async def __aenter__(self) -> Self:
        self._http = aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=PATIENCE))
        identifier = {"type": "m.id.user", "user": self.user}
        body = {"type": "m.login.password", "identifier": identifier, "password": self._password}
        told = await self.ask("POST", "login", body)
        self.token, self.device = told["access_token"], told["device_id"]
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._http.close()

    async def ask(self, method: str, path: str, body: Any = None, **query: str) -> dict[str, Any]:
        """A question below the client API. Raises Refusal."""
        headers = {"Authorization": f"Bearer {self.token}"} if self.token else {}
        where = f"{self.url}/_matrix/client/v3/{path}"
        data = body if body is not None or method in {"GET", "DELETE"} else {}
        async with self._http.request(method, where, json=data, headers=headers, params=query) as answer:
            told: dict[str, Any] = await answer.json()
            if answer.status != 200:
                raise Refusal(answer.status, told.get("errcode"))
            return told

    # Doing something

    async def make_room(self, *invited: str, direct: bool = False, **more: Any) -> str:
        preset = "trusted_private_chat" if direct else "private_chat"
        body = {"preset": preset, "invite": list(invited), "is_direct": direct, **more}
        room: str = (await self.ask("POST", "createRoom", body))["room_id"]
        return room

    async def join(self, room: str) -> None:
        await self.ask("POST", f"join/{quote(room)}")

    async def say(self, room: str, body: str, **more: Any) -> str:
        """Say something; the answer is its id."""
        return await self.send(room, "m.room.message", {"msgtype": "m.text", "body": body, **more})

    async def send(self, room: str, kind: str, content: dict[str, Any]) -> str:
        place = f"rooms/{quote(room)}/send/{kind}/far-{next(_numbers)}-{time.time_ns()}"
        name: str = (await self.ask("PUT", place, content))["event_id"]
        return name

    async def set_state(self, room: str, kind: str, content: dict[str, Any], key: str = "") -> None:
        await self.ask("PUT", f"rooms/{quote(room)}/state/{kind}/{quote(key)}", content)

    async def read(self, room: str, name: str) -> None:
        await self.ask("POST", f"rooms/{quote(room)}/receipt/m.read/{quote(name)}")

    async def typing(self, room: str, typing: bool) -> None:
        body = {"typing": typing, "timeout": 20_000}
        await self.ask("PUT", f"rooms/{quote(room)}/typing/{quote(self.user)}", body)

    async def account_data(self, kind: str) -> dict[str, Any]:
        try:
            return await self.ask("GET", f"user/{quote(self.user)}/account_data/{kind}")
        except Refusal:
            return {}

    # Hearing something

    async def listen(self) -> None:
        """Ask once what is new, and keep it."""
        more = {"since": self._since} if self._since else {}
        told = await self.ask("GET", "sync", timeout="0", **more)
        self._since = told["next_batch"]
        rooms = told.get("rooms", {})
        for room, part in rooms.get("join", {}).items():
            self.events.setdefault(room, []).extend(part["timeline"]["events"])
            self.ephemeral.setdefault(room, []).extend(part["ephemeral"]["events"])
        for room, part in rooms.get("invite", {}).items():
            self.invitations[room] = part["invite_state"]["events"]

    def bodies(self, room: str, sender: str | None = None) -> list[str]:
        """The texts that were said in a room, by one or by all."""
        said = [e for e in self.events.get(room, []) if e["type"] == "m.room.message"]
        return [e["content"].get("body") for e in said if sender in {None, e["sender"]}]

    async def until(self, true: Callable[[], T], seconds: float = PATIENCE) -> T:
        """Listen until this is true, and return it."""
        deadline = time.monotonic() + seconds
        while True:
            await self.listen()
            if value := true():
                return value
            assert time.monotonic() < deadline, "it did not happen in time"
            await asyncio.sleep(0.05)
