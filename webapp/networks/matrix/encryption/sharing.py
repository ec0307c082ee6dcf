"""Who gets the key of what we say in a room (Client-Server API, "Sharing keys between devices", MSC4153).

Devices that their owner's cross-signing keys vouch for; of people without such keys all devices. The others are told
that they get none. Our own keys for sending are kept in memory only: after a restart a new one begins, and no ratchet
is ever used twice. It changes after so many messages, after a time, and when a person or a device is gone.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import vodozemac
from nio.crypto import InboundGroupSession

from webapp.networks.matrix.encryption.devices import present
from webapp.networks.matrix.encryption.foreign import MOST
from webapp.networks.matrix.encryption.identities import identity, is_signed_by_owner
from webapp.networks.matrix.encryption.ours import MEGOLM_ALGORITHM
from webapp.networks.matrix.encryption.store import Store
from webapp.networks.matrix.encryption.tables import OLM, KnownDevice, now

MOST_MESSAGES = 100
LONGEST_SECONDS = 7 * 24 * 3600.0
HOUR = 3_600_000
"""Milliseconds: no room makes us begin a new key more often, else nothing could be said in it at all."""
NOT_CONFIRMED = "m.unverified"
NO_SESSION = "m.no_olm"


@dataclass(frozen=True)
class Rotation:
    """How long one key may be used in a room."""

    messages: int = MOST_MESSAGES
    seconds: float = LONGEST_SECONDS


@dataclass
class Outbound:
    """The key under which we speak in one room now.

    ``given``: which devices have it, by name; ``told``: which were told that they do not get it; ``lost``: those that
    could not be written to. ``members``: whom the room had when it was last looked at.
    """

    members: frozenset[str]
    began: float = field(default_factory=now)
    messages: int = 0
    given: set[str] = field(default_factory=set)
    told: set[str] = field(default_factory=set)
    lost: set[str] = field(default_factory=set)
    session: vodozemac.GroupSession = field(default_factory=vodozemac.GroupSession)

    def is_over(self, rotation: Rotation) -> bool:
        return self.messages >= rotation.messages or now() - self.began >= rotation.seconds


def rotation(settings: Mapping[str, int] | None) -> Rotation:
    """How often the key of a room changes, by what was kept of its settings."""
    kept = settings or {}
    return Rotation(kept.get("messages", MOST_MESSAGES), kept.get("milliseconds", LONGEST_SECONDS * 1000) / 1000)


def stricter(before: Mapping[str, int] | None, content: Mapping[str, Any]) -> dict[str, int]:
    """What to keep of ``m.room.encryption``: a later one may make the key change more often, never less."""
    kept = dict(before or {})
    for ours, theirs, least in (("messages", "rotation_period_msgs", 1), ("milliseconds", "rotation_period_ms", HOUR)):
        said = content.get(theirs)
        if isinstance(said, int) and not isinstance(said, bool) and 0 < said <= MOST:
            kept[ours] = max(least, min(said, kept.get(ours, said)))
    return kept


def recipients(store: Store, user: str) -> tuple[list[KnownDevice], list[KnownDevice]]:
    """Somebody's devices that get the key of a room, and those that do not."""
    give: list[KnownDevice] = []
    withhold: list[KnownDevice] = []
    devices = [one for one in present(store.tables, user) if (user, one.device) != (store.user, store.device)]
    owner = identity(store.tables, user) if devices else None
    for device in devices:
        trusted = owner is None or is_signed_by_owner(device, owner)
        (give if trusted else withhold).append(device)
    return give, withhold


def begin(store: Store, room: str, members: frozenset[str]) -> Outbound:
    """A new key for a room, which we can read ourselves. In a transaction."""
    outbound = Outbound(members)
    keys = store.account.identity_keys
    own = InboundGroupSession(outbound.session.session_key.to_base64(), keys["ed25519"], keys["curve25519"], room)
    store.keep_room_key(own, store.user, OLM)
    return outbound


def room_key(room: str, outbound: Outbound) -> dict[str, Any]:
    """The content of ``m.room_key``: the key from where it stands now."""
    return {
        "algorithm": MEGOLM_ALGORITHM,
        "room_id": room,
        "session_id": outbound.session.session_id,
        "session_key": outbound.session.session_key.to_base64(),
    }


def withheld(store: Store, room: str, outbound: Outbound, code: str) -> dict[str, Any]:
    """The content of ``m.room_key.withheld``."""
    about = {} if code == NO_SESSION else {"room_id": room, "session_id": outbound.session.session_id}
    sender_key = store.account.identity_keys["curve25519"]
    return {"algorithm": MEGOLM_ALGORITHM, "sender_key": sender_key, "code": code, **about}
