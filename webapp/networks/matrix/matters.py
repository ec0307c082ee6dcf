"""What the owner of an account should know and can do about it, gathered from whoever has something to say."""

from webapp.networks.events import Matter, MattersChanged


class Matters:
    """The matters of one account by who tells them; told whole, and only when something is new."""

    def __init__(self) -> None:
        self._parts: dict[str, tuple[Matter, ...]] = {}
        self._told: tuple[Matter, ...] | None = None

    def put(self, part: str, *matters: Matter) -> None:
        """All that this part has to say now; those from before are forgotten."""
        self._parts[part] = matters

    def news(self) -> list[MattersChanged]:
        """What is to be told now: urgent ones first. The first time in any case, since some may be from before."""
        now = tuple(matter for part in self._parts.values() for matter in part)
        now = tuple(sorted(now, key=lambda matter: not matter.urgent))
        if now == self._told:
            return []
        self._told = now
        return [MattersChanged(now)]
