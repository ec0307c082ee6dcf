"""One stream to one server: encryption, signing in, questions and answers, and the limits of what we take in.

The library does what the RFCs 6120 and 6121 say about streams, TLS, SASL and binding, and the counting of XEP-0198.
What comes in afterwards is ours: every message and presence goes, in the order of the wire, to one function.
"""

import asyncio
import contextlib
import logging
import ssl
from collections.abc import Callable, Iterator
from typing import Any, cast
from uuid import uuid4
from xml.etree import ElementTree as ET

from slixmpp import ClientXMPP
from slixmpp.stanza import Iq, Message, Presence, StreamFeatures
from slixmpp.xmlstream.stanzabase import StanzaBase

from webapp.networks.errors import Refused, Unreachable
from webapp.networks.xmpp.addresses import NoAddress, bare, parse
from webapp.networks.xmpp.answers import answer
from webapp.networks.xmpp.lookup import Place
from webapp.networks.xmpp.names import (
    DISCO_INFO,
    IQ,
    MESSAGE,
    PING,
    PRESENCE,
    STREAM,
    STREAM_ERROR,
    TLS,
    tag,
)
from webapp.networks.xmpp.refusals import Declined, error_of, refusal
from webapp.networks.xmpp.scram import MECHANISMS, use_quick_scram
from webapp.networks.xmpp.trouble import ConnectFailed, Problem, problem_of

logging.getLogger("slixmpp").setLevel(logging.CRITICAL)  # it writes whole stanzas, passwords among them
log = logging.getLogger(__name__)
use_quick_scram()

LARGEST_STANZA = 4 * 1024 * 1024
"""Bytes. A contact list of thousands fits; a flood does not."""
SLICE = 8 * 1024
"""Bytes that are dealt with before others get their turn: about fifteen messages, five milliseconds."""
DEEPEST = 100
"""Elements inside of each other."""
ANSWER_WITHIN = 30.0
PING_EVERY, PONG_WITHIN = 20.0, 15.0
"""Seconds; together a dead line is noticed after 35."""

_FORBIDDEN = (b"<!DOCTYPE", b"<!ENTITY")  # RFC 6120 section 11.1
_SASL = {
    "account-disabled": Problem.DISABLED,
    "temporary-auth-failure": Problem.BUSY,
    "aborted": Problem.NO_MECHANISM,
    "encryption-required": Problem.NO_MECHANISM,
    "invalid-mechanism": Problem.NO_MECHANISM,
    "mechanism-too-weak": Problem.NO_MECHANISM,
}
_STANZAS: dict[str, type[StanzaBase]] = {MESSAGE: Message, PRESENCE: Presence, IQ: Iq}


class Wire(ClientXMPP):  # type: ignore[misc, unused-ignore]  # the library has no complete types
    """A stream. ``ended`` is done when it is over and says why; ``hear`` gets what comes in."""

    def __init__(self, address: str, resource: str, password: str, context: ssl.SSLContext, scram_only: bool) -> None:
        super().__init__(f"{address}/{resource}", password, ssl_context=context)
        self.auto_authorize, self.auto_subscribe = None, False
        self.hear: Callable[[ET.Element], None] = lambda _: None
        self.introduced: Callable[[], None] = lambda: None
        """Called when our server has asked what we can do: from now on it tells us the news of our own nodes."""
        self.pushes: dict[str, Callable[[ET.Element], None]] = {}
        self.account = address
        self.host = str(self.boundjid.domain)
        self.used_scram = False
        self.spoken_to = False
        self.malformed = 0
        self._scram_only = scram_only
        loop = asyncio.get_running_loop()
        self.opened: asyncio.Future[None] = loop.create_future()
        self.ended: asyncio.Future[Problem] = loop.create_future()
        self._asked: dict[str, tuple[str, asyncio.Future[ET.Element]]] = {}
        self._handed: dict[str, tuple[str, asyncio.Future[None]]] = {}
        self._securing = False
        self._backlog = bytearray()
        self._slicing = False
        self._unfinished = 0
        self._tail = b""
        self._pulse: asyncio.Task[None] | None = None
        self.register_plugin("xep_0198", {"allow_resume": False})
        self.add_filter("in", self._receive)
        self._listen()

    # The way up

    async def open(self, place: Place, seconds: float) -> None:
        """Connect to this place and sign in. Raises ConnectFailed."""
        self.enable_direct_tls, self.enable_starttls = place.direct, not place.direct
        self.connect(place.address, place.port)
        waiting: set[asyncio.Future[Any]] = {self.opened, self.ended}
        await asyncio.wait(waiting, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
        if not self.ended.done() and not self.opened.done():
            self.end(Problem.SILENT)
        if self.ended.done():
            await self.close()
            raise ConnectFailed(self.ended.result(), self.host)
        self._pulse = asyncio.create_task(self._keep_alive())

    @property
    def encrypted(self) -> bool:
        return isinstance(self.socket, ssl.SSLObject | ssl.SSLSocket)

    @property
    def counts(self) -> bool:
        """Whether the server acknowledges what it got (XEP-0198)."""
        return bool(self.plugin["xep_0198"].enabled_out)

    def _listen(self) -> None:
        self.add_event_handler("stream_negotiated", self._negotiated)
        self.add_event_handler("connection_failed", lambda error: self.end(problem_of(error)))
        self.add_event_handler("ssl_invalid_chain", lambda error: self.end(problem_of(error)))
        self.add_event_handler("failed_auth", self._sasl_failed)
        self.add_event_handler("failed_all_auth", lambda _: self.end(Problem.NO_MECHANISM))
        self.add_event_handler("disconnected", lambda _: None if self._securing else self.end(Problem.LOST))
        self.add_event_handler("stanza_acked", self._acknowledged)

    def _negotiated(self, _: object) -> None:
        if self.bound and not self.opened.done():
            self.opened.set_result(None)

    def _sasl_failed(self, failure: StanzaBase) -> None:
        self.end(_SASL.get(str(failure["condition"]), Problem.WRONG_PASSWORD))

    async def start_tls(self) -> bool:
        """STARTTLS. The line is gone before the library tells what was wrong with the certificate: wait for that."""
        self._securing = True
        done: bool = await super().start_tls()
        self._securing = False
        if not done:
            self.end(Problem.BAD_TLS)
        return done

    async def _handle_stream_features(self, features: StreamFeatures) -> bool | None:
        """Before the library acts: no step without encryption but encryption, no weak way where there was a strong."""
        problem = self._objection(features)
        if problem is not None:
            self.end(problem)
            return True
        done: bool | None = await super()._handle_stream_features(features)
        return done

    def _objection(self, features: StanzaBase) -> Problem | None:
        offered = features["features"]
        if not self.encrypted:
            return None if self.enable_starttls and "starttls" in offered else Problem.NO_ENCRYPTION
        if "mechanisms" in offered and not self.authenticated:
            return self._choose(set(features["mechanisms"]))
        return None

    def _choose(self, offered: set[str]) -> Problem | None:
        """SCRAM where it is offered, and nothing else then; the password itself only where it never was."""
        self.used_scram = bool(offered & MECHANISMS)
        if not self.used_scram and self._scram_only:
            return Problem.DOWNGRADE
        allowed = MECHANISMS if self.used_scram else {"PLAIN"}
        self.plugin["feature_mechanisms"].use_mechs = set(allowed)
        return None if offered & allowed else Problem.NO_MECHANISM

    # The way down

    def end(self, problem: Problem) -> None:
        """It is over. The first reason counts."""
        if self.ended.done():
            return
        self.ended.set_result(problem)
        self.cancel_connection_attempt()
        self.abort()
        lost = ConnectFailed(problem, self.host).trouble()
        waiting: list[tuple[str, asyncio.Future[Any]]] = [*self._asked.values(), *self._handed.values()]
        for _, future in waiting:
            if not future.done():
                future.set_exception(Unreachable(lost.reason))

    async def close(self) -> None:
        """End the stream politely, within a second, and let go of everything."""
        if self._pulse is not None:
            self._pulse.cancel()
        if self.transport is not None and not self.ended.done():
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self.disconnect(wait=0.8), 1)
        self.end(Problem.LOST)
        if self._run_out_filters is not None:
            self._run_out_filters.cancel()
        for handle in self.scheduled_events.values():
            handle.cancel()

    def __del__(self) -> None:
        """The library's own would reach for an event loop that may be gone; ``close`` did what it does."""

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

    def data_received(self, data: bytes | str) -> None:
        """Take what came in slices, so that a flood of one account never holds up the others."""
        self._backlog += data if isinstance(data, bytes) else data.encode()
        if len(self._backlog) <= SLICE:
            self._parse(SLICE)
        elif not self._slicing:
            self._next_slice()

    def _next_slice(self) -> None:
        self._parse(SLICE)
        self._slicing = bool(self._backlog) and self.transport is not None
        if self.transport is None or self.transport.is_closing():
            return
        if self._slicing:
            self.transport.pause_reading()
            asyncio.get_running_loop().call_soon(self._next_slice)
        else:
            self.transport.resume_reading()

    def connection_lost(self, exception: BaseException | None) -> None:
        """What had come before the end still counts; in it stands why."""
        self._parse(len(self._backlog))
        super().connection_lost(exception)

    def _parse(self, most: int) -> None:
        """Feed the parser, within limits; what breaks them ends this stream and no other (S17)."""
        data = bytes(self._backlog[:most])
        del self._backlog[:most]
        if self.parser is None or self.ended.done():
            self._backlog.clear()
            return
        try:
            self._check(data)
            self.parser.feed(data)
            for kind, element in cast(Iterator[tuple[str, ET.Element]], self.parser.read_events()):
                self._step(kind, element)
        except (ET.ParseError, ValueError):
            log.warning("a stream was closed because of what it sent")
            self.end(Problem.BAD_XML)

    def init_parser(self) -> None:
        super().init_parser()
        self.parser = ET.XMLPullParser(("start", "end"), _parser=_utf8_parser())  # type: ignore[call-arg, unused-ignore]  # not public, but the module's own way
        self._unfinished, self._tail = 0, b""
        self._backlog.clear()  # what came before encryption must not count after it

    def _check(self, data: bytes) -> None:
        self._unfinished += len(data)
        if self._unfinished > LARGEST_STANZA:
            raise ValueError("too large")
        joint = self._tail + data
        if any(word in joint for word in _FORBIDDEN):
            raise ValueError("not allowed in a stream")
        self._tail = joint[-8:]

    def _step(self, kind: str, element: ET.Element) -> None:
        if kind == "start":
            if self.xml_depth == 0:
                self.xml_root, self.spoken_to = element, element.tag == tag(STREAM, "stream")
                self.start_stream_handler(element)  # type: ignore[no-untyped-call]  # the library says no types
            self.xml_depth += 1
            if self.xml_depth > DEEPEST:
                raise ValueError("too deep")
            return
        self.xml_depth -= 1
        if self.xml_depth == 0:
            self.end(Problem.LOST)
        elif self.xml_depth == 1:
            self._unfinished = 0
            self._spawn_event(element)
            if self.xml_root is not None:
                self.xml_root.clear()

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


def _utf8_parser() -> ET.XMLParser:
    """RFC 6120 section 11.6: a stream is UTF-8; no guessing. Entities and their like never get this far."""
    return ET.XMLParser(encoding="utf-8")  # noqa: S314 (see _check)
