"""The devices of people: lists that are followed, and first keys that count (Client-Server API, "Tracking the device
list for a user").

Every list that the server calls changed is asked for again if we follow its owner, whoever else was loaded. A device
keeps the keys that it first came with: another key under the same id is somebody else, and does not replace it.
"""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from webapp.networks.matrix.encryption.foreign import key_text, mapping, short_text
from webapp.networks.matrix.encryption.identities import Identity, identity, note_identity
from webapp.networks.matrix.encryption.signing import is_signed
from webapp.networks.matrix.encryption.tables import KnownDevice, Tables
from webapp.networks.matrix.texts import tidy_name

LONGEST_NAME = 100
MOST_DEVICES = 500
"""Of one person. More is no person, and would make every room key dear."""


def note_lists(tables: Tables, lists: Mapping[str, Any]) -> None:
    """``device_lists`` of a sync: ``changed`` and ``left``."""
    tables.outdate(_users(lists.get("changed")))
    tables.untrack(_users(lists.get("left")))


def note_query(tables: Tables, asked: Mapping[str, int], reply: Mapping[str, Any]) -> None:
    """The answer of ``/keys/query``. ``asked``: whom we asked for, with the numbers of ``Tables.outdated``.

    Nobody else is learned of. Whose server did not answer stays outdated; who is not mentioned keeps what is known.
    """
    devices, masters = mapping(reply.get("device_keys")), mapping(reply.get("master_keys"))
    signing, silent = mapping(reply.get("self_signing_keys")), mapping(reply.get("failures"))
    vouching = mapping(reply.get("user_signing_keys"))
    us = short_text(tables.fact("self")[0])
    for user, number in asked.items():
        if user.partition(":")[2] in silent and user not in devices:
            continue
        note_identity(tables, user, masters.get(user), signing.get(user), vouching.get(user), us)
        if isinstance(listed := devices.get(user), Mapping):
            _note_devices(tables, user, listed)
        tables.note_queried(user, number)


def present(tables: Tables, user: str) -> list[KnownDevice]:
    """The devices that somebody has now, as their list says."""
    return [known for known in tables.devices(user) if not known.gone and not known.told]


def of_key(tables: Tables, user: str, curve25519: str) -> KnownDevice | None:
    """Somebody's device with this Curve25519 key, also one that is gone."""
    return next((known for known in tables.devices(user) if known.curve25519 == curve25519), None)


def read_device(user: str, device: str, value: object) -> KnownDevice | None:
    """A device as it is described by itself; None if it is none, is another's, or is not signed by its own key."""
    said = mapping(value)
    keys = mapping(said.get("keys"))
    ed25519, curve25519 = key_text(keys.get(f"ed25519:{device}")), key_text(keys.get(f"curve25519:{device}"))
    named = short_text(device) and said.get("user_id") == user and said.get("device_id") == device
    if not named or not ed25519 or not curve25519 or not is_signed(said, user, f"ed25519:{device}", ed25519):
        return None
    signed = {key: one for key, one in said.items() if key != "unsigned"}
    name = tidy_name(mapping(said.get("unsigned")).get("device_display_name"), LONGEST_NAME)
    return KnownDevice(user, device, curve25519, ed25519, signed, name=name)


def _note_devices(tables: Tables, user: str, listed: Mapping[str, Any]) -> None:
    before = {known.device: known for known in tables.devices(user)}
    owner = identity(tables, user)
    for device, value in list(listed.items())[:MOST_DEVICES]:
        said = read_device(user, device, value)
        if said is not None and not _poses_as_key(device, owner):
            _note_device(tables, said, before.get(device))
    for device, known in before.items():
        if device not in listed and not known.gone:
            tables.keep_device(replace(known, gone=True))


def _note_device(tables: Tables, said: KnownDevice, known: KnownDevice | None) -> None:
    same = known is None or (said.ed25519, said.curve25519) == (known.ed25519, known.curve25519)
    if same and said != known:
        tables.keep_device(said)


def _poses_as_key(device: str, owner: Identity | None) -> bool:
    """Whether a device is called like a cross-signing key: one could be taken for the other (CVE-2022-39250)."""
    return owner is not None and device in {owner.master, owner.self_signing, owner.changed}


def _users(value: object) -> Iterable[str]:
    return [user for one in value if (user := short_text(one))] if isinstance(value, list) else []
