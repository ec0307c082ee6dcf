"""Comparing emoji with a person, or with another device of one's own: what is asked of us, and the task for it."""

from collections.abc import Awaitable, Callable
from typing import Protocol

from webapp.languages import N_, Sentence
from webapp.networks.errors import Refused, Trouble
from webapp.networks.login import Dialogue, Finished, Show, ShownDevice, Step
from webapp.networks.matrix.device_words import theirs
from webapp.networks.matrix.encryption.standing import DevicesSeen
from webapp.networks.matrix.verification.seen import Phase, Seen
from webapp.networks.matters import Condition, Matter

WITH_PERSON, WITH_OWN, ANSWER = "verify:", "verify-own-device", "answer:"
"""The tasks: ``verify:@anna:example.org``, ``verify-own-device``, ``answer:<name of a verification>``."""

_TITLE = N_("Compare emoji")
_CANCEL = ("cancel", Sentence(N_("Stop comparing")))
_WHY = {
    "m.user": N_("The other side cancelled it. Nothing was confirmed."),
    "m.timeout": N_("It took too long, so it was stopped. Nothing was confirmed."),
    "m.accepted": N_("It was answered on another device."),
    "m.mismatched_sas": N_(
        "The emoji were not the same. Nothing was confirmed: somebody may be listening in. "
        "Ask in another way, for instance by telephone, before you try again."
    ),
    "m.mismatched_commitment": N_("The keys were changed on their way. Nothing was confirmed."),
    "m.key_mismatch": N_("The keys are not the ones that were expected. Nothing was confirmed."),
    "m.unknown_method": N_("The other program cannot compare emoji. Nothing was confirmed."),
}
_CONFIRMED = N_("The emoji were the same. %(who)s is confirmed now.")
_DEVICE_ONLY = N_(
    "The emoji were the same. That holds for the device that you compared with, but not for %(who)s as a whole: keys "
    "have to be set up there first. Compare again when that is done."
)
_BY_US = N_("You cancelled it. Nothing was confirmed.")
_OTHERWISE = N_("The other program said something that made no sense. Nothing was confirmed.")


class Verifier(Protocol):
    """What a comparison needs of the keys."""

    async def verifications(self) -> list[Seen]: ...
    async def verify(self, name: str, step: str) -> None: ...
    async def devices_of(self, user: str) -> DevicesSeen: ...


class Compare(Dialogue):
    """Two people, or one with two devices, look at seven emoji each. ``user`` is the other side, called ``who``;
    ``begin`` asks, and names what was asked."""

    may_repeat = True

    def __init__(self, verifier: Verifier, user: str, who: Sentence | str, begin: Callable[[], Awaitable[str]]) -> None:
        self._verifier, self._user, self._who, self._begin = verifier, user, who, begin
        self._name = ""

    async def start(self) -> Step:
        self._name = await self._begin()
        return await self._step()

    async def submit(self, answers: dict[str, str]) -> Step:
        button = answers.get("button", "")
        if button == "again" and self.may_repeat:
            return await self.start()
        if button in {"start", "match", "differ", "cancel"}:
            await self._verifier.verify(self._name, button)
        return await self._step()

    async def close(self) -> None:
        """Whoever goes away in the middle of it has not confirmed anything: the other side need not wait."""
        if self._name:
            try:
                await self._verifier.verify(self._name, "cancel")
            except Trouble:
                return  # they see that it took too long

    async def _step(self) -> Step:
        seen = next((one for one in await self._verifier.verifications() if one.name == self._name), None)
        if seen is None or seen.phase is Phase.CANCELLED:
            return self._over(seen)
        if seen.phase is Phase.DONE:
            return Finished(Sentence(_CONFIRMED if seen.whole else _DEVICE_ONLY, {"who": self._who}))
        if seen.phase is Phase.COMPARING:
            return self._emoji(seen)
        waiting = seen.phase is Phase.WAITING
        return self._wait(seen.phase, theirs(await self._verifier.devices_of(self._user)) if waiting else ())

    def _emoji(self, seen: Seen) -> Step:
        told = N_("Look at the other screen, or ask %(who)s by telephone: are these the same, in the same order?")
        return Show(
            title=Sentence(_TITLE),
            explanation=Sentence(told, {"who": self._who}),
            pictures=tuple((one.symbol, Sentence(one.word)) for one in seen.emoji),
            lines=() if seen.emoji else tuple(str(number) for number in seen.numbers),
            buttons=(("match", Sentence(N_("They match"))), ("differ", Sentence(N_("They do not match")))),
        )

    def _wait(self, phase: Phase, devices: tuple[ShownDevice, ...]) -> Step:
        """``devices`` are those of the other side, each with how certain it is that it is theirs."""
        told = {
            Phase.WAITING: N_("%(who)s was asked. As soon as that is accepted there, it goes on here."),
            Phase.MATCHED: N_("You said that they match. Now %(who)s has to say so, too."),
        }.get(phase, N_("The emoji come in a moment."))
        buttons = (("start", Sentence(N_("Show the emoji"))), _CANCEL) if phase is Phase.READY else (_CANCEL,)
        return Show(Sentence(_TITLE), Sentence(told, {"who": self._who}), buttons=buttons, devices=devices)

    def _over(self, seen: Seen | None) -> Step:
        """Why it ended. Whatever went wrong may be tried again, if it was we who asked."""
        code = seen.code if seen else ""
        told = _BY_US if seen and code == "m.user" and seen.by_us else _WHY.get(code, _OTHERWISE)
        return Show(
            title=Sentence(N_("Not confirmed")),
            explanation=Sentence(told, {"who": self._who}),
            buttons=(("again", Sentence(N_("Try again"))),) if self.may_repeat else (),
            poll=0,
        )


class Answer(Compare):
    """Somebody asked us. If that fails, it is they who can ask again."""

    may_repeat = False

    def __init__(self, verifier: Verifier, user: str, who: Sentence | str, name: str) -> None:
        super().__init__(verifier, user, who, self._accept)
        self._asked = name

    async def _accept(self) -> str:
        if self._asked not in {one.name for one in await self._verifier.verifications()}:
            raise Refused(Sentence(N_("This is over. Ask the other side to begin again.")))
        await self._verifier.verify(self._asked, "accept")
        return self._asked


def matters(seen: list[Seen], me: str, name_of: Callable[[Seen], str]) -> list[Matter]:
    """What others ask of us; ``name_of`` is what somebody is called."""
    return [_matter(one, me, name_of(one)) for one in seen if one.phase is Phase.ASKED]


def _matter(seen: Seen, me: str, name: str) -> Matter:
    if seen.user == me:
        title = Sentence(N_("Another device of yours"))
        told = Sentence(
            N_("Your device %(device)s would like to compare emoji with this one."), {"device": seen.device}
        )
    else:
        title = Sentence(N_("Who is who"))
        told = Sentence(N_("%(who)s would like to make sure who is who by comparing emoji."), {"who": name})
    button = Sentence(N_("Accept"))
    return Matter(f"verification-{seen.name}", title, Condition.ASKS, told, ANSWER + seen.name, button, urgent=True)
