"""What devices of one person give each other: private keys and room keys (Client-Server API, "Sharing" of secrets, "Key
requests").

Only devices that are certainly this person's get or give anything, and nothing is taken that was not asked for: whoever
answers a question that nobody asked, or asks in the name of a device that nobody confirmed, is not heard
(CVE-2021-40823, CVE-2022-39246, CVE-2022-39249). What was said before somebody came is never given to them
(CVE-2024-47080): other people's questions are not even looked at.
"""

import secrets as random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from nio.crypto import InboundGroupSession

from webapp.networks.matrix.encryption import secrets
from webapp.networks.matrix.encryption.devices import of_key, present
from webapp.networks.matrix.encryption.foreign import key_text, mapping, short_text
from webapp.networks.matrix.encryption.identities import is_confirmed
from webapp.networks.matrix.encryption.letters import Letters
from webapp.networks.matrix.encryption.olm import Arrival
from webapp.networks.matrix.encryption.ours import MEGOLM_ALGORITHM
from webapp.networks.matrix.encryption.store import Store
from webapp.networks.matrix.encryption.tables import KnownDevice, now
from webapp.networks.matrix.verification.vouching import is_own_compared

SECRET_REQUEST, SECRET_SEND = "m.secret.request", "m.secret.send"
KEY_REQUEST, KEY_SEND = "m.room_key_request", "m.forwarded_room_key"
SOURCE = "forwarded"
ASKED, RECEIVED = "asked secrets", "received secrets"
"""Facts: which secrets we asked whom for, by request; those that came and do not fit (yet)."""
ASKED_SECONDS = 24 * 3600.0
"""How long an answer is welcome."""
WAIT_SECONDS = 600.0
"""How long a question may wait until its device is confirmed: a comparison may be going on."""
MOST_WANTED, MOST_ASKED = 200, 1_000
AT_ONCE = 20
"""Room keys that are asked for in one go."""
LONGEST_SECRET, LONGEST_KEY = 200, 10_000


@dataclass(frozen=True)
class Wanted:
    """What a device of ours asks for: the name of a secret, or a room and a session."""

    device: str
    request: str
    secret: str
    room: str
    session: str
    until: float


class Gossip:
    """Every method belongs into a transaction of the store."""

    def __init__(self, store: Store, letters: Letters) -> None:
        self._store, self._letters = store, letters
        self._wanted: list[Wanted] = []
        self._asked_keys: dict[tuple[str, str], str] = {}

    # What others of our devices want

    def take(self, events: Sequence[Mapping[str, Any]]) -> None:
        """Letters that came without encryption."""
        for event in events:
            kind = short_text(event.get("type"))
            if event.get("sender") == self._store.user and kind in {SECRET_REQUEST, KEY_REQUEST}:
                self._take(kind, mapping(event.get("content")))

    def _take(self, kind: str, content: Mapping[str, Any]) -> None:
        device, request = short_text(content.get("requesting_device_id")), short_text(content.get("request_id"))
        body = mapping(content.get("body"))
        known = not body or body.get("algorithm") == MEGOLM_ALGORITHM
        self._wanted = [one for one in self._wanted if (one.device, one.request) != (device, request)]
        if content.get("action") != "request" or not device or not request or device == self._store.device:
            return
        secret = short_text(content.get("name")) if kind == SECRET_REQUEST else ""
        wanted = Wanted(
            device, request, secret, short_text(body.get("room_id")), short_text(body.get("session_id")), _until()
        )
        if known and len(self._wanted) < MOST_WANTED:
            self._wanted.append(wanted)

    def settle(self) -> None:
        """Give what is wanted by devices that are certain, and keep what came too early."""
        self._wanted = [one for one in self._wanted if one.until > now() and not self._give(one)]
        self._keep_received()

    def _give(self, wanted: Wanted) -> bool:
        """Whether it is settled, one way or the other."""
        device = self._own(self._store.tables.device(self._store.user, wanted.device))
        if device is None:
            return False
        if wanted.secret:
            secret = secrets.get(self._store, wanted.secret)
            if secret is not None:
                self._letters.write(device, SECRET_SEND, {"request_id": wanted.request, "secret": secret})
        elif (content := self._room_key(wanted.room, wanted.session)) is not None:
            self._letters.write(device, KEY_SEND, content)
        return True

    def _room_key(self, room: str, session: str) -> dict[str, Any] | None:
        found = self._store.room_key(room, session)
        if found is None:
            return None
        key, facts = found
        return {
            "algorithm": MEGOLM_ALGORITHM,
            "room_id": room,
            "session_id": session,
            "session_key": key.export_session(key.first_known_index),
            "sender_key": facts.sender_key,
            "sender_claimed_ed25519_key": facts.device_key,
            "forwarding_curve25519_key_chain": [],
        }

    # What we want

    def ask_for_secrets(self) -> None:
        """Ask our other devices for the private keys that we lack."""
        devices = [device.device for device in self._own_devices()]
        missing = [name for name in secrets.ALL if secrets.get(self._store, name) is None]
        asked = self._asked_secrets()
        for name in missing if devices else ():
            request = random.token_hex(16)
            asked[request] = {"name": name, "at": now()}
            self._ask(devices, SECRET_REQUEST, {"name": name, "request_id": request})
        self._store.tables.keep_fact(ASKED, asked)

    def ask_for_room_keys(self) -> bool:
        """Ask our other devices for some room keys that are waited for. Once for each, as long as we run.

        Whether there are more to ask for.
        """
        wanted = self._store.waiting.keys(MOST_ASKED)
        new = [one for one in wanted if one not in self._asked_keys]
        devices = [device.device for device in self._own_devices()] if new else []
        if not devices or len(self._asked_keys) >= MOST_ASKED:
            return False
        for room, session in new[:AT_ONCE]:
            request = self._asked_keys[room, session] = random.token_hex(16)
            body = {"algorithm": MEGOLM_ALGORITHM, "room_id": room, "session_id": session}
            self._ask(devices, KEY_REQUEST, {"body": {**body, **self._sender_key(session)}, "request_id": request})
        return len(new) > AT_ONCE

    def _sender_key(self, session: str) -> dict[str, str]:
        """Whom a waiting event names as the sender of its key: other programs want to know, and it proves nothing."""
        for _, event in self._store.waiting.of(session, 1):
            if key := key_text(mapping(event.get("content")).get("sender_key")):
                return {"sender_key": key}
        return {}

    def _ask(self, devices: list[str], kind: str, content: Mapping[str, Any]) -> None:
        whole = {"action": "request", "requesting_device_id": self._store.device, **content}
        self._letters.tell({self._store.user: devices}, kind, whole)

    # What comes

    def take_letters(self, arrivals: Sequence[Arrival]) -> list[str]:
        """Letters that came under Olm. The answer are the sessions of room keys that were taken."""
        found: list[str] = []
        for arrival in arrivals:
            if arrival.type not in {SECRET_SEND, KEY_SEND} or not self._is_own(arrival):
                continue
            if arrival.type == SECRET_SEND:
                self._take_secret(arrival.content)
            elif session := self._take_room_key(arrival.content):
                found.append(session)
        return found

    def _take_secret(self, content: Mapping[str, Any]) -> None:
        asked = self._asked_secrets()
        one = asked.pop(short_text(content.get("request_id")), None)
        secret = short_text(content.get("secret"), LONGEST_SECRET)
        if one is None or not secret:
            return
        self._store.tables.keep_fact(ASKED, asked)
        received = mapping(self._store.tables.fact(RECEIVED))
        self._store.tables.keep_fact(RECEIVED, {**received, str(one["name"]): secret})
        self._keep_received()

    def _keep_received(self) -> None:
        """The key of the backup can only be looked at once the server has told which backup there is."""
        received = dict(mapping(self._store.tables.fact(RECEIVED)))
        left = {name: secret for name, secret in received.items() if not self._keep(name, str(secret))}
        if left != received:
            self._store.tables.keep_fact(RECEIVED, left)

    def _keep(self, name: str, secret: str) -> bool:
        """Whether nothing more is to be done about it."""
        return secrets.keep(self._store, name, secret) or name != secrets.BACKUP

    def _take_room_key(self, content: Mapping[str, Any]) -> str:
        room, session = short_text(content.get("room_id")), short_text(content.get("session_id"))
        text = content.get("session_key")
        if (room, session) not in self._asked_keys or not isinstance(text, str) or len(text) > LONGEST_KEY:
            return ""
        try:
            ed25519, curve = key_text(content.get("sender_claimed_ed25519_key")), key_text(content.get("sender_key"))
            key = InboundGroupSession.import_session(text, ed25519, curve, room)
        except ValueError:
            return ""
        if content.get("algorithm") != MEGOLM_ALGORITHM or key.id != session:
            return ""
        return session if self._store.keep_room_key(key, "", SOURCE) else ""

    # Who is certain

    def _is_own(self, arrival: Arrival) -> bool:
        if arrival.user != self._store.user:
            return False
        device = self._own(of_key(self._store.tables, arrival.user, arrival.sender_key))
        return device is not None and device.ed25519 == arrival.device_key

    def _own_devices(self) -> list[KnownDevice]:
        return [device for device in present(self._store.tables, self._store.user) if self._own(device)]

    def _own(self, device: KnownDevice | None) -> KnownDevice | None:
        """A device of ours, if it certainly is one: our identity vouches for it, or the person compared it."""
        if device is None or device.gone or device.device == self._store.device:
            return None
        certain = is_confirmed(self._store, device) or is_own_compared(self._store, device.device, device.ed25519)
        return device if certain else None

    def _asked_secrets(self) -> dict[str, Any]:
        asked = mapping(self._store.tables.fact(ASKED))
        return {request: one for request, one in asked.items() if now() - one["at"] < ASKED_SECONDS}


def _until() -> float:
    return now() + WAIT_SECONDS
