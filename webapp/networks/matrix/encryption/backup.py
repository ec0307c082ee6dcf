"""The server's backup of room keys (Client-Server API, "Server-side key backups"): what we take from it and give to it.

It is encrypted to a public key. Anybody can write into it, so a key from there has no proven sender; and whoever runs
the server can put another public key there, so nothing is given to it unless we hold the private half.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import vodozemac
from nio.crypto import InboundGroupSession

from webapp.networks.matrix.encryption import identities, secrets, unpadded
from webapp.networks.matrix.encryption.foreign import key_text, mapping, parsed, short_text
from webapp.networks.matrix.encryption.identities import identity
from webapp.networks.matrix.encryption.ours import MEGOLM_ALGORITHM, signed_by_device
from webapp.networks.matrix.encryption.signing import is_signed, signed
from webapp.networks.matrix.encryption.standing import BackupState
from webapp.networks.matrix.encryption.store import Store
from webapp.networks.matrix.encryption.tables import OLM
from webapp.networks.sealing import Trust

ALGORITHM = "m.megolm_backup.v1.curve25519-aes-sha2"
SOURCE = "backup"
RESTORED = "restored"
"""The fact with the version of the backup that was read to its end."""
PREPARED = "prepared backup"
LONGEST_KEY = 10_000
"""Characters of one encrypted room key; they have some 800."""


class Backup:
    """Every method is one transaction."""

    def __init__(self, store: Store, came: Callable[[], None]) -> None:
        """``came`` is told that there are new room keys, in a transaction."""
        self._store, self._came = store, came

    # Which backup there is

    def note(self, told: Mapping[str, Any]) -> BackupState:
        """What the server says of its newest backup; empty where there is none. Foreign."""
        store = self._store
        with store.transaction():
            auth = mapping(told.get("auth_data"))
            version = short_text(told.get("version"))
            usable = version and told.get("algorithm") == ALGORITHM
            public = key_text(auth.get("public_key")) if usable else ""
            before = mapping(store.tables.fact(secrets.BACKUP_FACT))
            kept = identities.as_kept(auth, store.user, {}) if public else {}
            now = {"version": version, "public_key": public, "auth": kept}
            if dict(before) != now:
                store.tables.keep_fact(secrets.BACKUP_FACT, now)
            if before.get("version") != version:
                store.tables.forget_backed_up()
            self._take_up_prepared()
        return self.state()

    def state(self) -> BackupState:
        """How the backup stands to us, by what the server said last."""
        with self._store.transaction():
            known = mapping(self._store.tables.fact(secrets.BACKUP_FACT))
            if not known.get("version"):
                return BackupState.NONE
            if secrets.get(self._store, secrets.BACKUP):
                return BackupState.OPEN
            ours = self._is_signed_by_us(mapping(known.get("auth")))
            return BackupState.LOCKED if ours else BackupState.FOREIGN

    @property
    def version(self) -> str:
        """The version that the server named last, empty if none."""
        with self._store.transaction():
            return str(mapping(self._store.tables.fact(secrets.BACKUP_FACT)).get("version") or "")

    def _is_signed_by_us(self, auth: Mapping[str, Any]) -> bool:
        ours = identity(self._store.tables, self._store.user)
        confirmed = identities.trust(self._store, self._store.user) is Trust.CONFIRMED
        return (
            ours is not None and confirmed and is_signed(auth, self._store.user, f"ed25519:{ours.master}", ours.master)
        )

    # A new one

    def prepare(self) -> tuple[str, dict[str, Any]]:
        """The private key of a new backup, and the body that makes it; both the same until the server has it."""
        with self._store.transaction():
            secret = self._store.tables.fact(PREPARED)
            if not secret:
                secret = unpadded.encode(vodozemac.Curve25519SecretKey().to_bytes())
                self._store.tables.keep_fact(PREPARED, secret)
            auth: dict[str, Any] = {"public_key": _private(secret).public_key().to_base64()}
            auth = signed_by_device(self._store, auth)
            if master := secrets.signing_key(self._store, secrets.MASTER):
                auth = signed(auth, self._store.user, f"ed25519:{master.public}", master.signature(auth))
        return secret, {"algorithm": ALGORITHM, "auth_data": auth}

    def _take_up_prepared(self) -> None:
        secret = self._store.tables.fact(PREPARED)
        if secret and secrets.keep(self._store, secrets.BACKUP, secret):
            self._store.tables.keep_fact(PREPARED, None)
            self._store.tables.keep_fact(RESTORED, self.version)

    # Out of it

    def needs_restore(self) -> bool:
        """Whether there is a backup that we can read and did not read to its end."""
        with self._store.transaction():
            restored = self._store.tables.fact(RESTORED)
        return self.state() is BackupState.OPEN and restored != self.version

    def take(self, keys: Sequence[tuple[str, str, object]]) -> int:
        """Take in some keys of the backup: room, session, value, all foreign. How many of them are here now."""
        with self._store.transaction():
            secret = secrets.get(self._store, secrets.BACKUP)
            if secret is None:
                return 0
            opener = vodozemac.PkDecryption.from_key(_private(secret))
            taken = sum(self._take_one(opener, *key) for key in keys)
            self._came()
        return taken

    def note_restored(self, version: str) -> None:
        with self._store.transaction():
            self._store.tables.keep_fact(RESTORED, version)

    def _take_one(self, opener: vodozemac.PkDecryption, room: str, session: str, value: object) -> bool:
        """What we have from an earlier place on is not in the backup like that, and will be given to it."""
        known, first = self._store.tables.room_key(session), mapping(value).get("first_message_index")
        if known is None or known.room != room or not isinstance(first, int) or first < known.first_index:
            key = _opened(opener, room, session, mapping(mapping(value).get("session_data")))
            if key is None or not short_text(room) or not self._store.keep_room_key(key, "", SOURCE):
                return False
            first, known = key.first_known_index, self._store.tables.room_key(session)
        if known is not None and known.first_index == first:
            self._store.tables.note_backed_up([session])
        return True

    # Into it

    def next_upload(self, limit: int) -> tuple[list[str], dict[str, Any]]:
        """Some keys that the backup does not have: their sessions, and the body of ``PUT /room_keys/keys``."""
        with self._store.transaction():
            secret = secrets.get(self._store, secrets.BACKUP)
            sessions = self._store.tables.to_back_up(limit) if secret else []
            rooms: dict[str, Any] = {}
            if secret:
                sealer = vodozemac.PkEncryption.from_key(_private(secret).public_key())
                for session in sessions:
                    self._add(rooms, sealer, session)
        return sessions, {"rooms": rooms}

    def note_uploaded(self, sessions: Sequence[str]) -> None:
        with self._store.transaction():
            self._store.tables.note_backed_up(sessions)

    def _add(self, rooms: dict[str, Any], sealer: vodozemac.PkEncryption, session: str) -> None:
        facts = self._store.tables.room_key(session)
        found = self._store.room_key(facts.room, session) if facts else None
        if facts is None or found is None:
            return
        key = found[0]
        plain = {
            "algorithm": MEGOLM_ALGORITHM,
            "sender_key": facts.sender_key,
            "sender_claimed_keys": {"ed25519": facts.device_key},
            "forwarding_curve25519_key_chain": [],
            "session_key": key.export_session(key.first_known_index),
        }
        value = {
            "first_message_index": key.first_known_index,
            "forwarded_count": 0,
            "is_verified": facts.source == OLM,
            "session_data": _sealed(sealer, plain),
        }
        rooms.setdefault(facts.room, {"sessions": {}})["sessions"][session] = value


def _private(secret: str) -> vodozemac.Curve25519SecretKey:
    return vodozemac.Curve25519SecretKey.from_bytes(unpadded.decode(secret, 32))


def _sealed(sealer: vodozemac.PkEncryption, plain: Mapping[str, Any]) -> dict[str, str]:
    """The parts by their names: ``Message.to_base64`` gives them in another order than ``from_base64`` takes them."""
    message = sealer.encrypt(json.dumps(plain).encode())
    parts = {"ephemeral": message.ephemeral_key, "ciphertext": message.ciphertext, "mac": message.mac}
    return {name: unpadded.encode(part) for name, part in parts.items()}


def _opened(
    opener: vodozemac.PkDecryption, room: str, session: str, data: Mapping[str, Any]
) -> InboundGroupSession | None:
    """A room key of the backup; None if it is none, or not the one it is called."""
    ciphertext, mac, ephemeral = (str(data.get(name))[:LONGEST_KEY] for name in ("ciphertext", "mac", "ephemeral"))
    try:
        plain = parsed(opener.decrypt(vodozemac.Message.from_base64(ciphertext, mac, ephemeral)).decode())
        ed25519 = key_text(mapping(plain.get("sender_claimed_keys")).get("ed25519"))
        text, sender_key = str(plain.get("session_key")), key_text(plain.get("sender_key"))
        key = InboundGroupSession.import_session(text, ed25519, sender_key, room)
    except ValueError:
        return None
    return key if key.id == session and plain.get("algorithm") == MEGOLM_ALGORITHM else None
