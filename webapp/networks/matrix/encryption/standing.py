"""How it is with the keys of an account, as plain values for whoever tells the person."""

from dataclasses import dataclass
from enum import StrEnum

from webapp.networks.sealing import Trust


class BackupState(StrEnum):
    """The server's backup of room keys: there is none; it is ours and we have its key; ours, and we do not have it
    (yet); nobody we know vouches for it."""

    NONE = "none"
    OPEN = "open"
    LOCKED = "locked"
    FOREIGN = "foreign"


@dataclass(frozen=True)
class DeviceSeen:
    """A device of somebody. ``name`` is what its owner calls it, made fit to be shown, empty where that is not known.
    ``vouched``: whether its owner says that it is theirs; None where the owner has no keys to say so."""

    id: str
    name: str
    vouched: bool | None


@dataclass(frozen=True)
class DevicesSeen:
    """All devices of somebody, those that nobody vouches for first. ``trust``: how certain it is that they are who they
    say. ``current``: that is what their homeserver said last, and it has not called it outdated since."""

    trust: Trust
    devices: tuple[DeviceSeen, ...]
    current: bool


@dataclass(frozen=True)
class Standing:
    """``identity``: whether the person has cross-signing keys, and whether they are certainly theirs. ``device``: this
    device is vouched for by them. ``secrets``: the names of the private keys that we have. ``unreadable``: messages
    that wait for their key. ``behind``: room keys that the backup does not have. ``others``: whether the person has
    other devices that are vouched for. ``to_restore``: the backup was not read to its end yet. ``devices``: on how many
    the person is signed in, this one included; ``doubtful``: how many of those nobody vouches for."""

    identity: Trust
    device: bool
    secrets: frozenset[str]
    unreadable: int
    backup: BackupState
    behind: int
    others: bool = False
    to_restore: bool = False
    devices: int = 1
    doubtful: int = 0

    @property
    def holds_identity(self) -> bool:
        """Whether we have what others are vouched for with, and our own devices."""
        return {"m.cross_signing.self_signing", "m.cross_signing.user_signing"} <= self.secrets
