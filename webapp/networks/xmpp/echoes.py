"""What a room says to everybody comes back to us, and so we know that it has it (XEP-0045 section 7.4)."""

import asyncio
from typing import Any
from xml.etree.ElementTree import Element

from webapp.networks.actions import Done
from webapp.networks.errors import Refused
from webapp.networks.xmpp.addresses import resource
from webapp.networks.xmpp.refusals import error_of, refusal
from webapp.networks.xmpp.room import Room
from webapp.networks.xmpp.translate import stanza_id
from webapp.networks.xmpp.wire import Wire

WITHIN = 30.0
"""Seconds that a room may take to say it."""


class Echoes:
    """What we said in rooms and have not heard back yet."""

    def __init__(self, wire: Wire) -> None:
        self._wire = wire
        self._awaited: dict[str, asyncio.Future[str | None]] = {}

    async def say(self, room: Room, stanza: Element, name: str) -> Done:
        """Say it and return when the room has said it to everybody. Raises Refused, Unreachable."""
        echo: asyncio.Future[str | None] = asyncio.get_running_loop().create_future()
        self._awaited[name] = echo
        waiting: set[asyncio.Future[Any]] = {echo, self._wire.ended}
        try:
            self._wire.say(stanza)
            await asyncio.wait(waiting, timeout=WITHIN, return_when=asyncio.FIRST_COMPLETED)
            if not echo.done():
                raise self._wire.lost()
            remote_id = echo.result()
        finally:
            del self._awaited[name]
        return Done(remote_id=remote_id, reference=remote_id or name, conversation=room.address)

    def hear(self, room: Room, stanza: Element) -> bool:
        """Whether this is the end of something that we said: only a refusal is, an echo is a message as well."""
        echo = self._awaited.get(stanza.get("id", ""))
        if echo is None or echo.done():
            return False
        if stanza.get("type") == "error":
            echo.set_exception(Refused(refusal(*error_of(stanza))))
            return True
        if resource(stanza.get("from")) == room.nick:
            echo.set_result(stanza_id(stanza, room.address))
        return False
