"""How it is with the keys of an account, in plain words: a sentence each, and at most one thing to do. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass

from webapp.languages import N_, Sentence
from webapp.networks.matrix.comparing import WITH_OWN
from webapp.networks.matrix.encryption.standing import BackupState, Standing
from webapp.networks.matters import Condition, Matter
from webapp.networks.sealing import Trust

UNLOCK, SET_UP, START_ANEW = "keys:unlock", "keys:set-up", "keys:start-anew"
"""Tasks: open what another program has locked; make keys where there are none; give up those that nobody can open."""
OWN_DEVICES = "devices"
"""The task that shows the devices on which the person is signed in."""
IDENTITY, ELSEWHERE, LOST, BACKUP, UNREADABLE = "identity", "elsewhere", "lost", "backup", "unreadable"

_YOU, _OLD_MESSAGES = N_("Whether it is really you"), N_("Old messages")
_UNLOCK, _SET_UP, _START_ANEW = N_("Unlock with recovery key"), N_("Set up"), N_("Start with new keys")
_NO_KEYS = N_("Nobody can tell for sure that it is really you, because you have no keys for that yet.")
_REPLACED = N_(
    "Your keys were replaced by others. If you did that in another program, unlock the new ones; if not, ask whoever "
    "runs your homeserver."
)
_LOCKED = N_("Your keys are locked here: old messages cannot be read, and nobody can tell that this house is yours.")
_ONLY_ELSEWHERE = N_("Your keys are only in your other programs: nobody can tell yet that this house is yours.")
_CONFIRMING = N_("This device is being confirmed with your keys.")
_NO_LOCK = N_("Your keys are only on your devices, and would be lost with them: there is no recovery key.")
_GOOD = N_("Other people can tell that this is really you.")
_ELSEWHERE_TITLE = N_("No recovery key at hand?")
_ELSEWHERE = N_("If another program of yours is signed in, it can confirm this device: compare some emoji with it.")
_LOST = N_("If your recovery key is lost and you are signed in nowhere else, you can only start with new keys.")
_LOST_TITLE = N_("Recovery key lost?")
_NO_BACKUP = N_("The keys of your messages are not backed up: after a repair, old messages could not be read any more.")
_BACKUP_LOCKED = N_("The keys of your old messages are backed up, and locked.")
_BACKUP_UNSURE = N_("There is a backup of keys. Whether it is yours shows when your own keys are unlocked.")
_FOREIGN = N_("There is a backup of keys, but it is not yours, or of an older identity of yours. It is not used.")
_FETCHING = N_("The keys of old messages are being fetched.")
_RESTORING = N_("The keys of old messages are being fetched: %(done)d of %(all)d.")
_BEHIND = N_("The keys of your messages are being backed up: %(count)d are left.")
_BACKED_UP = N_("Old messages can be read again after a repair, because their keys are backed up.")
_BROKEN = N_("The keys of your messages cannot be backed up at the moment. %(reason)s")
_ONLY_HERE = N_("This account is signed in on this device only.")
_DEVICES = N_("This account is signed in on %(count)d devices, and all of them are confirmed.")
_DEVICES_UNSURE = N_(
    "This account is signed in on %(count)d devices. Whether all of them are yours shows as soon as your own keys are "
    "here."
)
_ONE_DOUBTFUL = N_("One of your devices is not confirmed. If you do not know it, somebody else may be signed in.")
_SOME_DOUBTFUL = N_(
    "%(count)d of your devices are not confirmed. If you do not know one of them, somebody else may be signed in."
)
_ONE_UNREADABLE = N_("One message cannot be read here, because its key is missing.")
_SOME_UNREADABLE = N_("%(count)d messages cannot be read here, because their keys are missing.")


@dataclass(frozen=True)
class Health:
    """All that the words depend on. ``locked``: the homeserver keeps locked keys of the person. ``restoring``: how many
    keys of how many were fetched, None when nothing is. ``broken``: why the backup takes no keys."""

    standing: Standing
    locked: bool
    restoring: tuple[int, int] | None = None
    broken: Sentence | None = None


def matters(health: Health) -> tuple[Matter, ...]:
    """What the owner of the account should know."""
    found = (
        _identity(health),
        _elsewhere(health),
        _lost(health),
        _backup(health),
        _unreadable(health),
        _devices(health),
    )
    return tuple(matter for matter in found if matter is not None)


def _identity(health: Health) -> Matter:
    standing = health.standing
    if standing.identity is Trust.UNKNOWN:
        return _matter(IDENTITY, _YOU, Condition.ASKS, _NO_KEYS, SET_UP)
    if standing.identity is Trust.CHANGED:
        return _matter(IDENTITY, _YOU, Condition.ACT, _REPLACED, UNLOCK if health.locked else START_ANEW, urgent=True)
    if _is_locked(health):
        text, other = _LOCKED if health.locked else _ONLY_ELSEWHERE, WITH_OWN if standing.others else ""
        return _matter(IDENTITY, _YOU, Condition.ACT, text, UNLOCK if health.locked else other, urgent=True)
    if not standing.device:
        return _matter(IDENTITY, _YOU, Condition.WORKING, _CONFIRMING)
    if not health.locked:
        return _matter(IDENTITY, _YOU, Condition.ASKS, _NO_LOCK, SET_UP)
    return _matter(IDENTITY, _YOU, Condition.GOOD, _GOOD)


def _elsewhere(health: Health) -> Matter | None:
    """Another way in, for whoever does not have the recovery key at hand."""
    if not _is_locked(health) or not health.locked or not health.standing.others:
        return None
    return _matter(ELSEWHERE, _ELSEWHERE_TITLE, Condition.ASKS, _ELSEWHERE, WITH_OWN)


def _lost(health: Health) -> Matter | None:
    """The last way out, where the first one needs a key that may be lost."""
    if not _is_locked(health) or health.standing.identity is Trust.CHANGED:
        return None
    return _matter(LOST, _LOST_TITLE, Condition.ASKS, _LOST, START_ANEW)


def _backup(health: Health) -> Matter | None:
    match health.standing.backup:
        case BackupState.OPEN:
            return _open_backup(health)
        case BackupState.LOCKED:
            return _matter(BACKUP, _OLD_MESSAGES, Condition.ASKS, _BACKUP_LOCKED, UNLOCK if health.locked else "")
        case BackupState.FOREIGN if _is_locked(health) and health.standing.identity is not Trust.CHANGED:
            return _matter(BACKUP, _OLD_MESSAGES, Condition.OFF, _BACKUP_UNSURE)
        case BackupState.FOREIGN:
            return _matter(BACKUP, _OLD_MESSAGES, Condition.ASKS, _FOREIGN, "" if _is_locked(health) else SET_UP)
        case BackupState.NONE if health.standing.identity is Trust.UNKNOWN or _is_locked(health):
            return _matter(BACKUP, _OLD_MESSAGES, Condition.OFF, _NO_BACKUP)
        case _:
            return _matter(BACKUP, _OLD_MESSAGES, Condition.ASKS, _NO_BACKUP, SET_UP)


def _open_backup(health: Health) -> Matter:
    behind = health.standing.behind
    if health.restoring:
        values = {"done": health.restoring[0], "all": health.restoring[1]}
        return _matter(BACKUP, _OLD_MESSAGES, Condition.WORKING, _RESTORING, values=values)
    if health.standing.to_restore:
        return _matter(BACKUP, _OLD_MESSAGES, Condition.WORKING, _FETCHING)
    if health.broken:
        return _matter(BACKUP, _OLD_MESSAGES, Condition.ASKS, _BROKEN, values={"reason": health.broken})
    if behind:
        return _matter(BACKUP, _OLD_MESSAGES, Condition.WORKING, _BEHIND, values={"count": behind})
    return _matter(BACKUP, _OLD_MESSAGES, Condition.GOOD, _BACKED_UP)


def _unreadable(health: Health) -> Matter | None:
    count = health.standing.unreadable
    if not count:
        return None
    title, text = N_("Messages that cannot be read"), _ONE_UNREADABLE if count == 1 else _SOME_UNREADABLE
    condition = Condition.WORKING if health.standing.to_restore else Condition.ASKS
    task = UNLOCK if health.locked and _is_locked(health) else ""
    return _matter(UNREADABLE, title, condition, text, task, values={"count": count})


def _devices(health: Health) -> Matter:
    """Which of them are whose can be told as soon as it is certain which keys are the person's."""
    standing, title = health.standing, N_("Your devices")
    values = {"count": standing.devices}
    if standing.devices <= 1:
        return _matter(OWN_DEVICES, title, Condition.GOOD, _ONLY_HERE, OWN_DEVICES)
    if standing.identity is not Trust.CONFIRMED or not standing.device:
        return _matter(OWN_DEVICES, title, Condition.OFF, _DEVICES_UNSURE, OWN_DEVICES, values=values)
    if not standing.doubtful:
        return _matter(OWN_DEVICES, title, Condition.GOOD, _DEVICES, OWN_DEVICES, values=values)
    text = _ONE_DOUBTFUL if standing.doubtful == 1 else _SOME_DOUBTFUL
    return _matter(OWN_DEVICES, title, Condition.ASKS, text, OWN_DEVICES, values={"count": standing.doubtful})


def _is_locked(health: Health) -> bool:
    """Whether there are keys of the person that this device does not have."""
    standing = health.standing
    return standing.identity is not Trust.UNKNOWN and not standing.holds_identity


def _matter(
    key: str,
    title: str,
    condition: Condition,
    text: str,
    task: str = "",
    *,
    urgent: bool = False,
    values: Mapping[str, object] | None = None,
) -> Matter:
    button = Sentence(_BUTTONS[task]) if task else None
    return Matter(key, Sentence(title), condition, Sentence(text, dict(values or {})), task, button, urgent)


_BUTTONS = {
    UNLOCK: _UNLOCK,
    SET_UP: _SET_UP,
    START_ANEW: _START_ANEW,
    WITH_OWN: N_("Compare emoji"),
    OWN_DEVICES: N_("Look at your devices"),
}
