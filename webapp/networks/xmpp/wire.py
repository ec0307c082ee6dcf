"""One stream to one server: questions and answers, and everything that comes in.

The library does what the RFCs 6120 and 6121 say about streams, TLS, SASL and binding, and the counting of XEP-0198.
What comes in afterwards is ours: every message and presence goes, in the order of the wire, to one function.
"""

import asyncio
import contextlib
import logging
import ssl
from collections.abc import Callable, Iterator
from typing import Any
from uuid import uuid4
from xml.etree import ElementTree as ET

from slixmpp.stanza import Iq, Message, Presence
from slixmpp.xmlstream.stanzabase import StanzaBase

from webapp.networks.errors import Refused, Unreachable
from webapp.networks.xmpp.addresses import NoAddress, bare, parse
from webapp.networks.xmpp.answers import answer
from webapp.networks.xmpp.lookup import Place
from webapp.networks.xmpp.names import DISCO_INFO, IQ, MESSAGE, PING, PRESENCE, STREAM, STREAM_ERROR, TLS, tag
from webapp.networks.xmpp.refusals import Declined, error_of, refusal
from webapp.networks.xmpp.scram import use_quick_scram
from webapp.networks.xmpp.trouble import ConnectFailed, Problem
from webapp.networks.xmpp.way_up import WayUp

logging.getLogger("slixmpp").setLevel(logging.CRITICAL)  # it writes whole stanzas, passwords among them
log = logging.getLogger(__name__)
use_quick_scram()

ANSWER_WITHIN = 30.0
PING_EVERY, PONG_WITHIN = 20.0, 15.0
"""Seconds; together a dead line is noticed after 35."""
_STANZAS: dict[str, type[StanzaBase]] = {MESSAGE: Message, PRESENCE: Presence, IQ: Iq}


class Wire(WayUp):
    """A stream that is signed in. ``hear`` gets what comes in."""

    def __init__(self, address: str, resource: str, password: str, context: ssl.SSLContext, scram_only: bool) -> None:
        super().__init__(f"{address}/{resource}", password, context, scram_only)
        self.auto_authorize, self.auto_subscribe = None, False
        self.hear: Callable[[ET.Element], None] = lambda _: None
        self.introduced: Callable[[], None] = lambda: None
        """Called when our server has asked what we can do: from now on it tells us the news of our own nodes."""
        self.pushes: dict[str, Callable[[ET.Element], None]] = {}
        self.account = address
        self.malformed = 0
        self._asked: dict[str, tuple[str, asyncio.Future[ET.Element]]] = {}
        self._handed: dict[str, tuple[str, asyncio.Future[None]]] = {}
        self._pulse: asyncio.Task[None] | None = None
        self.register_plugin("xep_0198", {"allow_resume": False})
        self.add_filter("in", self._receive)
        self.add_event_handler("stanza_acked", self._acknowledged)

    async def open(self, place: Place, seconds: float) -> None:
        """Connect to this place and sign in. Raises ConnectFailed."""
        await super().open(place, seconds)
        self._pulse = asyncio.create_task(self._keep_alive())

    def end(self, problem: Problem) -> None:
        """It is over, also for everybody who waits for an answer. The first reason counts."""
        if self.ended.done():
            return
        super().end(problem)
        waiting: list[tuple[str, asyncio.Future[Any]]] = [*self._asked.values(), *self._handed.values()]
        for _, future in waiting:
            if not future.done():
                future.set_exception(self.lost())

    async def close(self) -> None:
        if self._pulse is not None:
            self._pulse.cancel()
        await super().close()

    @property
    def counts(self) -> bool:
        """Whether the server acknowledges what it got (XEP-0198)."""
        return bool(self.plugin["xep_0198"].enabled_out)

    # Saying something

    def say(self, element: ET.Element) -> None:
        """Put a stanza on the wire. Raises Unreachable when there is none any more."""
        if self.ended.done():
            raise self.lost()
        self.send(_STANZAS[element.tag](self, xml=element))

    def lost(self) -> Unreachable:
        problem = self.ended.result() if self.ended.done() else Problem.SILENT
        return Unreachable(ConnectFailed(problem, self.host).reason)

    async def ask(self, kind: str, payload: ET.Element, to: str = "", seconds: float = ANSWER_WITHIN) -> ET.Element:
        """Ask with an IQ of this kind (get, set). Raises Declined for an answer of type error, Unreachable for none."""
        name = uuid4().hex
        question = ET.Element(IQ, {"type": kind, "id": name, **({"to": to} if to else {})})
        question.append(payload)
        future: asyncio.Future[ET.Element] = asyncio.get_running_loop().create_future()
        self._asked[name] = (to, future)
        try:
            self.say(question)
            reply = await asyncio.wait_for(future, seconds)
        except TimeoutError:
            raise self.lost() from None
        finally:
            del self._asked[name]
        if reply.get("type") == "error":
            raise Declined(*error_of(reply))
        return reply

    async def hand_over(self, element: ET.Element, seconds: float = ANSWER_WITHIN) -> None:
        """Send a message and return once the server has it. Raises Refused when it sends it back, Unreachable."""
        name, to = element.attrib["id"], element.get("to", "")
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._handed[name] = (to, future)
        try:
            self.say(element)
            if self.counts:
                self.send("<r xmlns='urn:xmpp:sm:3'/>")
                await asyncio.wait_for(future, seconds)
            else:
                await self.round_trip(seconds)
                if future.done():
                    future.result()
        except TimeoutError:
            raise self.lost() from None
        finally:
            del self._handed[name]
            if future.done() and not future.cancelled():
                future.exception()  # looked at, or the loop would complain

    async def round_trip(self, seconds: float = ANSWER_WITHIN) -> None:
        """Return when the server has dealt with everything that was sent before. Raises Unreachable."""
        with contextlib.suppress(Declined):
            await self.ask("get", ET.Element(tag(PING, "ping")), self.host, seconds)

    async def _keep_alive(self) -> None:
        """Notice a dead line: the kernel alone would need a quarter of an hour."""
        while not self.ended.done():
            await asyncio.sleep(PING_EVERY)
            try:
                await self.round_trip(PONG_WITHIN)
            except Unreachable:
                self.end(Problem.SILENT)

    def _acknowledged(self, stanza: StanzaBase) -> None:
        _, future = self._handed.get(stanza.xml.get("id", ""), ("", None))
        if future is not None and not future.done():
            future.set_result(None)

    # Hearing something

    def _receive(self, stanza: StanzaBase) -> StanzaBase | None:
        """Take what is ours; the rest (features, SASL, acknowledgements) goes on to the library."""
        element: ET.Element = stanza.xml
        if element.tag == tag(STREAM, "error"):
            self._stream_error(element)
            return None
        if element.tag == tag(TLS, "failure"):
            self.end(Problem.NO_ENCRYPTION)
            return None
        if element.tag not in _STANZAS or not self.opened.done():
            return stanza
        with self.leaving_out_nonsense():
            self._take(element)
        return None

    @contextlib.contextmanager
    def leaving_out_nonsense(self) -> Iterator[None]:
        """Around the reading of one stanza: if it makes no sense it is counted, and the session goes on."""
        try:
            yield
        except Exception as error:  # noqa: BLE001 (whatever is wrong with it, it must not be in the way of the next)
            self.malformed += 1
            log.warning("a stanza made no sense and was left out: %s", type(error).__name__)

    def _take(self, element: ET.Element) -> None:
        if element.tag == IQ:
            self._take_iq(element)
        elif element.tag != MESSAGE or element.get("type") != "error" or not self._sent_back(element):
            self.hear(element)

    def _take_iq(self, element: ET.Element) -> None:
        if element.get("type") in {"result", "error"}:
            to, future = self._asked.get(element.get("id", ""), ("", None))
            if future is not None and not future.done() and self._may_answer(element.get("from"), to):
                future.set_result(element)
            return
        payload = next(iter(element), None)
        push = self.pushes.get(payload.tag) if payload is not None and element.get("type") == "set" else None
        if push is not None and self.is_ours(element.get("from")):
            push(element)
        self.say(answer(element, accepted=push is not None and self.is_ours(element.get("from"))))
        if (
            payload is not None
            and payload.tag == tag(DISCO_INFO, "query")
            and self._may_answer(element.get("from"), "")
        ):
            self.introduced()

    def _may_answer(self, sender: str | None, to: str) -> bool:
        """Who was asked must answer; for ourselves or the server that is any of our names or none."""
        if not to or to in {self.account, self.host}:
            return self.is_ours(sender) or sender == self.host
        return sender is not None and str(parse(sender)) == str(parse(to))

    def is_ours(self, sender: str | None) -> bool:
        """Whether something comes from our own account (RFC 6120 section 8.1.2.1: no sender is us, too)."""
        if not sender:
            return True
        with contextlib.suppress(NoAddress):
            return bare(sender) == self.account
        return False

    def _sent_back(self, element: ET.Element) -> bool:
        """A message of ours came back while we wait for it to be taken."""
        to, future = self._handed.get(element.get("id", ""), ("", None))
        if future is None or future.done() or bare(element.get("from")) != bare(to):
            return False
        future.set_exception(Refused(refusal(*error_of(element))))
        return True

    def _stream_error(self, element: ET.Element) -> None:
        """RFC 6120 section 4.9. A redirection is not followed: its name was not checked by any certificate."""
        conditions = {child.tag.rpartition("}")[2] for child in element if STREAM_ERROR in child.tag}
        self.end(Problem.REPLACED if "conflict" in conditions else Problem.LOST)
