"""Messages in both directions, numbered, over several conversations, while the program is being mistreated.

Whoever writes here behaves like a person with a stubborn browser: a message that was not acknowledged is posted again
with the same key until it is.
"""

import random
import sqlite3
import threading
import time
from collections import defaultdict
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from uuid import uuid4

import httpx

from tests.visitor import Visitor

INTERVAL = 0.2


class Writer:
    """Writes into the house, one message after the other, round the conversations, until stopped."""

    def __init__(self, visitor: Visitor, conversations: dict[str, int], prefix: str = "out") -> None:
        self._visitor = visitor
        self._conversations = conversations
        self._prefix = prefix
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._write, daemon=True)
        self.acknowledged: dict[str, list[str]] = defaultdict(list)
        self.refused: list[tuple[int, str]] = []

    def start(self) -> "Writer":
        # The token of a page stays good while the sign-in does, so it is read once, before the trouble starts.
        page = self._visitor.page(f"/conversations/{next(iter(self._conversations.values()))}")
        self._token = str(page.select_one("input[name=csrf_token]")["value"])
        self._thread.start()
        return self

    def stop(self) -> None:
        """Stop after the message that is being written."""
        self._stopped.set()
        self._thread.join(60)

    def _write(self) -> None:
        number = 0
        names = list(self._conversations)
        while not self._stopped.is_set():
            name = names[number % len(names)]
            text = f"{self._prefix} {number}"
            self._post_until_acknowledged(self._conversations[name], text)
            self.acknowledged[name].append(text)
            number += 1
            self._stopped.wait(INTERVAL)

    def _post_until_acknowledged(self, conversation: int, text: str) -> None:
        data = {"body": text, "key": str(uuid4()), "csrf_token": self._token}
        while True:
            try:
                answer = self._visitor.http.post(
                    f"/conversations/{conversation}/messages", data=data, follow_redirects=False, timeout=10
                )
            except httpx.HTTPError:
                time.sleep(0.1)
                continue
            if answer.status_code in (200, 303):
                return
            self.refused.append((answer.status_code, answer.text[:200]))
            time.sleep(0.5)


class Speaker:
    """Calls ``say(conversation, text)`` on the other side, round the conversations, until stopped."""

    def __init__(self, say: Callable[[str, str], object], names: list[str], prefix: str = "in") -> None:
        self._say = say
        self._names = names
        self._prefix = prefix
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._speak, daemon=True)
        self.said: dict[str, list[str]] = defaultdict(list)

    def start(self) -> "Speaker":
        self._thread.start()
        return self

    def stop(self) -> None:
        """Stop after the message that is being said."""
        self._stopped.set()
        self._thread.join(60)

    def _speak(self) -> None:
        number = 0
        while not self._stopped.is_set():
            name = self._names[number % len(self._names)]
            text = f"{self._prefix} {number}"
            self._say(name, text)
            self.said[name].append(text)
            number += 1
            self._stopped.wait(INTERVAL)


def heard_in(database: Path, conversation: int, *, own: bool = False, prefix: str = "in ") -> list[str]:
    """What the house has stored of a conversation, in the order in which it shows it."""
    with closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True)) as db:
        rows = db.execute(
            "SELECT body FROM message WHERE conversation_id = ? AND own = ? ORDER BY position", (conversation, own)
        )
        return [body for (body,) in rows if body.startswith(prefix)]


def deliveries_in(database: Path, conversation: int) -> list[str]:
    """How far our own messages of a conversation have come, in order."""
    with closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True)) as db:
        query = "SELECT delivery FROM message WHERE conversation_id = ? AND own ORDER BY position"
        return [delivery for (delivery,) in db.execute(query, (conversation,))]


def between_kills() -> float:
    """Seconds until the next kill: long enough to get something done, short enough to hit the middle of it."""
    return random.uniform(1.5, 3.5)
