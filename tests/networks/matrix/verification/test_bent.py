"""Letters and messages of verifications and of gossip, bent in every way: nothing of it ever raises."""

from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.networks.matrix.encryption.far_device import FarDevice
from tests.networks.matrix.encryption.far_server import FarServer
from tests.networks.matrix.encryption.makers import ALICE, DEVICE, KEY, ROOM
from webapp.networks.matrix.encryption.tables import now
from webapp.networks.matrix.encryption.work import Work
from webapp.networks.matrix.verification.seen import Spoken

pytestmark = pytest.mark.process  # together they take seconds
BOB = "@bob:house.test"
STEPS = ["request", "ready", "start", "accept", "key", "mac", "done", "cancel"]
KINDS = [
    *(f"m.key.verification.{step}" for step in STEPS),
    "m.secret.request",
    "m.room_key_request",
    "m.secret.send",
    "m.forwarded_room_key",
    "m.dummy",
]
NAMES = [
    "transaction_id", "from_device", "methods", "method", "timestamp", "code", "key", "mac", "keys", "commitment",
    "hash", "hashes", "key_agreement_protocols", "short_authentication_string", "message_authentication_codes",
    "action", "name", "request_id", "requesting_device_id", "body", "algorithm", "room_id", "session_id",
    "m.relates_to", "msgtype", "to", "rel_type", "event_id",
]  # fmt: skip
PLAIN = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.text(max_size=5),
    st.sampled_from(["t1", "BOBSPHONE", DEVICE, "m.sas.v1", "request", "$asked", "m.reference", ALICE, "emoji"]),
)
VALUES = st.recursive(
    PLAIN,
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(st.sampled_from(NAMES), inner, max_size=4)),
    max_leaves=8,
)
CONTENTS = st.dictionaries(st.sampled_from(NAMES), VALUES, max_size=6)
LETTERS = st.fixed_dictionaries(
    {
        "type": st.one_of(st.sampled_from(KINDS), VALUES),
        "sender": st.one_of(st.sampled_from([ALICE, BOB]), VALUES),
        "content": st.one_of(CONTENTS, VALUES),
    }
)


@pytest.fixture(scope="module")
def work(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Work]:
    running = Work(tmp_path_factory.mktemp("keys"), KEY, ALICE, DEVICE)
    server = FarServer(FarDevice(), FarDevice(ALICE, "TABLET"))
    running.note_members(ROOM, frozenset({ALICE, BOB}))
    server.settle(running)
    yield running
    running.close()


def asked(work: Work) -> None:
    """Somebody asks by a letter and in a room, so that what follows belongs to something."""
    content = {"from_device": "BOBSPHONE", "methods": ["m.sas.v1"], "timestamp": int(now() * 1000)}
    letter = {"type": "m.key.verification.request", "sender": BOB, "content": {**content, "transaction_id": "t1"}}
    work.take([letter], {}, {"signed_curve25519": 50}, None)
    said = {**content, "msgtype": "m.key.verification.request", "to": ALICE}
    work.verification(lambda all_: all_.hear(ROOM, [Spoken("$asked", BOB, "m.room.message", said, now())]))


@settings(deadline=None, max_examples=100, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(LETTERS, max_size=4))
def test_bent_letters_never_raise(work: Work, letters: list[dict[str, Any]]) -> None:
    asked(work)
    work.take(letters, {}, {"signed_curve25519": 50}, None)
    for one in work.verification(lambda all_: all_.seen()):
        work.verification(lambda all_, name=one.name: all_.do(name, "accept"))
    work.take(letters, {}, {"signed_curve25519": 50}, None)
    work.due(None)


@settings(deadline=None, max_examples=100, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(st.sampled_from([*KINDS, "m.room.message"]), st.sampled_from([ALICE, BOB]), CONTENTS)))
def test_bent_messages_in_rooms_never_raise(work: Work, said: list[tuple[str, str, dict[str, Any]]]) -> None:
    asked(work)
    relation = {"m.relates_to": {"rel_type": "m.reference", "event_id": "$asked"}}
    spoken = [Spoken(f"${at}", sender, kind, {**relation, **c}, now()) for at, (kind, sender, c) in enumerate(said)]
    work.verification(lambda all_: all_.hear(ROOM, spoken))
    for one in work.verification(lambda all_: all_.seen()):
        work.verification(lambda all_, name=one.name: all_.do(name, "accept"))
    work.verification(lambda all_: all_.hear(ROOM, spoken))
    work.due(None)
