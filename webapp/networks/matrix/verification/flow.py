"""One verification, from the question to its end (Client-Server API, "Key verification framework").

Pure: messages go in by ``hear``, what the person does by ``accept``, ``start``, ``match``, ``differ`` and ``cancel``,
the time by ``tick``; what is to be sent lies in ``out``. Here is who asks, agrees and gives up; ``comparison`` is what
both sides do about keys in between. Whoever makes no sense ends it, with a code that says why.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from webapp.networks.matrix.verification import sas
from webapp.networks.matrix.verification.comparison import Comparison, Known
from webapp.networks.matrix.verification.emoji import Emoji
from webapp.networks.matrix.verification.sas import Cancel, Cancelled, Confirmed, Party
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


class Flow:
    """``device`` is the other side's, empty until it is known. ``code`` says why it was cancelled, ``by_us``: by us."""

    def __init__(self, way: Way, we: Party, user: str, known: Known, asked_at: float, now: float) -> None:
        """Times are seconds since 1970. Use ``asking`` or ``asked``."""
        self.way, self.user, self.device = way, user, ""
        self.we_asked = True
        self.code, self.by_us = "", False
        self.out: list[Letter] = []
        self._we, self._known = we, known
        self._ends = min(asked_at, now) + WHOLE_SECONDS
        self._devices: tuple[str, ...] = ()
        self._before = Phase.WAITING
        self._comparison: Comparison | None = None
        self._cancelled = False

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
        flow._before, flow.we_asked = Phase.ASKED, False
        flow._ends = min(flow._ends, now + UNSEEN_SECONDS)
        flow.device = str(device)
        flow._devices = (flow.device,)
        return flow

    # What the person does

    def accept(self, now: float) -> None:
        """The person wants to, too."""
        if self.phase is Phase.ASKED:
            self._ends = now + WHOLE_SECONDS
            self._guard(self._agree)

    def start(self) -> None:
        """Begin to exchange keys. Whoever asked does so when the other side agreed; the other may, too."""
        if self._comparison is not None and not self.is_over:
            self._comparison.start()

    def match(self) -> None:
        """The person says that both sides see the same."""
        if self._comparison is not None and self.phase is Phase.COMPARING:
            self._guard(self._comparison.match)

    def differ(self) -> None:
        """The person says that both sides do not see the same."""
        if self.phase is Phase.COMPARING:
            self._cancel(Cancel.SAS)

    def cancel(self) -> None:
        """The person does not want to (any more)."""
        if not self.is_over:
            self._cancel(Cancel.USER)

    def tick(self, now: float) -> None:
        """Time goes by."""
        if self.is_over or now < self._ends:
            return
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
    def phase(self) -> Phase:
        if self._cancelled:
            return Phase.CANCELLED
        return self._comparison.phase if self._comparison is not None else self._before

    @property
    def is_over(self) -> bool:
        return self.phase in OVER

    @property
    def confirmed(self) -> Confirmed | None:
        """The keys that are certain now, None before the end."""
        return self._comparison.confirmed if self._comparison is not None and self.phase is Phase.DONE else None

    @property
    def emoji(self) -> tuple[Emoji, ...]:
        """The seven emoji to compare; empty while there are none, or where only numbers were agreed on."""
        return self._comparison.emoji if self._comparison is not None and not self.is_over else ()

    @property
    def numbers(self) -> tuple[int, ...]:
        """The three numbers to compare; empty while there are none."""
        return self._comparison.numbers if self._comparison is not None and not self.is_over else ()

    # What the other side says

    def hear(self, step: str, content: Mapping[str, Any]) -> None:
        """A message of the other side that names this verification. Foreign: it may be anything."""
        if not self.is_over:
            self._guard(self._hear, step, content)

    def _hear(self, step: str, content: Mapping[str, Any]) -> None:
        if step == "cancel":
            self._end(content.get("code"), by_us=False)
        elif step == "ready":
            self._hear_ready(content)
        elif self._comparison is not None:
            self._comparison.hear(step, content)
        else:
            raise Cancelled(Cancel.UNEXPECTED)

    def _hear_ready(self, content: Mapping[str, Any]) -> None:
        if self._is_late(content):
            return
        if self.phase is not Phase.WAITING:
            raise Cancelled(Cancel.UNEXPECTED)
        methods = content.get("methods")
        self._meet(content.get("from_device"))
        if not isinstance(methods, list) or sas.METHOD not in methods:
            raise Cancelled(Cancel.UNKNOWN_METHOD)
        others = tuple(device for device in self._devices if device != self.device)
        if others and not self.way.room:
            self._tell(Cancel.ACCEPTED, others)
        self._devices = (self.device,)

    def _is_late(self, content: Mapping[str, Any]) -> bool:
        """Of several devices that agree the first one counts; the others may not have heard of that yet."""
        return self.we_asked and self.phase is not Phase.WAITING and content.get("from_device") != self.device

    def _agree(self) -> None:
        self._meet(self.device)
        self._say("ready", {"from_device": self._we.device, "methods": [sas.METHOD]})

    def _meet(self, device: object) -> None:
        """Whom we deal with: both agreed. Raises Cancelled for a device that nobody knows."""
        they = Party(self.user, device if isinstance(device, str) else "")
        self._comparison = Comparison(self.way, self._we, they, self._known, self._say)
        self.device = they.device

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
        self._cancelled, self.code, self.by_us = True, str(code) if known else "", by_us

    def _guard(self, step: Callable[..., None], *given: Any) -> None:
        try:
            step(*given)
        except Cancelled as cancelled:
            self._cancel(cancelled.code)


def question(device: str) -> dict[str, Any]:
    """What we put into the request, on either way."""
    return {"from_device": device, "methods": [sas.METHOD]}
