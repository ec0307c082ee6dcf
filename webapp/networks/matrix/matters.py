"""What the owner of an account should know and can do about it, gathered from whoever has something to say."""

from webapp.networks.matters import Condition, Matter, MattersChanged

_PRESSING = (Condition.ACT, Condition.ASKS)


class Matters:
    """The matters of one account by who tells them; told whole, and only when something is new."""

    def __init__(self) -> None:
        self._parts: dict[str, tuple[Matter, ...]] = {}
        self._told: tuple[Matter, ...] | None = None
        self._expected: set[str] = set()

    def expect(self, part: str) -> None:
        """This part is going to say something: what it said in an earlier session stays where it is until then.

        What is expected first stands before what others have said meanwhile.
        """
        self._parts.setdefault(part, ())
        self._expected.add(part)

    def expect_no_more(self, part: str) -> None:
        """It has nothing to say for now."""
        self._expected.discard(part)

    def put(self, part: str, *matters: Matter) -> None:
        """All that this part has to say now; those from before are forgotten."""
        self._parts[part] = matters
        self.expect_no_more(part)

    def news(self) -> list[MattersChanged]:
        """What is to be told now, the pressing first. The first time in any case, since some may be from before."""
        if self._expected:
            return []
        now = tuple(matter for part in self._parts.values() for matter in part)
        now = tuple(sorted(now, key=_place))
        if now == self._told:
            return []
        self._told = now
        return [MattersChanged(now)]


def _place(matter: Matter) -> tuple[bool, int]:
    """Urgent ones, then what is asked of the person, then what is only told; each part's own order stays."""
    pressing = _PRESSING.index(matter.condition) if matter.condition in _PRESSING else len(_PRESSING)
    return not matter.urgent, pressing
