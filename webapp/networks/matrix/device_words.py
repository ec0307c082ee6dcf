"""Devices as a person sees them: what they are called, whose they are, and what that means. Pure."""

from collections.abc import Mapping

from webapp.languages import N_, Sentence
from webapp.networks.login import ShownDevice
from webapp.networks.matrix.encryption.standing import DeviceSeen, DevicesSeen
from webapp.networks.sealing import Trust

MOST_SHOWN = 100

_THEIRS = {
    True: N_("Confirmed by its owner"),
    False: N_("Not confirmed by its owner; it gets no keys from here"),
    None: N_("Its owner has no keys to confirm it with"),
}
_OURS = {
    True: N_("Confirmed with your keys"),
    False: N_("If you do not know it, somebody else may be signed in: change your password."),
    None: N_("It cannot be confirmed before your keys are set up"),
}
_THIS = N_("This house")
_PEOPLE = {
    Trust.CONFIRMED: N_("It is confirmed that this is really %(who)s, and so is each device that they vouch for."),
    Trust.UNCONFIRMED: N_(
        "It is not confirmed yet that this is really %(who)s. Comparing emoji with them confirms it."
    ),
    Trust.CHANGED: N_(
        "%(who)s does not have the same keys as before. Ask in another way, for instance by telephone, whether that is "
        "so; then compare emoji."
    ),
    Trust.UNKNOWN: N_("%(who)s has no keys of their own yet, so nobody can tell for sure which devices are theirs."),
}
_ME = {
    Trust.CONFIRMED: N_("These devices are signed in to your account. Comparing emoji confirms one that is not yet."),
    Trust.UNCONFIRMED: N_(
        "These devices are signed in to your account. Your keys are locked here: unlock them, or compare emoji with a "
        "device that is confirmed."
    ),
    Trust.CHANGED: N_("Your keys were replaced by others, so what was confirmed before does not count any more."),
    Trust.UNKNOWN: N_("These devices are signed in to your account. Your keys are not set up yet."),
}
_NONE = N_("%(who)s has no device that can read encrypted messages.")


def about_person(seen: DevicesSeen, who: str) -> Sentence:
    """What is known of somebody as a whole."""
    return Sentence(_PEOPLE[seen.trust] if seen.devices or seen.trust is not Trust.UNKNOWN else _NONE, {"who": who})


def about_us(seen: DevicesSeen) -> Sentence:
    """The same of the person themselves."""
    return Sentence(_ME[seen.trust])


def theirs(seen: DevicesSeen) -> tuple[ShownDevice, ...]:
    """Somebody else's devices. A device is certain where its owner vouches for it and is certain themselves."""
    return tuple(_listed(one, _THEIRS, seen.trust) for one in seen.devices[:MOST_SHOWN])


def ours(seen: DevicesSeen, device: str) -> tuple[ShownDevice, ...]:
    """The person's own devices, ``device`` among them, which is this one and comes first."""
    in_order = sorted(seen.devices, key=lambda one: one.id != device)
    return tuple(_listed(one, _OURS, seen.trust, one.id == device) for one in in_order[:MOST_SHOWN])


def _listed(one: DeviceSeen, words: Mapping[bool | None, str], owner: Trust, here: bool = False) -> ShownDevice:
    name = Sentence(_THIS) if here else one.name or one.id
    return ShownDevice(name, "" if name == one.id else one.id, Sentence(words[one.vouched]), _certain(one, owner))


def _certain(one: DeviceSeen, owner: Trust) -> Trust:
    if one.vouched and owner is Trust.CONFIRMED:
        return Trust.CONFIRMED
    return Trust.UNCONFIRMED if one.vouched is False else Trust.UNKNOWN
