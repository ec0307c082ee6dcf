"""Servers that no honest person runs: each does with a stream what its script says, and keeps what it got."""

import asyncio
import re
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

HEADER = (
    "<?xml version='1.0'?><stream:stream xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams' "
    "from='chat.test' id='1' version='1.0'>"
)
FEATURES = "<stream:features>{}</stream:features>"
STARTTLS = "<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>"
PROCEED = "<proceed xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>"
BIND = "<bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'/>"
SUCCESS = "<success xmlns='urn:ietf:params:xml:ns:xmpp-sasl'/>"


def mechanisms(*names: str) -> str:
    return f"<mechanisms xmlns='{SASL}'>" + "".join(f"<mechanism>{n}</mechanism>" for n in names) + "</mechanisms>"


SASL = "urn:ietf:params:xml:ns:xmpp-sasl"


class Stream:
    """One connection, as the script sees it."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader, self.writer = reader, writer
        self.got = b""

    async def until(self, pattern: str) -> re.Match[bytes]:
        """Read until this has come; what came before it is done with."""
        start = len(self.got)
        while not (found := re.search(pattern.encode(), self.got[start:], re.S)):
            data = await asyncio.wait_for(self.reader.read(65536), 20)
            if not data:
                raise ConnectionError
            self.got += data
        return found

    async def send(self, text: str | bytes) -> None:
        self.writer.write(text if isinstance(text, bytes) else text.encode())
        await self.writer.drain()

    async def rest(self) -> None:
        """Read on until the other side closes."""
        while data := await asyncio.wait_for(self.reader.read(65536), 20):
            self.got += data

    async def sign_in(self) -> None:
        """Let anybody in: PLAIN, binding, no extras. For direct TLS."""
        await self.until("<stream:stream")
        await self.send(HEADER + FEATURES.format(mechanisms("PLAIN")))
        await self.until("</auth>")
        await self.send(SUCCESS)
        await self.until("<stream:stream")
        await self.send(HEADER + FEATURES.format(BIND))
        name = (await self.until("<iq[^>]*id=[\"']([^\"']+)")).group(1).decode()
        jid = "<jid>alice@chat.test/fake</jid>"
        await self.send(
            f"<iq type='result' id='{name}'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'>{jid}</bind></iq>"
        )


Script = Callable[[Stream], Awaitable[None]]


class FakeServer:
    """Where it listens, and everything that came in on all connections."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.streams: list[Stream] = []

    @property
    def got(self) -> bytes:
        return b"".join(stream.got for stream in self.streams)


@asynccontextmanager
async def fake_server(script: Script, certificate: tuple[Path, Path] | None = None) -> AsyncIterator[FakeServer]:
    """Serve this script, over TLS from the first byte if there is a certificate."""
    context = None
    if certificate:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(*certificate)

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        stream = Stream(reader, writer)
        fake.streams.append(stream)
        try:
            await script(stream)
        except (OSError, TimeoutError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0, ssl=context)
    fake = FakeServer(server.sockets[0].getsockname()[1])
    try:
        yield fake
    finally:
        server.close()
        for stream in fake.streams:
            stream.writer.close()
