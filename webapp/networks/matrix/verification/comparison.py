"""The exchange within a verification: from the first message about keys to the last MAC (Client-Server API, "SAS").

Pure. It begins when both sides agreed to compare, and ``flow`` decides when that is. Whatever comes out of turn, makes
no sense or has other keys than before raises Cancelled. Nothing is confirmed before the person said that both sides see
the same and both MACs are right.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from webapp.networks.matrix.verification import sas
from webapp.networks.matrix.verification.emoji import Emoji
from webapp.networks.matrix.verification.sas import Cancel, Cancelled, Confirmed, Exchange, Keys, Party
from webapp.networks.matrix.verification.seen import Phase
from webapp.networks.matrix.verification.ways import Way

Say = Callable[[str, Mapping[str, Any]], None]
"""Sends a step and its content to the other side."""


@dataclass(frozen=True)
class Known:
    """Whom a verification asks about keys. ``of``: those of a device of the other side, None if there is no such
    device; ``ours``: our own."""

    of: Callable[[str], Keys | None]
    ours: Callable[[], Keys]


class Comparison:
    """``phase`` goes from READY to DONE. ``confirmed`` are the keys that are certain now, None before that."""

    def __init__(self, way: Way, we: Party, they: Party, known: Known, say: Say) -> None:
        """The keys of the other side are those of now: from here on they may not change. Raises Cancelled."""
        keys = known.of(they.device)
        if keys is None:
            raise Cancelled(Cancel.KEYS)
        self.phase = Phase.READY
        self.confirmed: Confirmed | None = None
        self._way, self._we, self._they = way, we, they
        self._known, self._keys, self._say = known, keys, say
        self._exchange: Exchange | None = None
        self._start: Mapping[str, Any] = {}
        self._we_started = False
        self._commitment: object = None
        self._emoji = False
        self._theirs: Confirmed | None = None

    # What the person does

    def start(self) -> None:
        """Begin to exchange keys. Either side may."""
        if self.phase is not Phase.READY:
            return
        self._start = self._way.dressed({"from_device": self._we.device, **sas.offer()})
        self._we_started, self.phase = True, Phase.STARTED
        self._say("start", self._start)

    def match(self) -> None:
        """The person says that both sides see the same. Raises Cancelled."""
        self.phase = Phase.MATCHED
        self._check_keys()
        self._say("mac", self._met.confirm(self._known.ours()))
        if self._theirs is not None:
            self._finish(self._theirs)

    # What there is to see

    @property
    def emoji(self) -> tuple[Emoji, ...]:
        return self._met.emoji() if self.phase is Phase.COMPARING and self._emoji else ()

    @property
    def numbers(self) -> tuple[int, ...]:
        return self._met.decimals() if self.phase is Phase.COMPARING else ()

    # What the other side says

    def hear(self, step: str, content: Mapping[str, Any]) -> None:
        """A message of the other side about keys. Foreign. Raises Cancelled."""
        hear, phases = _TURNS.get(step, (None, ()))
        if hear is None or self.phase not in phases:
            raise Cancelled(Cancel.UNEXPECTED)
        hear(self, content)

    def _hear_start(self, content: Mapping[str, Any]) -> None:
        """Where both started, the start of the smaller user id counts, or of the smaller device id."""
        if content.get("from_device") != self._they.device:
            raise Cancelled(Cancel.UNEXPECTED)
        if self.phase is Phase.STARTED and self._ours_counts(content):
            return
        choice = sas.choose(content)
        exchange = self._exchange = Exchange(self._we, self._they, self._way.transaction, we_started=False)
        self._emoji = "emoji" in choice["short_authentication_string"]
        promise = sas.commitment(exchange.public_key, content)
        self._we_started, self.phase = False, Phase.STARTED
        self._say("accept", {**choice, "commitment": promise})

    def _ours_counts(self, content: Mapping[str, Any]) -> bool:
        """Both started: whether our start is the one that counts. Raises Cancelled."""
        if not self._we_started or self._exchange is not None or content.get("method") != sas.METHOD:
            raise Cancelled(Cancel.UNEXPECTED)
        return (self._we.user, self._we.device) < (self._they.user, self._they.device)

    def _hear_accept(self, content: Mapping[str, Any]) -> None:
        if not self._we_started or self._exchange is not None:
            raise Cancelled(Cancel.UNEXPECTED)
        self._emoji = "emoji" in sas.check_choice(content)
        self._commitment = content.get("commitment")
        exchange = self._exchange = Exchange(self._we, self._they, self._way.transaction, we_started=True)
        self._say("key", {"key": exchange.public_key})

    def _hear_key(self, content: Mapping[str, Any]) -> None:
        """Whoever accepted shows its key last, so nobody can choose one to fit."""
        exchange = self._met
        exchange.take_key(content.get("key"))
        if self._we_started:
            exchange.check_commitment(self._commitment, self._start)
        else:
            self._say("key", {"key": exchange.public_key})
        self.phase = Phase.COMPARING

    def _hear_mac(self, content: Mapping[str, Any]) -> None:
        if self._theirs is not None:
            raise Cancelled(Cancel.UNEXPECTED)
        self._check_keys()
        self._theirs = self._met.confirmed(content, self._keys)
        if self.phase is Phase.MATCHED:
            self._finish(self._theirs)

    def _check_keys(self) -> None:
        if self._known.of(self._they.device) != self._keys:
            raise Cancelled(Cancel.KEYS)

    def _finish(self, theirs: Confirmed) -> None:
        self.confirmed, self.phase = theirs, Phase.DONE
        self._say("done", {})

    @property
    def _met(self) -> Exchange:
        if self._exchange is None:
            raise Cancelled(Cancel.UNEXPECTED)
        return self._exchange


_TURNS: dict[str, tuple[Callable[[Comparison, Mapping[str, Any]], None], tuple[Phase, ...]]] = {
    "start": (Comparison._hear_start, (Phase.READY, Phase.STARTED)),
    "accept": (Comparison._hear_accept, (Phase.STARTED,)),
    "key": (Comparison._hear_key, (Phase.STARTED,)),
    "mac": (Comparison._hear_mac, (Phase.COMPARING, Phase.MATCHED)),
}
"""Who hears a step, and when it may come. ``done`` has no turn before the end, and means nothing after it."""
