"""How it is with the keys of an account, as plain values for whoever tells the person."""

from dataclasses import dataclass
from enum import StrEnum

from webapp.networks.events import Trust


class BackupState(StrEnum):
    """The server's backup of room keys: there is none; it is ours and we have its key; ours, and we do not have it
    (yet); nobody we know vouches for it."""

    NONE = "none"
    OPEN = "open"
    LOCKED = "locked"
    FOREIGN = "foreign"


@dataclass(frozen=True)
class Standing:
    """``identity``: whether the person has cross-signing keys, and whether they are certainly theirs. ``device``: this
    device is vouched for by them. ``secrets``: the names of the private keys that we have. ``unreadable``: messages
    that wait for their key. ``behind``: room keys that the backup does not have. ``others``: whether the person has
    other devices that are vouched for. ``to_restore``: the backup was not read to its end yet."""

    identity: Trust
    device: bool
    secrets: frozenset[str]
    unreadable: int
    backup: BackupState
    behind: int
    others: bool = False
    to_restore: bool = False

    @property
    def holds_identity(self) -> bool:
        """Whether we have what others are vouched for with, and our own devices."""
        return {"m.cross_signing.self_signing", "m.cross_signing.user_signing"} <= self.secrets
