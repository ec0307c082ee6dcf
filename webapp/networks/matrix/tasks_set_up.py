"""Setting up keys: an identity, a recovery key that opens it elsewhere, and a backup of the keys of messages.

Every part that is there stays, so that one can begin again wherever it was cut off. The recovery key is shown once.
"""

import os
import secrets

from webapp.languages import N_, Sentence
from webapp.networks.errors import Refused
from webapp.networks.login import Dialogue, Download, Field, FieldKind, Finished, Form, Show, Step, WrongInput
from webapp.networks.matrix import interactive
from webapp.networks.matrix.encryption.recovery_key import write
from webapp.networks.matrix.encryption.standing import BackupState
from webapp.networks.matrix.interactive import Proof, ProofNeeded, SomebodyElse
from webapp.networks.matrix.key_backup import KeyBackup
from webapp.networks.matrix.keys import Keys
from webapp.networks.matrix.line import Line
from webapp.networks.matrix.secret_store import SecretStore
from webapp.networks.matrix.wire import path
from webapp.networks.sealing import Trust

KEY_BYTES = 32
_TITLE = N_("Set up your keys")
_TITLE_ANEW = N_("Start with new keys")
_EXPLAINED = N_(
    "Your messages are locked with keys. This makes a key that only you have: with it you can read your old messages "
    "again after a repair, and others can tell that it is really you. You are shown a recovery key to write down."
)
_EXPLAINED_ANEW = N_(
    "Do this only if your recovery key is lost and no other program of yours is signed in any more. Everybody you "
    "write with is told that your identity has changed, and old messages that cannot be read now stay that way."
)


class SetUp(Dialogue):
    """A word of what it does; perhaps the password; the recovery key; done."""

    def __init__(self, line: Line, keys: Keys, *, anew: bool = False) -> None:
        """``anew``: replace an identity that is there and that nobody can open."""
        self._line, self._keys, self._anew = line, keys, anew
        self._store, self._backup = SecretStore(line.wire, line.me), KeyBackup(line.wire, keys)
        self._key, self._key_id = os.urandom(KEY_BYTES), secrets.token_urlsafe(24)
        self._proof: Proof | None = None
        self._made = False

    async def start(self) -> Step:
        await self._look()
        button = N_("Start with new keys") if self._anew else N_("Set up")
        return Show(
            title=Sentence(_TITLE_ANEW if self._anew else _TITLE),
            explanation=Sentence(_EXPLAINED_ANEW if self._anew else _EXPLAINED),
            buttons=(("go", Sentence(button)),),
            poll=0,
        )

    async def submit(self, answers: dict[str, str]) -> Step:
        if self._made:
            return self._finished() if answers.get("button") == "kept" else self._show()
        if self._proof is None and answers.get("button") != "go":
            return await self.start()
        try:
            await self._make(self._auth(answers))
        except ProofNeeded as needed:
            return self._asks(needed)
        except SomebodyElse:
            raise self._not_there() from None
        self._made = True
        self._line.look_after_keys()
        return self._show()

    async def _look(self) -> None:
        """Raises Refused where somebody has locked keys already: unlocking those is better than new ones."""
        await self._keys.own(lambda own: own.look_again())
        await self._keys.settle()
        standing = await self._keys.own(lambda own: own.standing())
        if not self._anew and standing.identity is not Trust.UNKNOWN and not standing.holds_identity:
            told = N_("This account has keys already. Unlock them with their recovery key, or verify this device.")
            raise Refused(Sentence(told))

    # What is made

    async def _make(self, auth: dict[str, object] | None) -> None:
        standing = await self._keys.own(lambda own: own.standing())
        if not standing.holds_identity:
            await self._make_identity(auth)
        if await self._backup.look() is not BackupState.OPEN:
            await self._backup.make()
        held = await self._keys.own(lambda own: own.secrets())
        await self._store.write(self._key_id, self._key, held)

    async def _make_identity(self, auth: dict[str, object] | None) -> None:
        body = await self._keys.own(lambda own: own.prepare())
        await interactive.ask(self._line.wire, path("keys", "device_signing", "upload"), body, auth)
        await self._keys.own(lambda own: own.look_again())
        await self._keys.settle()

    # Who is asking

    def _auth(self, answers: dict[str, str]) -> dict[str, object] | None:
        if self._proof is None:
            return None
        if not self._proof.password:
            return interactive.by_visit(self._proof)
        password = answers.get("password", "")
        if not password:
            raise WrongInput(Sentence(N_("Type the password.")), "password")
        return interactive.by_password(self._proof, self._line.me, password)

    def _asks(self, needed: ProofNeeded) -> Step:
        """Raises WrongInput when what was typed was wrong, or the person was not at the page that is still shown."""
        before, self._proof = self._proof, needed.proof
        host = {"host": self._line.wire.host}
        if needed.again and before is not None and before.password and needed.proof.password:
            raise WrongInput(Sentence(N_("%(host)s does not accept this password."), host), "password")
        if needed.again and before == needed.proof:
            raise self._not_there()
        if needed.proof.password:
            told = N_("%(host)s wants to be sure that it is you. The password is used for this once and not kept.")
            field = Field("password", Sentence(N_("Password")), FieldKind.PASSWORD, autocomplete="current-password")
            return Form(Sentence(N_("Your password")), (field,), Sentence(N_("Continue")), Sentence(told, host))
        told = N_(
            "%(host)s wants to be sure that it is you. Open its page, do what it asks there, then come back and go on."
        )
        return Show(
            title=Sentence(N_("Who are you?")),
            explanation=Sentence(told, host),
            link=needed.proof.address,
            buttons=(("back", Sentence(N_("Continue"))),),
            poll=0,
        )

    def _not_there(self) -> WrongInput:
        told = N_(
            "%(host)s has not seen you there yet. Open its page, do what it asks there, then come back and go on."
        )
        return WrongInput(Sentence(told, {"host": self._line.wire.host}))

    # What is shown

    def _show(self) -> Step:
        key = write(self._key)
        told = N_(
            "Write this key down, or save it, and keep it where you keep important papers. It is shown only now. "
            "With it you unlock your messages on another device, or here after a repair."
        )
        return Show(
            title=Sentence(N_("Your recovery key")),
            explanation=Sentence(told),
            lines=(key,),
            buttons=(("kept", Sentence(N_("I have kept it"))),),
            poll=0,
            may_cancel=False,
            download=Download("recovery-key.txt", f"{self._line.me}\n{key}\n".encode()),
        )

    @staticmethod
    def _finished() -> Step:
        return Finished(Sentence(N_("Your keys are set up. Others can tell now that it is really you.")))
