"""Somebody brings their Matrix account with all that it has: keys, old messages, people whom they want to be sure of.

The other side is the library below Element: an old phone of Alice's, and Bob.
"""

from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Locator, expect

from tests.element import Device, Element
from tests.journeys.people import Person
from tests.journeys.stage import Stage
from tests.synapse import Synapse
from webapp.models import Role

pytestmark = pytest.mark.timeout(240)
People = Callable[..., Person]
PASSWORD = "correct horse battery staple"


@pytest.fixture(scope="module")
def synapse() -> Iterator[Synapse]:
    with Synapse() as running:
        yield running


@pytest.fixture(scope="module")
def element() -> Iterator[Element]:
    with Element() as running:
        yield running


@pytest.fixture
def alice(stage: Stage, person: People) -> Person:
    """In front of the running program."""
    stage.program.environment["HAUSBOTE_PRIVATE_SERVERS"] = "127.0.0.1"
    stage.settle("Alice", Role.ADMINISTRATOR)
    stage.program.start()
    return person("Alice").signs_in()


def adds_the_account(alice: Person, synapse: Synapse, user: str) -> Locator:
    """From the page of networks until it is online; its card."""
    alice.goes_to("/networks")
    page = alice.page
    page.get_by_role("link", name="Add a network").click()
    page.get_by_role("link", name="Matrix").click()
    page.get_by_label("Homeserver").fill(synapse.url)
    page.get_by_label("User name").fill(user)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Connect").click()
    card = page.get_by_role("article").filter(has_text=user)
    expect(card.get_by_text("Online")).to_be_visible()
    return card


def meets(one: Device, other: Device) -> str:
    """An encrypted chat of two; its room."""
    room: str = one.do("createRoom", invite=[other.user], direct=True)
    other.until(lambda: room in [known["id"] for known in other.do("rooms")])
    other.do("join", room=room)
    one.until(lambda: {"user": other.user, "membership": "join"} in one.do("members", room=room))
    return room


def device(element: Element, synapse: Synapse, name: str, shown: str) -> Device:
    """Somebody's device on the far side."""
    user = synapse.add_user(name, PASSWORD, shown)
    return element.device(name).sign_in(synapse.url, user, PASSWORD)


def test_an_account_is_added_unlocked_its_old_messages_are_read_and_it_is_talked_with(
    alice: Person, synapse: Synapse, element: Element
) -> None:
    phone, bob = device(element, synapse, "anna", "Anna"), device(element, synapse, "bob", "Bob")
    room = meets(phone, bob)
    key = phone.do("setUpKeys")
    for number in range(3):
        bob.do("say", room=room, body=f"Old news {number}")
    phone.until(lambda: phone.texts(room)[-1:] == ["Old news 2"])
    phone.until(lambda: phone.do("backedUp"))
    adds_the_account(alice, synapse, phone.user)
    reads_nothing_yet(alice)
    unlocks(alice, key)
    alice.goes_to("/")
    alice.opens("Bob")
    for number in range(3):
        alice.sees(f"Old news {number}")
    talks(alice, bob, room)
    phone.until(lambda: len(phone.do("devicesOf", user=phone.user)) == 2)
    phone.until(lambda: all(one["verified"] for one in phone.do("devicesOf", user=phone.user)))


def reads_nothing_yet(alice: Person) -> None:
    alice.goes_to("/")
    alice.opens("Bob")
    expect(alice.log()).to_contain_text("key")
    expect(alice.log()).not_to_contain_text("Old news")


def unlocks(alice: Person, key: str) -> None:
    """By the notice above the inbox, after a slip of the pen."""
    page = alice.page
    page.get_by_role("button", name="Unlock with recovery key").click()
    page.get_by_role("textbox", name="Recovery key").fill(key[:-1] + ("A" if key[-1] != "A" else "B"))
    page.get_by_role("button", name="Unlock").click()
    expect(page.get_by_text("There is a mistake in this recovery key")).to_be_visible()
    page.get_by_role("textbox", name="Recovery key").fill(key)
    page.get_by_role("button", name="Unlock").click()
    expect(page.get_by_text("Your keys are unlocked")).to_be_visible()


def talks(alice: Person, bob: Device, room: str) -> None:
    alice.says("I can read it all")
    bob.until(lambda: "I can read it all" in bob.texts(room))
    bob.do("say", room=room, body="Good!")
    alice.sees("Good!")


def test_two_are_sure_of_each_other_after_comparing_emoji(alice: Person, synapse: Synapse, element: Element) -> None:
    phone, carol = device(element, synapse, "dora", "Dora"), device(element, synapse, "carol", "Carol")
    key = phone.do("setUpKeys")
    carol.do("setUpKeys")
    room = meets(phone, carol)
    adds_the_account(alice, synapse, phone.user)
    alice.goes_to("/")
    unlocks(alice, key)
    alice.goes_to("/")
    alice.opens("Carol")
    alice.says("Is it really you?")
    carol.until(lambda: "Is it really you?" in carol.texts(room))
    compares(alice, carol)
    carol.until(lambda: carol.do("identityOf", user=phone.user)["verified"])
    alice.goes_to("/")
    alice.opens("Carol")
    expect(alice.page.get_by_text("Confirmed").first).to_be_visible()
    looks_at_her_devices(alice, carol)


def looks_at_her_devices(alice: Person, other: Device) -> None:
    """The one that was compared is hers."""
    page = alice.page
    page.get_by_role("link", name="Details").click()
    page.get_by_role("button", name="Devices").click()
    expect(page.get_by_role("heading", name=f"Devices of Carol ({other.user})")).to_be_visible()
    devices = page.get_by_role("main").get_by_role("listitem")
    expect(devices).to_have_count(1)
    expect(devices.first).to_contain_text("Confirmed by its owner")


def compares(alice: Person, other: Device) -> None:
    """Asked for by the button beside the name; the other side sees the same seven pictures."""
    page = alice.page
    page.get_by_role("link", name="Details").click()
    page.get_by_role("button", name="Verify").click()
    name = other.asked()
    other.do("verification", id=name, step="accept")
    page.get_by_role("button", name="They match").wait_for()
    seen = other.until(lambda: other.do("verification", id=name)["emoji"])
    for _, word in seen:
        expect(page.get_by_role("main")).to_contain_text(word)
    other.do("verification", id=name, step="confirm")
    page.get_by_role("button", name="They match").click()
    expect(page.get_by_role("button", name="They match")).not_to_be_visible()


def test_somebody_without_keys_gets_some_and_their_next_device_is_opened_with_the_recovery_key(
    alice: Person, synapse: Synapse, element: Element
) -> None:
    user, page = synapse.add_user("erna", PASSWORD, "Erna"), alice.page
    adds_the_account(alice, synapse, user).get_by_role("link", name="Details").click()
    page.get_by_role("button", name="Set up").first.click()
    page.get_by_role("button", name="Set up").click()
    expect(page.get_by_role("heading", name="Your recovery key")).to_be_visible()
    key = " ".join(page.get_by_role("main").get_by_role("listitem").all_inner_texts())
    page.get_by_role("button", name="I have kept it").click()
    expect(page.get_by_text("Your keys are set up")).to_be_visible()
    phone = element.device("erna").sign_in(synapse.url, user, PASSWORD)
    phone.do("unlock", recoveryKey=key)
    phone.until(lambda: all(one["verified"] for one in phone.do("devicesOf", user=user)))
