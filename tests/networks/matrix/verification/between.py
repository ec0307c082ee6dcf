"""Two sides of a verification, and whoever carries what they say."""

from collections.abc import Callable
from typing import Any

from webapp.networks.matrix.verification.comparison import Known
from webapp.networks.matrix.verification.flow import Flow
from webapp.networks.matrix.verification.sas import Cancel, Keys, Party
from webapp.networks.matrix.verification.seen import Phase
from webapp.networks.matrix.verification.ways import Way

NOW = 1_000_000.0
ALICE, BOB = Party("@alice:house.test", "ALICEDEV"), Party("@bob:house.test", "BOBDEV")
ALICE_KEYS = Keys("ALICEDEV", "alice+device+key", "alice+master+key")
BOB_KEYS = Keys("BOBDEV", "bob+device+key", "bob+master+key")
LETTERS, ROOM = Way("t1"), Way("$asked", "!soup:house.test")


class Side:
    """One side with its flow; ``knows`` are the keys of the other side by device."""

    def __init__(self, we: Party, they: Party, ours: Keys, knows: dict[str, Keys]) -> None:
        self.we, self.they, self.ours, self.knows = we, they, ours, knows
        self.flow: Any = None

    def known(self) -> Known:
        return Known(self.knows.get, lambda: self.ours)

    def ask(self, way: Way, devices: tuple[str, ...]) -> None:
        self.flow = Flow.asking(way, self.we, self.they.user, self.known(), NOW, devices)

    def asked(self, way: Way, content: dict[str, Any], at: float = NOW, now: float = NOW) -> Any:
        self.flow = Flow.asked(way, self.we, self.they.user, self.known(), content, at, now)
        return self.flow

    def says(self, step: str) -> dict[str, Any]:
        """The one message of this step that it sent."""
        [found] = [letter.content for letter in self.flow.out if letter.step == step]
        return dict(found)


class Between:
    """Carries what both say to the other. ``change`` may alter it on the way, by step."""

    def __init__(self, way: Way = LETTERS, **change: Callable[[dict[str, Any]], dict[str, Any]]) -> None:
        self.alice = Side(ALICE, BOB, ALICE_KEYS, {"BOBDEV": BOB_KEYS})
        self.bob = Side(BOB, ALICE, BOB_KEYS, {"ALICEDEV": ALICE_KEYS})
        self.change, self.carried = change, {"alice": 0, "bob": 0}
        self.alice.ask(way, () if way.room else ("BOBDEV",))
        request = {"from_device": "ALICEDEV", "methods": ["m.sas.v1"]}
        self.bob.asked(way, request)
        self.carried["alice"] = len(self.alice.flow.out)

    def carry(self) -> None:
        """Until both have nothing to say any more."""
        moved = True
        while moved:
            moved = self._carry("alice", self.alice, self.bob) + self._carry("bob", self.bob, self.alice) > 0

    def _carry(self, name: str, one: Side, other: Side) -> int:
        news = one.flow.out[self.carried[name] :]
        self.carried[name] += len(news)
        for letter in news:
            altered = self.change.get(letter.step, lambda content: content)(dict(letter.content))
            other.flow.hear(letter.step, altered)
        return len(news)

    def compare(self, starter: str = "alice") -> None:
        self.bob.flow.accept(NOW)
        self.carry()
        getattr(self, starter).flow.start()
        self.carry()

    def ended(self, code: Cancel) -> None:
        """Both sides ended with this code, and nothing is confirmed."""
        for side in (self.alice, self.bob):
            assert (side.flow.phase, side.flow.code) == (Phase.CANCELLED, code.value)
            assert side.flow.confirmed is None
