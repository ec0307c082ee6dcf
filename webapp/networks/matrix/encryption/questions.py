"""What the keys have asked of the server and not heard yet.

A question stands until it is answered or refused, and is handed out again and again until then: whoever asks may give
up in between. What was refused, or could not be had, is not asked for again for a while.
"""

import secrets
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from webapp.networks.matrix.encryption.foreign import mapping
from webapp.networks.matrix.encryption.requests import Request
from webapp.networks.matrix.encryption.store import Store
from webapp.networks.matrix.encryption.tables import now

AGAIN_AFTER = 3600.0
"""Seconds until we ask again for a key of a device that had none, or for devices that a server would not tell."""
CLIENT = "/_matrix/client/v3"
Answer = Callable[[Mapping[str, Any]], Iterator[None] | None]
"""What is done with the object that was answered, in a transaction. A long one stops after each part, which has a
transaction of its own."""
MOST_NOT_NOW = 50_000
_END = object()


@dataclass(frozen=True)
class Question:
    """``kind`` says what for, ``about`` whom or what. ``no_will_do``: a refusal is as good as an empty answer."""

    request: Request
    kind: str
    about: frozenset[str]
    answer: Answer
    no_will_do: bool


class Questions:
    """The open ones of one device, oldest first."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._open: dict[str, Question] = {}
        self._parts: dict[str, Iterator[None]] = {}
        self._not_before: dict[str, float] = {}

    def ask(
        self,
        kind: str,
        method: str,
        path: str,
        body: Mapping[str, Any],
        about: Iterable[str],
        answer: Answer,
        *,
        no_will_do: bool = False,
    ) -> None:
        """One more question."""
        key = f"{kind} {secrets.token_hex(8)}"
        request = Request(key, method, CLIENT + path, body)
        self._open[key] = Question(request, kind, frozenset(about), answer, no_will_do)

    def of(self, kind: str, who: frozenset[str] | None = None) -> list[Request]:
        """What is asked of a kind, about some of ``who`` if given."""
        return [q.request for q in self._open.values() if q.kind == kind and (who is None or q.about & who)]

    def about(self, kind: str) -> set[str]:
        """Whom or what the open questions of a kind are about."""
        return {one for question in self._open.values() if question.kind == kind for one in question.about}

    def is_about(self, kind: str, one: str) -> bool:
        """Whether an open question of a kind is about this one."""
        return any(question.kind == kind and one in question.about for question in self._open.values())

    def except_of(self, beginning: str) -> list[Request]:
        """All but those whose kind begins like this."""
        return [q.request for q in self._open.values() if not q.kind.startswith(beginning)]

    def forget(self, kind: str) -> None:
        """Nobody wants to know any more; an answer that comes all the same changes nothing."""
        self._open = {key: question for key, question in self._open.items() if question.kind != kind}

    def may_ask(self, about: str) -> bool:
        """Whether enough time went by since this could not be had."""
        return self._not_before.get(about, 0.0) <= now()

    def later(self, about: Iterable[str]) -> None:
        """These cannot be had now."""
        if len(self._not_before) > MOST_NOT_NOW:
            self._not_before = {one: at for one, at in self._not_before.items() if at > now()}
        self._not_before.update(dict.fromkeys(about, now() + AGAIN_AFTER))

    def at_once(self, about: Iterable[str]) -> None:
        """Somebody waits for these: what could not be had a while ago is tried again."""
        for one in about:
            self._not_before.pop(one, None)

    def answered(self, request: Request, reply: object) -> bool:
        """Take an answer, or some of a long one: whether there is more of it to take.

        One to something that nobody asks any more changes nothing.
        """
        question = self._open.get(request.key)
        if question is None:
            return False
        with self._store.transaction():
            parts = self._parts.pop(request.key, None) or question.answer(mapping(reply))
            more = parts is not None and next(parts, _END) is not _END
        if more and parts is not None:
            self._parts[request.key] = parts
        else:
            self._open.pop(request.key, None)
        return more

    def refused(self, request: Request) -> None:
        """The server will not answer: that is an answer too, or it is asked for again later."""
        question = self._open.get(request.key)
        if question is not None and question.no_will_do:
            while self.answered(request, {}):
                pass
        elif question is not None:
            del self._open[request.key]
            self.later(question.about | {question.kind})
