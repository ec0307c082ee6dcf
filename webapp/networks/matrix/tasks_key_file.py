"""Taking room keys along in a file, and bringing them from another program: both ask for a passphrase."""

import asyncio
import json
from typing import Any

from webapp.languages import N_, Sentence
from webapp.networks.errors import Refused
from webapp.networks.login import Dialogue, Download, Field, FieldKind, Finished, Form, Show, Step, WrongInput
from webapp.networks.matrix.encryption import key_file
from webapp.networks.matrix.encryption.key_file import Fault, NotOpened
from webapp.networks.matrix.keys import Keys
from webapp.networks.matrix.line import Line
from webapp.networks.matrix.pieces import Nonsense, each
from webapp.networks.matters import Condition, Matter

EXPORT, IMPORT = "keys:export", "keys:import"
AT_ONCE = 50
MOST_KEYS = 100_000
SHORTEST = 8
FILE = "message-keys.txt"
_WHY = {
    Fault.NO_FILE: ("file", N_("This is not a file of message keys, or it is damaged. It begins with “-----BEGIN”.")),
    Fault.TOO_DEAR: ("file", N_("This file is made in a way that would take too long to open.")),
    Fault.PASSPHRASE: ("passphrase", N_("This passphrase does not open the file. It may also be damaged.")),
}
_PHRASE = N_("Passphrase of the file")


def matters() -> tuple[Matter, ...]:
    """What can be done with files, for those who want to."""
    title = Sentence(N_("Message keys in a file"))
    out = N_("You can take the keys of your messages along in a file, for another program.")
    back = N_("If another program gave you a file with keys, older messages can be read here with it.")
    return (
        Matter("export", title, Condition.GOOD, Sentence(out), EXPORT, Sentence(N_("Save keys to a file"))),
        Matter("import", title, Condition.GOOD, Sentence(back), IMPORT, Sentence(N_("Read keys from a file"))),
    )


class Export(Dialogue):
    """A passphrase, twice; then the file."""

    def __init__(self, keys: Keys) -> None:
        self._keys = keys
        self._made = False

    async def start(self) -> Step:
        told = N_(
            "With this file and its passphrase anybody can read your messages. Keep it safe, and delete it when it has "
            "served its purpose. Choose a passphrase that you use for nothing else."
        )
        return Form(
            Sentence(N_("Save keys to a file")),
            (
                Field("passphrase", Sentence(_PHRASE), FieldKind.PASSWORD, autocomplete="new-password"),
                Field("again", Sentence(N_("The same again")), FieldKind.PASSWORD, autocomplete="new-password"),
            ),
            Sentence(N_("Make the file")),
            Sentence(told),
        )

    async def submit(self, answers: dict[str, str]) -> Step:
        if self._made:
            return Finished(Sentence(N_("Delete the file when it has served its purpose.")))
        passphrase = answers.get("passphrase", "")
        if len(passphrase) < SHORTEST:
            told = Sentence(N_("Choose a passphrase of at least %(count)d characters."), {"count": SHORTEST})
            raise WrongInput(told, "passphrase")
        if passphrase != answers.get("again", ""):
            raise WrongInput(Sentence(N_("The two are not the same.")), "again")
        content = await self._file(passphrase)
        self._made = True
        return Show(
            title=Sentence(N_("Your file is ready")),
            explanation=Sentence(N_("Save it, then open it in the other program with the same passphrase.")),
            buttons=(("saved", Sentence(N_("I have saved it"))),),
            poll=0,
            download=Download(FILE, content.encode()),
        )

    async def _file(self, passphrase: str) -> str:
        """Raises Refused."""
        parts: list[str] = []
        some, after = await self._some("")
        while after and len(parts) * AT_ONCE < MOST_KEYS:
            parts += [json.dumps(some)[1:-1]] if some else []
            some, after = await self._some(after)
        if not parts:
            raise Refused(Sentence(N_("There are no message keys here yet.")))
        return await asyncio.to_thread(key_file.make, f"[{','.join(parts)}]".encode(), passphrase)

    async def _some(self, after: str) -> tuple[list[dict[str, Any]], str]:
        return await self._keys.own(lambda own: own.carrying.some(after, AT_ONCE))


class Import(Dialogue):
    """A file and its passphrase."""

    def __init__(self, line: Line, keys: Keys) -> None:
        self._line, self._keys = line, keys

    async def start(self) -> Step:
        told = N_("Messages whose keys are in the file can be read here then. Nobody else gets to see them.")
        return Form(
            Sentence(N_("Read keys from a file")),
            (
                Field("file", Sentence(N_("File with keys")), FieldKind.FILE, longest=key_file.LARGEST),
                Field("passphrase", Sentence(_PHRASE), FieldKind.PASSWORD),
            ),
            Sentence(N_("Read the keys")),
            Sentence(told),
        )

    async def submit(self, answers: dict[str, str]) -> Step:
        if not answers.get("file", "").strip():
            raise WrongInput(Sentence(N_("Choose the file.")), "file")
        try:
            plain = await asyncio.to_thread(key_file.unlock, answers["file"], answers.get("passphrase", ""))
            taken = await self._take(plain.decode())
        except NotOpened as wrong:
            field, told = _WHY[wrong.fault]
            raise WrongInput(Sentence(told), field) from None
        except (Nonsense, UnicodeDecodeError):
            raise WrongInput(Sentence(_WHY[Fault.NO_FILE][1]), "file") from None
        if not taken:
            raise WrongInput(Sentence(N_("There are no message keys in this file that could be used.")), "file")
        self._line.posted.put()
        self._line.look_after_keys()
        return Finished(Sentence(N_("%(count)d keys are here now. What they open appears."), {"count": taken}))

    async def _take(self, text: str) -> int:
        """Raises Nonsense."""
        taken, some = 0, []
        for number, key in enumerate(each(f'{{"keys":{text}}}', "keys"), 1):
            some.append(key)
            if number % AT_ONCE == 0:
                taken += await self._some(some)
                some = []
            if number >= MOST_KEYS:
                break
        return taken + await self._some(some)

    async def _some(self, keys: list[object]) -> int:
        await asyncio.sleep(0)
        return await self._keys.own(lambda own: own.carrying.take(keys))
