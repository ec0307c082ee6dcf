"""All verifications of one device: which message belongs to which, and what is to be sent for them.

They live in memory only. What comes from somebody whose devices are not known (any more) waits until they are: keys are
compared with what the server said before, never with what a message says of itself.
"""

import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from webapp.networks.matrix.encryption.devices import present
from webapp.networks.matrix.encryption.foreign import mapping, moment, short_text
from webapp.networks.matrix.encryption.identities import identity
from webapp.networks.matrix.encryption.questions import Questions
from webapp.networks.matrix.encryption.store import Store
from webapp.networks.matrix.encryption.tables import now
from webapp.networks.matrix.verification import ways
from webapp.networks.matrix.verification.comparison import Known
from webapp.networks.matrix.verification.flow import REASONS, WHOLE_SECONDS, Flow, Letter, question
from webapp.networks.matrix.verification.sas import Cancel, Confirmed, Keys, Party
from webapp.networks.matrix.verification.seen import NobodyThere, Phase, Seen, Spoken, ToSay
from webapp.networks.matrix.verification.ways import Way

MOST = 20
"""Verifications at a time; more are no people."""
MOST_HELD = 200
"""Messages that wait for devices to be known, the newest ones: whoever's devices cannot be had keeps nobody out."""
KEPT_SECONDS = 600.0
"""How long one that is over can still be looked at."""
LETTER = "verification"
FALLBACK = "compares emoji with you, to be sure who is who, but your program does not know how."
"""For programs that know nothing of this; it follows our address."""

Certain = Callable[[str, str, Confirmed], None]
"""What is done when somebody's device, or they themselves, are confirmed: user, device, keys. In a transaction."""


@dataclass(frozen=True)
class _Held:
    """A message that waits until the devices of whoever said it are known, and since when."""

    sender: str
    act: Callable[[], None]
    at: float


class Verifications:
    """Every method belongs into a transaction of the store."""

    def __init__(self, store: Store, questions: Questions, ours: Callable[[], Keys], certain: Certain) -> None:
        """``ours`` are the keys that we vouch for."""
        self._store, self._questions, self._ours, self._certain = store, questions, ours, certain
        self._we = Party(store.user, store.device)
        self._flows: dict[str, Flow] = {}
        self._asking: dict[str, ToSay] = {}
        self._asked_user: dict[str, str] = {}
        self._over_since: dict[str, float] = {}
        self._held: list[_Held] = []
        self._to_say: list[ToSay] = []

    # What the person does

    def ask_in_room(self, user: str, room: str) -> str:
        """Ask somebody in a room; the name of the verification."""
        name = self._name()
        content = {"msgtype": ways.ROOM_REQUEST, "to": user, "body": f"{self._we.user} {FALLBACK}"}
        said = ToSay(room, "m.room.message", content | question(self._we.device), secrets.token_hex(16))
        self._asking[name], self._asked_user[name] = said, user
        self._to_say.append(said)
        self._store.tables.track([user])
        return name

    def ask_by_letters(self, user: str) -> str:
        """Ask all devices of somebody, or our other ones; the name of the verification. Raises NobodyThere."""
        self._store.tables.track([user])
        devices = tuple(one.device for one in present(self._store.tables, user) if Party(user, one.device) != self._we)
        if not devices:
            raise NobodyThere
        name, way = self._name(), Way(secrets.token_hex(16))
        self._keep(name, Flow.asking(way, self._we, user, self._known(user), now(), devices))
        return name

    def do(self, name: str, step: str) -> None:
        """``accept``, ``start``, ``match``, ``differ`` or ``cancel``. Nothing happens to one that is not there."""
        flow = self._flows.get(name)
        if flow is None:
            self._take_back(name)
        elif step == "accept":
            flow.accept(now())
        elif step in {"start", "match", "differ", "cancel"}:
            getattr(flow, step)()
        self.settle()

    def _take_back(self, name: str) -> None:
        """A question that was not said yet."""
        said = self._asking.pop(name, None)
        self._asked_user.pop(name, None)
        self._to_say = [one for one in self._to_say if one != said]

    def seen(self) -> list[Seen]:
        """All of them as they stand now."""
        self.settle()
        asking = [
            Seen(name, self._asked_user[name], "", said.room, Phase.WAITING) for name, said in self._asking.items()
        ]
        return asking + [_seen(name, flow) for name, flow in self._flows.items()]

    # What comes

    def take(self, events: Sequence[Mapping[str, Any]]) -> None:
        """Letters from devices; those that belong to no verification are left out."""
        for event in events:
            step, sender = ways.step_of(short_text(event.get("type"))), short_text(event.get("sender"))
            content = mapping(event.get("content"))
            transaction = ways.named_in_letter(content)
            if step and sender and transaction:
                self._hold(sender, partial(self._letter, sender, transaction, step, content))
        self.settle()

    def hear(self, room: str, events: Sequence[Spoken]) -> None:
        """What was said in a room."""
        for event in events:
            if event.transaction:
                self._note_sent(event.transaction, event.event)
            elif event.sender == self._we.user:
                self._other_device_said(room, event)
            else:
                self._hold(event.sender, partial(self._said, room, event))
        self.settle()

    def _hold(self, sender: str, act: Callable[[], None]) -> None:
        """Do this as soon as the devices of whoever says it are known."""
        self._store.tables.track([sender])
        self._held = [*self._held, _Held(sender, act, now())][-MOST_HELD:]

    def _letter(self, sender: str, transaction: str, step: str, content: Mapping[str, Any]) -> None:
        if step == ways.REQUEST:
            self._asked(Way(transaction), sender, content, moment(content.get("timestamp")))
            return
        flow = self._of(sender, transaction, "")
        if flow is not None:
            flow.hear(step, content)
        elif step in {"ready", "start"} and (device := short_text(content.get("from_device"))):
            self._do_not_know(sender, device, transaction)

    def _said(self, room: str, event: Spoken) -> None:
        if event.content.get("msgtype") == ways.ROOM_REQUEST and event.type == "m.room.message":
            if event.content.get("to") == self._we.user:
                self._asked(Way(event.event, room), event.sender, event.content, event.at)
            return
        flow = self._of(event.sender, ways.named_in_room(event.content), room)
        step = ways.step_of(event.type)
        if flow is not None and step:
            flow.hear(step, event.content)

    def _other_device_said(self, room: str, event: Spoken) -> None:
        """We ourselves, with another device: there they answered what we were asked, or said no."""
        transaction = ways.named_in_room(event.content)
        for flow in self._flows.values():
            if flow.way == Way(transaction, room) and ways.step_of(event.type) in {"ready", "cancel"}:
                flow.answered_elsewhere()

    def _asked(self, way: Way, sender: str, content: Mapping[str, Any], at: float) -> None:
        """Somebody asks. Their newest question counts, and none counts twice."""
        if self._of(sender, way.transaction, way.room) is not None or not self._has_room():
            return
        flow = Flow.asked(way, self._we, sender, self._known(sender), content, at, now())
        if flow is None:
            return
        for other in self._flows.values():
            if other.user == sender and other.phase is Phase.ASKED:
                other.answered_elsewhere()
        self._keep(self._name(), flow)

    def _has_room(self) -> bool:
        """Whether there can be another one; what is over makes room first."""
        if len(self._flows) >= MOST and self._over_since:
            oldest = min(self._over_since, key=self._over_since.__getitem__)
            del self._flows[oldest], self._over_since[oldest]
        return len(self._flows) < MOST

    def _do_not_know(self, user: str, device: str, transaction: str) -> None:
        """It may have been of this device before a restart: then whoever waits should know."""
        code = Cancel.UNKNOWN_TRANSACTION
        content = Way(transaction).dressed({"code": code.value, "reason": REASONS[code]})
        self._send(user, Letter("cancel", content, (device,)))

    # What is to be sent

    def settle(self) -> None:
        """Go on wherever that is possible, and gather what is to be sent."""
        for act in self._ready() if self._held else ():
            act()
        for name, flow in list(self._flows.items()):
            self._go_on(name, flow)

    def waited_for(self) -> set[str]:
        """Whose devices must be known before we can go on."""
        return {one.sender for one in self._held}

    def _ready(self) -> list[Callable[[], None]]:
        """What waited for devices that are known now."""
        outdated = self._store.tables.outdated_among(self.waited_for())
        ready = [one.act for one in self._held if one.sender not in outdated]
        self._held = [one for one in self._held if one.sender in outdated and now() - one.at < WHOLE_SECONDS]
        return ready

    @property
    def any(self) -> bool:
        """Whether there is one at all, also a question that waits."""
        return bool(self._flows or self._asking or self._held or self._to_say)

    def to_say(self) -> list[ToSay]:
        """What is to be said in rooms, in this order, until it is ``said``."""
        self.settle()
        return list(self._to_say)

    def said(self, said: ToSay, event: str) -> None:
        """It was said, and is this event now; empty if it could not be said at all."""
        self._to_say = [one for one in self._to_say if one != said]
        if event:
            self._note_sent(said.transaction, event)
        for name in [name for name, asking in self._asking.items() if asking == said]:
            self._take_back(name)

    def _note_sent(self, transaction: str, event: str) -> None:
        """The event of our question gives the verification its name. The server may tell us twice, in any order."""
        for name, asking in list(self._asking.items()):
            if asking.transaction == transaction:
                del self._asking[name]
                user = self._asked_user.pop(name)
                way = Way(event, asking.room)
                self._keep(name, Flow.asking(way, self._we, user, self._known(user), now()))

    def _go_on(self, name: str, flow: Flow) -> None:
        flow.tick(now())
        if flow.we_asked:
            flow.start()
        letters, flow.out[:] = list(flow.out), []
        for letter in letters:
            self._send(flow.user, letter, flow.way.room)
        if flow.is_over and name not in self._over_since:
            self._over_since[name] = now()
            if flow.confirmed is not None:
                self._certain(flow.user, flow.device, flow.confirmed)
        elif flow.is_over and now() - self._over_since[name] > KEPT_SECONDS:
            del self._flows[name], self._over_since[name]

    def _send(self, user: str, letter: Letter, room: str = "") -> None:
        kind, transaction = ways.PREFIX + letter.step, secrets.token_hex(16)
        if room:
            self._to_say.append(ToSay(room, kind, letter.content, transaction))
        else:
            messages = {user: dict.fromkeys(letter.devices, letter.content)}
            path = f"/sendToDevice/{kind}/{transaction}"
            self._questions.ask(LETTER, "PUT", path, {"messages": messages}, (), lambda _: None, no_will_do=True)

    # Whom we deal with

    def _of(self, sender: str, transaction: str, room: str) -> Flow | None:
        """The verification of this name with this very person; nobody else can say anything in it."""
        way = Way(transaction, room)
        return next((flow for flow in self._flows.values() if (flow.way, flow.user) == (way, sender)), None)

    def _known(self, user: str) -> Known:
        return Known(lambda device: self._keys(user, device), self._ours)

    def _keys(self, user: str, device: str) -> Keys | None:
        """The keys of a device that is there, with the newest master key of its owner."""
        known = self._store.tables.device(user, device)
        if known is None or known.gone or known.told:
            return None
        owner = identity(self._store.tables, user)
        return Keys(device, known.ed25519, (owner.changed or owner.master) if owner else None)

    def _name(self) -> str:
        return secrets.token_hex(8)

    def _keep(self, name: str, flow: Flow) -> None:
        self._flows[name] = flow


def _seen(name: str, flow: Flow) -> Seen:
    whole = flow.confirmed is not None and flow.confirmed.master_key is not None
    where = (name, flow.user, flow.device, flow.way.room)
    return Seen(*where, flow.phase, flow.emoji, flow.numbers, flow.code, flow.by_us, whole)
