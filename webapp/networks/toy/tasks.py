"""The toy chest: one matter and the two tasks that follow from it, which show every kind of step."""

from collections.abc import Callable

from webapp.languages import N_, Sentence
from webapp.networks.login import (
    Dialogue,
    Download,
    Field,
    FieldKind,
    Finished,
    Form,
    Show,
    ShownDevice,
    Step,
    Visit,
    WrongInput,
)
from webapp.networks.matters import Condition, Matter, MattersChanged
from webapp.networks.sealing import Trust

UNLOCK = "unlock"
LOOK = "look/inside"
DEVICES_OF = "devices:"
WORD = "marble"
MARBLES = ("red", "green", "blue")


def matters(locked: bool) -> MattersChanged:
    """How the toy chest is."""
    title = Sentence(N_("The toy chest"))
    if not locked:
        text, button = Sentence(N_("It is open. You can look what is in it.")), Sentence(N_("Look inside"))
        return MattersChanged((Matter("chest", title, Condition.GOOD, text, LOOK, button),))
    text, button = Sentence(N_("It is locked. Nobody gets at the marbles.")), Sentence(N_("Unlock the chest"))
    return MattersChanged((Matter("chest", title, Condition.ACT, text, UNLOCK, button, urgent=True),))


class LookInside(Dialogue):
    """What is in the chest: to read, to compare, to take along."""

    async def start(self) -> Step:
        return Show(
            title=Sentence(N_("What is in the chest")),
            explanation=Sentence(N_("Write it down, or save it as a file.")),
            lines=MARBLES,
            pictures=(("🔴", Sentence(N_("Red marble"))), ("🟢", Sentence(N_("Green marble")))),
            buttons=(("seen", Sentence(N_("I have seen it"))),),
            poll=0,
            download=Download("marbles.txt", "\n".join(MARBLES).encode()),
        )

    async def submit(self, answers: dict[str, str]) -> Step:
        if answers.get("button") != "seen":
            return await self.start()
        return Finished(Sentence(N_("The chest is closed again. Nothing was taken out.")))


class LookAtDevices(Dialogue):
    """What somebody in the toy world plays with."""

    def __init__(self, who: str) -> None:
        self._who = who

    async def start(self) -> Step:
        return Show(
            title=Sentence(N_("Devices of %(who)s"), {"who": self._who}),
            explanation=Sentence(N_("Everybody in the toy world has two.")),
            devices=(
                ShownDevice("Tin can", "TIN", Sentence(N_("It is tied to a string")), Trust.CONFIRMED),
                ShownDevice("CARDBOARD", "", Sentence(N_("Nobody knows whose it is")), Trust.UNCONFIRMED),
            ),
            poll=0,
            may_cancel=False,
        )

    async def submit(self, answers: dict[str, str]) -> Step:
        return await self.start()


class Unlock(Dialogue):
    """The word, or a file with it; then a page elsewhere; then it is open."""

    def __init__(self, opened: Callable[[], None]) -> None:
        self._opened = opened
        self._knows_word = False

    async def start(self) -> Step:
        return Form(
            title=Sentence(N_("Unlock the toy chest")),
            explanation=Sentence(N_("The word is what is in it, in the singular.")),
            fields=(
                Field("word", Sentence(N_("Word")), FieldKind.PASSWORD, required=False),
                Field(
                    "file", Sentence(N_("File with the word")), FieldKind.FILE, required=False, more=True, longest=100
                ),
            ),
            button=Sentence(N_("Unlock")),
        )

    async def submit(self, answers: dict[str, str]) -> Step:
        if self._knows_word:
            return self._come_back(answers)
        said = (answers.get("word") or answers.get("file", "")).strip().lower()
        if said != WORD:
            raise WrongInput(Sentence(N_("That is not the word. The chest stays locked.")), "word")
        self._knows_word = True
        return self._visit()

    def _come_back(self, answers: dict[str, str]) -> Step:
        if answers.get("said") != "yes":
            raise WrongInput(Sentence(N_("The toy maker did not say yes. Go there again.")))
        self._opened()
        return Finished(Sentence(N_("The toy chest is open.")))

    @staticmethod
    def _visit() -> Step:
        return Visit(
            title=Sentence(N_("Ask the toy maker")),
            explanation=Sentence(N_("The toy maker has the last word. Go there, and you are sent back.")),
            address="https://toymaker.example/ask?back={back}",
            button=Sentence(N_("Go to the toy maker")),
        )
