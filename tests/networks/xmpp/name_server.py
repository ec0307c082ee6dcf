"""A name server on loopback that knows what the test tells it, in the wire format of RFC 1035 and RFC 2782."""

import socket
import struct
import threading
from dataclasses import dataclass, field
from types import TracebackType
from typing import Self

IN, SRV = 1, 33
NO_ERROR, SERVER_FAILURE, NO_SUCH_NAME = 0, 2, 3
ANSWER = 0x8180
"""The flags of an answer: recursion was wanted, and is offered."""


@dataclass(frozen=True)
class Srv:
    """One record; the target ``.`` says that there is no such service."""

    priority: int
    weight: int
    port: int
    target: str

    def to_bytes(self) -> bytes:
        return struct.pack("!HHH", self.priority, self.weight, self.port) + name_to_bytes(self.target)


@dataclass
class NameServer:
    """``records`` by name; ``silent`` ones are not answered at all, ``failing`` and ``garbled`` ones not well."""

    records: dict[str, list[Srv]] = field(default_factory=dict)
    silent: set[str] = field(default_factory=set)
    failing: set[str] = field(default_factory=set)
    garbled: set[str] = field(default_factory=set)
    asked: list[str] = field(default_factory=list)

    def __enter__(self) -> Self:
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.bind(("127.0.0.1", 0))
        self.address = f"127.0.0.1:{self._socket.getsockname()[1]}"
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._socket.sendto(b"", self._socket.getsockname())
        self._thread.join(10)
        self._socket.close()

    def _serve(self) -> None:
        while True:
            question, asker = self._socket.recvfrom(4096)
            if not question:
                return
            answer = self._answer(question)
            if answer:
                self._socket.sendto(answer, asker)

    def _answer(self, question: bytes) -> bytes:
        name, end = name_from_bytes(question, 12)
        self.asked.append(name)
        (kind,) = struct.unpack_from("!H", question, end)
        if name in self.silent:
            return b""
        found = self.records.get(name, []) if kind == SRV else []
        code = SERVER_FAILURE if name in self.failing else NO_ERROR if name in self.records else NO_SUCH_NAME
        head = question[:2] + struct.pack("!HHHHH", ANSWER | code, 1, len(found), 0, 0)
        body = b"".join(_record(name, one) for one in found)
        whole = head + question[12 : end + 4] + body
        return whole[:-3] if name in self.garbled else whole


def name_to_bytes(name: str) -> bytes:
    """The labels of a name, each after its length."""
    labels = [label.encode() for label in name.strip(".").split(".") if label]
    return b"".join(bytes([len(label)]) + label for label in labels) + b"\0"


def name_from_bytes(message: bytes, at: int) -> tuple[str, int]:
    """The name that begins there, in small letters, and where it ends. Questions are not compressed."""
    labels = []
    while length := message[at]:
        labels.append(message[at + 1 : at + 1 + length].decode().lower())
        at += 1 + length
    return ".".join(labels), at + 1


def _record(name: str, one: Srv) -> bytes:
    data = one.to_bytes()
    return name_to_bytes(name) + struct.pack("!HHIH", SRV, IN, 60, len(data)) + data
