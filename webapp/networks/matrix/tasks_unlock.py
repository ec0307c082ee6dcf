"""Unlocking: the recovery key (or passphrase) opens what the homeserver keeps for the person.

A wrong key is recognised by the description of the right one, before anything is fetched.
"""

import asyncio

from webapp.languages import N_, Sentence
from webapp.networks.errors import Refused
from webapp.networks.login import Dialogue, Field, Finished, Form, Step, WrongInput
from webapp.networks.matrix.encryption.recovery_key import Fault, NotTheKey, unlock
from webapp.networks.matrix.key_backup import KeyBackup
from webapp.networks.matrix.keys import Keys
from webapp.networks.matrix.line import Line
from webapp.networks.matrix.secret_store import Lock, SecretStore

BACKUP = "m.megolm_backup.v1"
MASTER = "m.cross_signing.master"
_WRONG = {
    Fault.NO_KEY: N_("This is not a recovery key. It has 48 letters and digits, mostly in groups of four."),
    Fault.TYPING: N_("There is a mistake in this recovery key. Compare it letter by letter with what you wrote down."),
    Fault.OTHER: N_("This is not the key of this account. Perhaps it is an older one, or one of another account."),
    Fault.UNUSABLE: N_("The keys of this account are locked in a way that is not known here."),
}
_WRONG_PHRASE = N_("This is neither the recovery key nor the passphrase of this account.")
_NOTHING = N_("The homeserver keeps no locked keys of this account, so there is nothing to unlock.")
_OLD = N_("What this key opens belongs to an older identity of yours, so it does not help. Nothing was changed.")


class Unlock(Dialogue):
    """One form, and it is done."""

    def __init__(self, line: Line, keys: Keys) -> None:
        self._line, self._keys = line, keys
        self._store = SecretStore(line.wire, line.me)

    async def start(self) -> Step:
        lock = await self._lock()
        phrase = N_("Or the passphrase, if you chose one when you set up your keys.")
        return Form(
            title=Sentence(N_("Unlock with recovery key")),
            explanation=Sentence(
                N_(
                    "You were given the recovery key when you set up your keys in another program. With it this house "
                    "can read your old messages, and others can tell that it is really you. It is not kept."
                )
            ),
            fields=(
                Field(
                    "key",
                    Sentence(N_("Recovery key")),
                    hint=Sentence(phrase) if _takes_phrase(lock) else None,
                    longest=1_000,
                ),
            ),
            button=Sentence(N_("Unlock")),
        )

    async def submit(self, answers: dict[str, str]) -> Step:
        typed = answers.get("key", "").strip()
        if not typed:
            raise WrongInput(Sentence(N_("Type the recovery key.")), "key")
        lock = await self._lock()
        try:
            key = await asyncio.to_thread(unlock, typed, lock.description)
        except NotTheKey as wrong:
            raise WrongInput(Sentence(_why(wrong.fault, lock)), "key") from None
        found = await self._store.read(lock, key)
        if not found:
            raise WrongInput(Sentence(_WRONG[Fault.OTHER]), "key")
        await self._take(found)
        self._line.look_after_keys()
        return Finished(
            Sentence(N_("Your keys are unlocked. Old messages appear as soon as their keys have been fetched."))
        )

    async def _lock(self) -> Lock:
        """Raises Refused."""
        lock = await self._store.lock()
        if lock is None:
            raise Refused(Sentence(_NOTHING))
        return lock

    async def _take(self, found: dict[str, str]) -> None:
        """Keep what fits, and vouch for this device. Raises Refused when nothing fits."""
        keys = self._keys
        await keys.own(lambda own: own.look_again())
        await keys.settle()
        await keys.own(lambda own: own.claim(found.get(MASTER, "")))
        await keys.settle()  # what a new identity has signed is only known now
        await KeyBackup(self._line.wire, keys).look()
        kept = [await self._keep(name, secret) for name, secret in found.items()]
        if not any(kept):
            raise Refused(Sentence(_OLD))
        await keys.settle()

    async def _keep(self, name: str, secret: str) -> bool:
        return await self._keys.own(lambda own: own.keep(name, secret))


def _takes_phrase(lock: Lock) -> bool:
    return isinstance(lock.description.get("passphrase"), dict)


def _why(fault: Fault, lock: Lock) -> str:
    return _WRONG_PHRASE if fault is Fault.OTHER and _takes_phrase(lock) else _WRONG[fault]
