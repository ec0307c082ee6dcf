"""The task that shows somebody's devices, or one's own, and leads on to comparing emoji."""

from abc import abstractmethod
from collections.abc import Callable

from webapp.languages import N_, Sentence
from webapp.networks.errors import Unreachable
from webapp.networks.login import Dialogue, Show, ShownDevice, Step
from webapp.networks.matrix import device_words
from webapp.networks.matrix.encryption.standing import DevicesSeen
from webapp.networks.matrix.keys import Keys
from webapp.networks.sealing import Trust

POLL = 5.0
"""Seconds between two looks at what is known by now."""
_MAYBE_OLD = N_("%(told)s What stands here may be out of date: %(reason)s")
_SILENT = N_("The homeserver of %(who)s does not answer at the moment.")


class Devices(Dialogue):
    """``user`` is whose they are; ``compare`` makes the dialogue that confirms them."""

    def __init__(self, keys: Keys, user: str, compare: Callable[[], Dialogue]) -> None:
        self._keys, self._user, self._compare = keys, user, compare
        self._next: Dialogue | None = None
        self._trouble: Sentence | None = None

    async def start(self) -> Step:
        """Ask for them, also if that was done before; what is known is shown even if nobody answers."""
        self._trouble = None
        try:
            await self._keys.look_at(self._user)
        except Unreachable as trouble:
            self._trouble = trouble.reason
        return await self._step()

    async def submit(self, answers: dict[str, str]) -> Step:
        if self._next is not None:
            return await self._next.submit(answers)
        button = answers.get("button", "")
        if button == "compare":
            dialogue = self._compare()
            step = await dialogue.start()
            self._next = dialogue
            return step
        return await self.start() if button == "again" else await self._step()

    async def close(self) -> None:
        if self._next is not None:
            await self._next.close()

    async def _step(self) -> Step:
        seen = await self._keys.devices_of(self._user)
        told = self._told(seen)
        trouble = None if seen.current else self._trouble or Sentence(_SILENT, {"who": self._user})
        buttons = (("compare", Sentence(N_("Compare emoji"))),) if self._may_compare(seen) else ()
        if trouble is not None:
            told = Sentence(_MAYBE_OLD, {"told": told, "reason": trouble})
            buttons = (*buttons, ("again", Sentence(N_("Look again"))))
        return Show(self._title(), told, buttons=buttons, poll=POLL, devices=self._listed(seen), may_cancel=False)

    @abstractmethod
    def _title(self) -> Sentence: ...

    @abstractmethod
    def _told(self, seen: DevicesSeen) -> Sentence: ...

    @abstractmethod
    def _listed(self, seen: DevicesSeen) -> tuple[ShownDevice, ...]: ...

    @abstractmethod
    def _may_compare(self, seen: DevicesSeen) -> bool: ...


class TheirDevices(Devices):
    """Those of somebody else, who is called ``who``."""

    def __init__(self, keys: Keys, user: str, who: str, compare: Callable[[], Dialogue]) -> None:
        super().__init__(keys, user, compare)
        self._who = who

    def _title(self) -> Sentence:
        return Sentence(N_("Devices of %(who)s"), {"who": self._who})

    def _told(self, seen: DevicesSeen) -> Sentence:
        return device_words.about_person(seen, self._who)

    def _listed(self, seen: DevicesSeen) -> tuple[ShownDevice, ...]:
        return device_words.theirs(seen)

    def _may_compare(self, seen: DevicesSeen) -> bool:
        """Where it would make a difference."""
        return bool(seen.devices) and seen.trust in {Trust.UNCONFIRMED, Trust.CHANGED}


class OwnDevices(Devices):
    """Those of the person themselves; ``device`` is this one."""

    def __init__(self, keys: Keys, user: str, device: str, compare: Callable[[], Dialogue]) -> None:
        super().__init__(keys, user, compare)
        self._device = device

    def _title(self) -> Sentence:
        return Sentence(N_("Your devices"))

    def _told(self, seen: DevicesSeen) -> Sentence:
        return device_words.about_us(seen)

    def _listed(self, seen: DevicesSeen) -> tuple[ShownDevice, ...]:
        return device_words.ours(seen, self._device)

    def _may_compare(self, seen: DevicesSeen) -> bool:
        """With whom there is another device, and one of the two is not confirmed."""
        others = [one for one in seen.devices if one.id != self._device]
        certain = seen.trust is Trust.CONFIRMED and all(one.vouched for one in seen.devices)
        return bool(others) and seen.trust is not Trust.UNKNOWN and not certain
