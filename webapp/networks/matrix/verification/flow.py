"""One verification, from the question to its end (Client-Server API, "Key verification framework" and "SAS").

Pure: messages go in by ``hear``, what the person does by ``accept``, ``start``, ``match``, ``differ`` and ``cancel``,
the time by ``tick``; what is to be sent lies in ``out``. Whoever makes no sense, comes out of turn or has other keys
than before ends it, with a code that says why. Nothing is confirmed before the person said so and both MACs are right.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from webapp.networks.matrix.verification import sas
from webapp.networks.matrix.verification.emoji import Emoji
from webapp.networks.matrix.verification.sas import Cancel, Cancelled, Confirmed, Exchange, Keys, Party
from webapp.networks.matrix.verification.seen import Phase
from webapp.networks.matrix.verification.ways import Way

WHOLE_SECONDS = 600.0
"""How long a verification may take from the question on."""
UNSEEN_SECONDS = 120.0
"""How long a question stands that the person does not answer, from when it came."""
FUTURE_SECONDS = 300.0
"""How far the clock of whoever asks may be ahead of ours."""
REASONS = {
    Cancel.USER: "The person cancelled it.",
    Cancel.TIMEOUT: "It took too long.",
    Cancel.ACCEPTED: "Another device answered.",
    Cancel.UNKNOWN_TRANSACTION: "There is no such verification here.",
    Cancel.UNKNOWN_METHOD: "No method that both know.",
    Cancel.UNEXPECTED: "A message came out of turn.",
    Cancel.COMMITMENT: "The key is not the promised one.",
    Cancel.SAS: "The strings do not match.",
    Cancel.KEYS: "The keys are not the expected ones.",
    Cancel.INVALID: "A message made no sense.",
}
"""For programs of others, in English: the specification asks for one."""


OVER = frozenset({Phase.DONE, Phase.CANCELLED})


@dataclass(frozen=True)
class Letter:
    """Something to send: ``step`` without its prefix. By letters it goes to ``devices``, in a room these are empty."""

    step: str
    content: dict[str, Any]
    devices: tuple[str, ...]


@dataclass(frozen=True)
class Known:
    """Whom a flow asks about keys. ``of``: those of a device of the other side, None if there is no such device;
    ``ours``: our own."""

    of: Callable[[str], Keys | None]
    ours: Callable[[], Keys]


class Flow:
    """``device`` is the other side's, empty until it is known. ``code`` says why it was cancelled, ``by_us`` by whom.
    ``confirmed`` are the keys that are certain now, None before the end."""

    def __init__(self, way: Way, we: Party, user: str, known: Known, asked_at: float, now: float) -> None:
        """Times are seconds since 1970. Use ``asking`` or ``asked``."""
        self.way, self.user, self.device = way, user, ""
        self.phase, self.we_asked = Phase.WAITING, True
        self.code, self.by_us = "", False
        self.confirmed: Confirmed | None = None
        self.out: list[Letter] = []
        self._we, self._known = we, known
        self._ends = min(asked_at, now) + WHOLE_SECONDS
        self._devices: tuple[str, ...] = ()
        self._keys: Keys | None = None
        self._exchange: Exchange | None = None
        self._start: Mapping[str, Any] = {}
        self._we_started = False
        self._commitment: object = None
        self._emoji = False
        self._theirs: Confirmed | None = None

    @classmethod
    def asking(cls, way: Way, we: Party, user: str, known: Known, now: float, devices: tuple[str, ...] = ()) -> "Flow":
        """We ask. By letters these ``devices``, now; in a room the question is what the way is named by."""
        flow = cls(way, we, user, known, now, now)
        flow._devices = devices
        if not way.room:
            flow._say("request", {**question(we.device), "timestamp": int(now * 1000)})
        return flow

    @classmethod
    def asked(
        cls, way: Way, we: Party, user: str, known: Known, content: Mapping[str, Any], asked_at: float, now: float
    ) -> "Flow | None":
        """They ask. None for a question that is too old, from the future, or that we could not answer with yes.

        The specification wants no answer then: another device of ours may be able to give one.
        """
        device, methods = content.get("from_device"), content.get("methods")
        in_time = now - WHOLE_SECONDS < asked_at < now + FUTURE_SECONDS
        able = isinstance(methods, list) and sas.METHOD in methods and isinstance(device, str) and device
        if not in_time or not able or (user, device) == (we.user, we.device):
            return None
        flow = cls(way, we, user, known, asked_at, now)
        flow.phase, flow.we_asked = Phase.ASKED, False
        flow._ends = min(flow._ends, now + UNSEEN_SECONDS)
        flow.device = str(device)
        flow._devices = (flow.device,)
        return flow

    # What the person does

    def accept(self, now: float) -> None:
        """The person wants to, too."""
        if self.phase is Phase.ASKED:
            self._ends = now + WHOLE_SECONDS
            self._guard(self._meet, self.device)
        if self.phase is Phase.ASKED:
            self.phase = Phase.READY
            self._say("ready", {"from_device": self._we.device, "methods": [sas.METHOD]})

    def start(self) -> None:
        """Begin to exchange keys. Whoever asked does so when the other side agreed; the other may, too."""
        if self.phase is not Phase.READY:
            return
        self._start = self.way.dressed({"from_device": self._we.device, **sas.offer()})
        self._we_started, self.phase = True, Phase.STARTED
        self.out.append(Letter("start", dict(self._start), self._devices))

    def match(self) -> None:
        """The person says that both sides see the same."""
        if self.phase is Phase.COMPARING:
            self.phase = Phase.MATCHED
            self._guard(self._vouch)

    def differ(self) -> None:
        """The person says that both sides do not see the same."""
        if self.phase is Phase.COMPARING:
            self._cancel(Cancel.SAS)

    def cancel(self) -> None:
        """The person does not want to (any more)."""
        if self.phase not in OVER:
            self._cancel(Cancel.USER)

    def tick(self, now: float) -> None:
        """Time goes by."""
        if self.phase not in OVER and now >= self._ends:
            if self.phase is Phase.ASKED:
                self._end(Cancel.TIMEOUT, by_us=True)  # nobody was there; whoever asked sees that for themselves
            else:
                self._cancel(Cancel.TIMEOUT)

    def answered_elsewhere(self) -> None:
        """Another device of ours takes care of it."""
        if self.phase is Phase.ASKED:
            self._end(Cancel.ACCEPTED, by_us=False)

    # What there is to see

    @property
    def is_over(self) -> bool:
        return self.phase in OVER

    @property
    def emoji(self) -> tuple[Emoji, ...]:
        """The seven emoji to compare; empty while there are none, or where only numbers were agreed on."""
        return self._met.emoji() if self.phase is Phase.COMPARING and self._emoji else ()

    @property
    def numbers(self) -> tuple[int, ...]:
        """The three numbers to compare; empty while there are none."""
        return self._met.decimals() if self.phase is Phase.COMPARING else ()

    # What the other side says

    def hear(self, step: str, content: Mapping[str, Any]) -> None:
        """A message of the other side that names this verification. Foreign: it may be anything."""
        if self.phase not in OVER:
            self._guard(self._hear, step, content)

    def _hear(self, step: str, content: Mapping[str, Any]) -> None:
        if step == "cancel":
            self._end(content.get("code"), by_us=False)
            return
        if step == "ready" and self._is_late(content):
            return
        hear, phases = _TURNS.get(step, (None, ()))
        if hear is None or self.phase not in phases:
            raise Cancelled(Cancel.UNEXPECTED)
        hear(self, content)

    def _is_late(self, content: Mapping[str, Any]) -> bool:
        """Of several devices that agree the first one counts; the others may not have heard of that yet."""
        return self.we_asked and self.phase is not Phase.WAITING and content.get("from_device") != self.device

    def _hear_ready(self, content: Mapping[str, Any]) -> None:
        methods = content.get("methods")
        self._meet(content.get("from_device"))
        if not isinstance(methods, list) or sas.METHOD not in methods:
            raise Cancelled(Cancel.UNKNOWN_METHOD)
        others = tuple(device for device in self._devices if device != self.device)
        if others and not self.way.room:
            self._tell(Cancel.ACCEPTED, others)
        self._devices, self.phase = (self.device,), Phase.READY

    def _hear_start(self, content: Mapping[str, Any]) -> None:
        """Where both started, the start of the smaller user id counts, or of the smaller device id."""
        if content.get("from_device") != self.device:
            raise Cancelled(Cancel.UNEXPECTED)
        if self.phase is Phase.STARTED and self._ours_counts(content):
            return
        choice = sas.choose(content)
        exchange = self._exchange = Exchange(self._we, self._they, self.way.transaction, we_started=False)
        self._emoji = "emoji" in choice["short_authentication_string"]
        promise = sas.commitment(exchange.public_key, content)
        self._we_started, self.phase = False, Phase.STARTED
        self._say("accept", {**choice, "commitment": promise})

    def _ours_counts(self, content: Mapping[str, Any]) -> bool:
        """Both started: whether our start is the one that counts. Raises Cancelled."""
        if not self._we_started or self._exchange is not None or content.get("method") != sas.METHOD:
            raise Cancelled(Cancel.UNEXPECTED)
        return (self._we.user, self._we.device) < (self.user, self.device)

    def _hear_accept(self, content: Mapping[str, Any]) -> None:
        if not self._we_started or self._exchange is not None:
            raise Cancelled(Cancel.UNEXPECTED)
        self._emoji = "emoji" in sas.check_choice(content)
        self._commitment = content.get("commitment")
        exchange = self._exchange = Exchange(self._we, self._they, self.way.transaction, we_started=True)
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
        self._theirs = self._met.confirmed(content, self._same_keys())
        if self.phase is Phase.MATCHED:
            self._finish(self._theirs)

    # Steps

    def _meet(self, device: object) -> None:
        """Whom we deal with, and with which keys. From here on neither may change."""
        keys = self._known.of(device) if isinstance(device, str) else None
        if keys is None:
            raise Cancelled(Cancel.KEYS)
        self.device, self._keys = keys.device, keys

    def _same_keys(self) -> Keys:
        if self._keys is None or self._known.of(self.device) != self._keys:
            raise Cancelled(Cancel.KEYS)
        return self._keys

    def _vouch(self) -> None:
        self._same_keys()
        self._say("mac", self._met.confirm(self._known.ours()))
        if self._theirs is not None:
            self._finish(self._theirs)

    def _finish(self, theirs: Confirmed) -> None:
        self.confirmed, self.phase = theirs, Phase.DONE
        self._say("done", {})

    @property
    def _they(self) -> Party:
        return Party(self.user, self.device)

    @property
    def _met(self) -> Exchange:
        if self._exchange is None:
            raise Cancelled(Cancel.UNEXPECTED)
        return self._exchange

    # Sending and ending

    def _say(self, step: str, content: Mapping[str, Any]) -> None:
        self.out.append(Letter(step, self.way.dressed(content), self._devices))

    def _tell(self, code: Cancel, devices: tuple[str, ...]) -> None:
        content = self.way.dressed({"code": code.value, "reason": REASONS[code]})
        self.out.append(Letter("cancel", content, devices))

    def _cancel(self, code: Cancel) -> None:
        self._tell(code, self._devices)
        self._end(code, by_us=True)

    def _end(self, code: object, by_us: bool) -> None:
        known = isinstance(code, str) and code in {*Cancel}
        self.phase, self.code, self.by_us = Phase.CANCELLED, str(code) if known else "", by_us

    def _guard(self, step: Callable[..., None], *given: Any) -> None:
        try:
            step(*given)
        except Cancelled as cancelled:
            self._cancel(cancelled.code)


def question(device: str) -> dict[str, Any]:
    """What we put into the request, on either way."""
    return {"from_device": device, "methods": [sas.METHOD]}


_TURNS: dict[str, tuple[Callable[[Flow, Mapping[str, Any]], None], tuple[Phase, ...]]] = {
    "ready": (Flow._hear_ready, (Phase.WAITING,)),
    "start": (Flow._hear_start, (Phase.READY, Phase.STARTED)),
    "accept": (Flow._hear_accept, (Phase.STARTED,)),
    "key": (Flow._hear_key, (Phase.STARTED,)),
    "mac": (Flow._hear_mac, (Phase.COMPARING, Phase.MATCHED)),
}
"""Who hears a step, and when it may come. ``done`` has no turn before the end, and means nothing after it."""
