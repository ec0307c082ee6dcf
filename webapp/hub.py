"""Who is watching, and telling them.

Listeners live on different loops (the pages' and the protocols'), announcers in any thread; the hub only hands on.
A listener must be quick and must not raise: it puts the changes into a queue of its own. What one transaction changed
is told at once, so that nobody acts on half of it.
"""

import threading
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from itertools import count

from webapp.changes import AccountWanted, Announcement, Change, OutboxFilled, PictureWanted

Listener = Callable[[Sequence[Announcement]], None]
Topic = tuple[str, int]

KEEPER: Topic = ("keeper", 0)


def topic_of(change: Announcement) -> Topic:
    """Whom a change concerns: the screens of a user, the session of an account, or the keeper."""
    match change:
        case Change():
            return ("user", change.user_id)
        case OutboxFilled() | PictureWanted():
            return ("account", change.account_id)
        case AccountWanted():
            return KEEPER


class Hub:
    """In-process announcements. ``version`` grows with every change of a user, so a page can tell if it is fresh."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._listeners: dict[Topic, dict[int, Listener]] = defaultdict(dict)
        self._versions: dict[int, int] = defaultdict(int)
        self._ids = count(1)

    def listen(self, topic: Topic, listener: Listener) -> Callable[[], None]:
        """Call ``listener`` with the changes of ``topic`` until the returned function is called."""
        key = next(self._ids)
        with self._lock:
            self._listeners[topic][key] = listener

        def stop() -> None:
            with self._lock:
                self._listeners[topic].pop(key, None)
                if not self._listeners[topic]:
                    del self._listeners[topic]

        return stop

    def announce(self, changes: Iterable[Announcement]) -> None:
        """Tell everyone concerned, each change once, in order. May be called from any thread."""
        by_topic: dict[Topic, list[Announcement]] = defaultdict(list)
        for change in dict.fromkeys(changes):
            by_topic[topic_of(change)].append(change)
        for topic, told in by_topic.items():
            with self._lock:
                if topic[0] == "user":
                    self._versions[topic[1]] += len(told)
                listeners = list(self._listeners.get(topic, {}).values())
            for listener in listeners:
                listener(told)

    def version(self, user_id: int) -> int:
        """How many changes of this user were announced since this process started."""
        with self._lock:
            return self._versions[user_id]
