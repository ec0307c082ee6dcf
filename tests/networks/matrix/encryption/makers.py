"""Keys as others would have made them, with vodozemac alone."""

from pathlib import Path

import vodozemac
from nio.crypto import InboundGroupSession, OutboundSession

from webapp.networks.matrix.encryption.store import Store

KEY = bytes(range(32))
ALICE, DEVICE = "@alice:house.test", "HOUSE"
ROOM = "!soup:house.test"


def a_store(folder: Path, key: bytes = KEY, user: str = ALICE, device: str = DEVICE) -> Store:
    return Store.open(folder, key, user, device)


def room_key(
    group: vodozemac.GroupSession, sender_key: str = "bob+curve", signing_key: str = "bob+ed", room: str = ROOM
) -> InboundGroupSession:
    """The key of a room as it is now; messages before are not opened by it."""
    return InboundGroupSession(group.session_key.to_base64(), signing_key, sender_key, room)


def olm_session(account: vodozemac.Account | None = None) -> OutboundSession:
    """A session of ours with a new device of somebody."""
    from nio.crypto import OlmAccount

    other = vodozemac.Account()
    other.generate_one_time_keys(1)
    one_time = next(iter(other.one_time_keys.values())).to_base64()
    return OutboundSession(OlmAccount(account), other.curve25519_key.to_base64(), one_time)
