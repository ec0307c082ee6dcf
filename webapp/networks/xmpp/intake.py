"""What comes in on a stream, in slices and within limits, however much somebody sends."""

import asyncio
import logging
import ssl
from collections.abc import Iterator
from typing import cast
from xml.etree import ElementTree as ET

from slixmpp import ClientXMPP

from webapp.networks.xmpp.names import STREAM, tag
from webapp.networks.xmpp.trouble import Problem

log = logging.getLogger(__name__)
LARGEST_STANZA = 4 * 1024 * 1024
"""Bytes. A contact list of thousands fits; a flood does not."""
SLICE = 8 * 1024
"""Bytes that are dealt with before others get their turn: about fifteen messages, five milliseconds."""
DEEPEST = 100
"""Elements inside of each other."""
_FORBIDDEN = (b"<!DOCTYPE", b"<!ENTITY")  # RFC 6120 section 11.1


class Intake(ClientXMPP):  # type: ignore[misc, unused-ignore]  # the library has no complete types
    """A stream that is read. ``ended`` is done when it is over and says why."""

    def __init__(self, address: str, password: str, context: ssl.SSLContext) -> None:
        super().__init__(address, password, ssl_context=context)
        self.ended: asyncio.Future[Problem] = asyncio.get_running_loop().create_future()
        self.spoken_to = False
        """Whether the other side began a stream at all."""
        self._backlog = bytearray()
        self._slicing = False
        self._unfinished = 0
        self._tail = b""

    def end(self, problem: Problem) -> None:
        """It is over. The first reason counts."""
        if not self.ended.done():
            self.ended.set_result(problem)
            self.cancel_connection_attempt()
            self.abort()

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


def _utf8_parser() -> ET.XMLParser:
    """RFC 6120 section 11.6: a stream is UTF-8; no guessing. Entities and their like never get this far."""
    return ET.XMLParser(encoding="utf-8")  # noqa: S314 (see _check)
