"""The other side of a conversation: a plain slixmpp client that shares no code with the connector.

Every stanza that it gets is kept in ``stanzas``; tests look there for what must arrive and send what they like, raw if
need be. ``Background`` runs such clients for tests that are not asynchronous themselves.
"""

import asyncio
import contextlib
import logging
import threading
import time
from collections.abc import Awaitable, Callable, Coroutine
from concurrent.futures import Future
from pathlib import Path
from typing import Any, TypeVar
from uuid import uuid4
from xml.etree import ElementTree as ET

from slixmpp import JID, ClientXMPP
from slixmpp.exceptions import IqError
from slixmpp.xmlstream.handler import Callback
from slixmpp.xmlstream.matcher import StanzaPath

PATIENCE = 20.0
T = TypeVar("T")
logging.getLogger("slixmpp").setLevel(logging.CRITICAL)


class FarSide(ClientXMPP):  # type: ignore[misc, unused-ignore]  # the library has no complete types
    """One device of somebody out there. ``carbons`` makes it also see what the person's other devices do."""

    def __init__(
        self, address: str, password: str, port: int, ca_file: Path, *, device: str = "far", carbons: bool = False
    ) -> None:
        super().__init__(f"{address}/{device}", password)
        self.address = address
        self.ca_certs = ca_file
        self.enable_direct_tls = False
        self.auto_authorize = None
        self.auto_subscribe = False
        self.stanzas: list[ET.Element] = []
        self.arrived_at: dict[str, float] = {}
        self._wants_carbons = carbons
        self._port = port
        for plugin in ("xep_0030", "xep_0045", "xep_0060", "xep_0198", "xep_0199", "xep_0249", "xep_0280"):
            self.register_plugin(plugin)
        for kind in ("message", "presence"):
            self.register_handler(Callback(f"every {kind}", StanzaPath(kind), self._keep))

    async def sign_in(self) -> "FarSide":
        """Connect, authenticate, fetch the contact list, be there."""
        ready: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.add_event_handler("session_start", lambda _: ready.done() or ready.set_result(None), disposable=True)
        refused = lambda _: ready.done() or ready.set_exception(PermissionError(self.address))  # noqa: E731
        self.add_event_handler("failed_all_auth", refused, disposable=True)
        self.connect("127.0.0.1", self._port)
        try:
            await asyncio.wait_for(ready, PATIENCE)
        except BaseException:
            await self.sign_out()
            raise
        await self.get_roster()
        if self._wants_carbons:
            await self.plugin["xep_0280"].enable()
        self.send_presence()
        return self

    async def sign_out(self) -> None:
        self.cancel_connection_attempt()
        await self.disconnect(wait=1.0)
        if self._run_out_filters is not None:
            self._run_out_filters.cancel()
            await asyncio.wait({self._run_out_filters})

    def say(self, to: str, body: str, *, kind: str = "chat", name: str | None = None, more: str = "") -> str:
        """Send a text with an origin id; ``more`` is XML that goes along. The answer is the id."""
        name = name or uuid4().hex
        self.raw(
            f"<message to='{_escape(to)}' type='{kind}' id='{name}'><body>{_escape(body)}</body>"
            f"<origin-id xmlns='urn:xmpp:sid:0' id='{name}'/>{more}</message>"
        )
        return name

    def raw(self, xml: str) -> None:
        """Send these characters as they are."""
        self.send(xml)

    def mark(self, to: str, marker: str, name: str, *, kind: str = "chat") -> None:
        """Send a chat marker (XEP-0333): ``received`` or ``displayed``."""
        self.raw(
            f"<message to='{_escape(to)}' type='{kind}' id='{uuid4().hex}'>"
            f"<{marker} xmlns='urn:xmpp:chat-markers:0' id='{name}'/><store xmlns='urn:xmpp:hints'/></message>"
        )

    def receipt(self, to: str, name: str) -> None:
        """Say that a message arrived (XEP-0184)."""
        self.raw(
            f"<message to='{_escape(to)}' type='chat' id='{uuid4().hex}'>"
            f"<received xmlns='urn:xmpp:receipts' id='{name}'/></message>"
        )

    def typing(self, to: str, state: str = "composing") -> None:
        """Send a chat state (XEP-0085)."""
        self.raw(
            f"<message to='{_escape(to)}' type='chat'><{state} xmlns='http://jabber.org/protocol/chatstates'/></message>"
        )

    async def join(self, room: str, nick: str) -> None:
        """Join a room, or make it when there is none."""
        done = await self.plugin["xep_0045"].join_muc_wait(JID(room), nick, maxstanzas=0, timeout=PATIENCE)
        if 201 in getattr(done, "status_codes", ()) or done is not None:
            await self.unlock(room)

    async def unlock(self, room: str) -> None:
        """Accept the default configuration of a room that was just made; others' rooms are left alone."""
        form = "<x xmlns='jabber:x:data' type='submit'/>"
        with contextlib.suppress(IqError):  # it is not ours
            await self.ask("set", f"<query xmlns='http://jabber.org/protocol/muc#owner'>{form}</query>", room)

    async def until_gone(self, room: str, seconds: float = PATIENCE) -> None:
        """Wait until there is no such room: others' leaving comes to the server by other ways than our question."""
        deadline = time.monotonic() + seconds
        while True:
            try:
                await self.ask("get", "<query xmlns='http://jabber.org/protocol/disco#info'/>", room)
            except IqError as error:
                if error.condition != "item-not-found":
                    raise
                return
            assert time.monotonic() < deadline, "the room is still there"
            await asyncio.sleep(0.05)

    async def ask(self, kind: str, payload: str, to: str | None = None) -> ET.Element:
        """Send an IQ and return the answer; raises slixmpp's IqError."""
        iq = self.make_iq(ito=to, itype=kind)
        iq.append(ET.fromstring(payload))
        return (await iq.send(timeout=PATIENCE)).xml  # type: ignore[no-any-return, unused-ignore]

    def bodies(self, sender: str | None = None) -> list[str]:
        """The texts that came in, in order, of one bare address or of all; carbons are not among them."""
        found = [s for s in self.stanzas if s.tag == "{jabber:client}message" and s.attrib.get("type") != "error"]
        texts = [(s.attrib.get("from", "").partition("/")[0], s.findtext("{jabber:client}body")) for s in found]
        return [text for address, text in texts if text is not None and sender in {None, address}]

    def having(self, path: str) -> list[ET.Element]:
        """The stanzas that contain an element, e.g. ``{urn:xmpp:receipts}received``."""
        return [stanza for stanza in self.stanzas if stanza.find(f".//{path}") is not None]

    async def until(self, true: Callable[[], T], seconds: float = PATIENCE) -> T:
        """Wait until this is true, and return it."""
        deadline = time.monotonic() + seconds
        while not (value := true()):
            assert time.monotonic() < deadline, "it did not happen in time"
            await asyncio.sleep(0.01)
        return value

    async def hear(self, body: str, sender: str | None = None) -> ET.Element:
        """Wait for a text and return its stanza."""
        await self.until(lambda: body in self.bodies(sender))
        return next(s for s in self.stanzas if s.findtext("{jabber:client}body") == body)

    def __del__(self) -> None:
        """The library's own would touch an event loop that is closed by now; ``sign_out`` did what it does."""

    def _keep(self, stanza: Any) -> None:
        self.stanzas.append(stanza.xml)
        body = stanza.xml.findtext("{jabber:client}body")
        if body is not None:
            self.arrived_at.setdefault(body, time.perf_counter())


class Background:
    """An event loop in a thread of its own, for tests that are not asynchronous."""

    def __init__(self) -> None:
        self.loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._run, name="far side", daemon=True)
        self._thread.start()

    def call(self, work: Coroutine[Any, Any, T], seconds: float = 60.0) -> T:
        """Run a coroutine over there and wait for what it returns."""
        future: Future[T] = asyncio.run_coroutine_threadsafe(work, self.loop)
        return future.result(seconds)

    def sign_in(self, *args: Any, **named: Any) -> FarSide:
        """Make a far side over there and sign it in; arguments as for ``FarSide``."""

        async def make() -> FarSide:
            return await FarSide(*args, **named).sign_in()

        return self.call(make())

    def do(self, work: Callable[..., T], *args: Any, **named: Any) -> T:
        """Call a function over there, such as ``far.say``."""

        async def run() -> T:
            return work(*args, **named)

        return self.call(run())

    def stop(self) -> None:
        self.call(self._let_go())
        self.loop.call_soon_threadsafe(self.loop.stop)
        self._thread.join(10)
        self.loop.close()

    async def _let_go(self) -> None:
        rest = asyncio.all_tasks() - {asyncio.current_task()}
        for task in rest:
            task.cancel()
        await asyncio.gather(*rest, return_exceptions=True)

    def _run(self) -> None:
        asyncio.set_event_loop(self.loop)
        self.loop.run_forever()


async def gather(*work: Awaitable[T]) -> list[T]:
    """Several at once."""
    return list(await asyncio.gather(*work))


def _escape(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace("'", "&apos;").replace(">", "&gt;")
