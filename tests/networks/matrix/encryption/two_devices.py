"""Our device and one of Bob's, in an encrypted room with each other; his is written out on vodozemac alone."""

import json

import vodozemac

from tests.networks.matrix.encryption.makers import ALICE, DEVICE, KEY, ROOM
from webapp.networks.matrix.encryption.outcomes import Closed
from webapp.networks.matrix.encryption.work import Work

BOB, CAROL = "@bob:house.test", "@carol:house.test"
SOUP = {"msgtype": "m.text", "body": "Is there soup?"}
SETTINGS = {"algorithm": "m.megolm.v1.aes-sha2"}
CALM = ({}, {"signed_curve25519": 50}, ["signed_curve25519"])


def begun(folder, server):
    """Our device, online, in an encrypted room with Bob."""
    work = Work(folder, KEY, ALICE, DEVICE)
    work.note_encrypted({ROOM: [SETTINGS]})
    work.note_members(ROOM, frozenset({ALICE, BOB}))
    server.settle(work)
    return work


def meets(far, work, server):
    """The other device claims one of our keys and begins a session."""
    upload = next(body for body in server.uploads if "one_time_keys" in body)
    key = upload["one_time_keys"].popitem()[1]["key"]
    far.meet(work._store.account.identity_keys["curve25519"], key)


def letter(far, work, kind, content):
    ours = work._store.account.identity_keys
    return far.event(ours["curve25519"], far.payload(ALICE, ours["ed25519"], kind, content))


def hears(work, far, server, room):
    """The other device gives us the key of its room."""
    meets(far, work, server)
    return work.take([letter(far, work, "m.room_key", room.key())], *CALM)


def said(work, room=ROOM, content=SOUP):
    return work.seal(room, "m.room.message", content)


def read(key: vodozemac.InboundGroupSession, sealed):
    opened = key.decrypt(vodozemac.MegolmMessage.from_base64(sealed["ciphertext"]))
    return json.loads(opened.plaintext), opened.message_index


def reason(closed):
    assert isinstance(closed, Closed), closed
    return closed.reason.msgid
