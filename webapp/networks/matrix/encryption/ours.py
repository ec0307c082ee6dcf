"""Our own device, as it is shown to others (Client-Server API, "Device keys")."""

from typing import Any

from webapp.networks.matrix.encryption.signing import covered, signed
from webapp.networks.matrix.encryption.store import Store

OLM_ALGORITHM = "m.olm.v1.curve25519-aes-sha2"
MEGOLM_ALGORITHM = "m.megolm.v1.aes-sha2"


def device_keys(store: Store) -> dict[str, Any]:
    """Our device's keys, signed by the device: it goes along with every letter, so it is signed once."""
    if store.described is None:
        store.described = _described(store)
    return store.described


def _described(store: Store) -> dict[str, Any]:
    keys = store.account.identity_keys
    plain = {
        "user_id": store.user,
        "device_id": store.device,
        "algorithms": [OLM_ALGORITHM, MEGOLM_ALGORITHM],
        "keys": {f"curve25519:{store.device}": keys["curve25519"], f"ed25519:{store.device}": keys["ed25519"]},
    }
    return signed_by_device(store, plain)


def signed_by_device(store: Store, value: dict[str, Any]) -> dict[str, Any]:
    """``value`` with our device's signature."""
    signature: str = store.account.sign(covered(value).decode())
    return signed(value, store.user, f"ed25519:{store.device}", signature)
