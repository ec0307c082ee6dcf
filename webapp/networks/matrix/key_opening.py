"""Opening the keys of a device when its session begins, and what to do where they cannot be used."""

import asyncio
from pathlib import Path

from webapp.languages import N_, Sentence
from webapp.networks.contract import RESTORED, Surroundings
from webapp.networks.errors import SignedOut, Unreachable
from webapp.networks.matrix.keys import Keys
from webapp.networks.matrix.wire import Wire

_RESTORED = N_(
    "This house was brought back from a backup. Sign in again: the account then gets a new device, because keys that "
    "were in use must not be used twice. Old messages stay readable."
)


async def open_keys(surroundings: Surroundings, user: str, device: str, wire: Wire) -> Keys | None:
    """The keys of this device, None where there is no key to keep them under.

    Raises SignedOut when they are broken: then only signing in as a new device helps.
    """
    if not surroundings.key:
        return None
    from webapp.networks.matrix.encryption.desk import the_desk
    from webapp.networks.matrix.encryption.machine import Machine
    from webapp.networks.matrix.encryption.outcomes import StoreBroken, StoreStuck

    try:
        if (surroundings.folder / RESTORED).exists():
            await the_desk().do(_settle_restored, surroundings, user, device)
        machine = await Machine.start(surroundings.folder, surroundings.key, user, device, the_desk())
    except StoreBroken as broken:
        await asyncio.to_thread(_set_aside, surroundings.folder)
        raise SignedOut(broken.reason) from None
    except StoreStuck as stuck:
        raise Unreachable(stuck.reason) from None
    return Keys(machine, wire)


def _settle_restored(surroundings: Surroundings, user: str, device: str) -> None:
    """Keys out of a backup go on with a new device only. Raises SignedOut until there is one; StoreBroken."""
    from webapp.networks.matrix.encryption.renewal import device_in, renew

    before = device_in(surroundings.folder)
    if before == device:
        raise SignedOut(Sentence(_RESTORED))
    if before:
        renew(surroundings.folder, surroundings.key, user, before, device)
    (surroundings.folder / RESTORED).unlink()


def _set_aside(folder: Path) -> None:
    from webapp.networks.matrix.encryption.store import set_aside  # late: it brings 50 MB with it

    set_aside(folder)
