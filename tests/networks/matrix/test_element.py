"""The far side is what it says: devices of it read each other, verify each other, and read old history with a key."""

from collections.abc import Iterator

import pytest

from tests.element import Device, Element, Refused
from tests.synapse import Synapse

pytestmark = [pytest.mark.servers, pytest.mark.timeout(180)]
PASSWORD = "correct horse battery staple"


@pytest.fixture(scope="module")
def synapse() -> Iterator[Synapse]:
    with Synapse() as running:
        running.start()
        running.add_user("bob", PASSWORD)
        running.add_user("carol", PASSWORD)
        yield running


def meet(bob: Device, carol: Device) -> str:
    """An encrypted room in which both are."""
    room = bob.do("createRoom", name="Soup", invite=[carol.user])
    carol.until(lambda: [one for one in carol.do("rooms") if one["id"] == room])
    carol.do("join", room=room)
    joined = {"user": carol.user, "membership": "join"}
    bob.until(lambda: joined in bob.do("members", room=room))
    return room


def test_two_devices_write_verify_and_come_back_with_a_recovery_key(synapse: Synapse, element: Element) -> None:
    bob = element.device("bob").sign_in(synapse.url, "bob", PASSWORD)
    carol = element.device("carol").sign_in(synapse.url, "carol", PASSWORD)
    key = bob.do("setUpKeys")
    carol.do("setUpKeys", passphrase="six spoons of soup")
    room = meet(bob, carol)

    bob.do("say", room=room, body="Is there soup?")
    carol.until(lambda: carol.texts(room) == ["Is there soup?"])
    assert carol.messages(room)[0]["encrypted"]
    assert carol.messages(room)[0]["shield"] is None
    carol.do("say", room=room, body="Yes")
    bob.until(lambda: bob.texts(room) == ["Is there soup?", "Yes"])

    assert not bob.do("identityOf", user=carol.user)["verified"]
    verify(bob, carol, bob.do("askToVerify", user=carol.user, room=room))
    bob.until(lambda: bob.do("identityOf", user=carol.user)["verified"])
    carol.until(lambda: carol.do("identityOf", user=bob.user)["verified"])

    bob.until(lambda: bob.do("backedUp") == 2)
    later = element.device("bob's new laptop").sign_in(synapse.url, "bob", PASSWORD)
    assert "Yes" not in later.texts(room)
    with pytest.raises(Refused):
        later.do("unlock", recoveryKey=key[:-4] + "aaaa")
    assert later.do("unlock", recoveryKey=key) == {"total": 2, "imported": 2}
    later.until(lambda: later.texts(room)[:2] == ["Is there soup?", "Yes"])
    seen = bob.until(lambda: [one for one in bob.do("devicesOf", user=bob.user) if one["id"] == later.id])
    assert seen == [{"id": later.id, "signedByOwner": True, "verified": True}]


def verify(asks: Device, answers: Device, asked: str) -> None:
    """By emoji, to its end."""
    told = answers.asked()
    assert told == asked
    answers.do("verification", id=told, step="accept")
    asks.until(lambda: asks.do("verification", id=asked)["phase"] == "Ready")
    asks.do("verification", id=asked, step="start")
    ours = asks.until(lambda: asks.do("verification", id=asked)["emoji"])
    assert answers.until(lambda: answers.do("verification", id=told)["emoji"]) == ours
    for one in (asks, answers):
        one.do("verification", id=asked, step="confirm")
    for one in (asks, answers):
        one.until(lambda one=one: one.do("verification", id=asked)["phase"] == "Done")
