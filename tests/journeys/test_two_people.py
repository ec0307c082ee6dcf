"""Alice and Bob, from the first day on, each in a browser of their own."""

from collections.abc import Callable

from playwright.sync_api import expect

from tests.journeys.people import PATIENCE, Person
from tests.journeys.stage import Stage

People = Callable[..., Person]


def test_the_first_day_from_set_up_to_the_first_chat(program: Stage, person: People) -> None:
    alice = person("Alice").sets_up()
    bob = person("Bob").joins(alice.invites())
    alice.starts_with("Bob")
    alice.says("Is there any soup left?")
    alice.sees("Is there any soup left?")
    expect(bob.row("Alice")).to_contain_text("1 unread", timeout=PATIENCE)
    bob.opens("Alice")
    bob.sees("Is there any soup left?")
    bob.says("All of it")
    alice.sees("All of it")
    expect(bob.row("Alice")).not_to_contain_text("unread")
    expect(alice.sees("Is there any soup left?")).to_have_attribute("data-delivery", "read")


def test_two_tabs_of_one_person_stay_in_step(house: Stage, person: People) -> None:
    alice, bob = person("Alice").signs_in(), person("Bob").signs_in()
    bob.starts_with("Alice")
    other = alice.new_tab()
    other.goto(alice.url + "/")
    bob.says("Hello")
    expect(alice.row("Bob")).to_contain_text("1 unread")
    expect(alice.row("Bob", other)).to_contain_text("1 unread")
    alice.page.bring_to_front()
    alice.opens("Bob")
    expect(alice.row("Bob", other)).not_to_contain_text("unread")
    alice.opens("Bob", other)
    alice.says("Hi Bob")
    alice.sees("Hi Bob", other)
    alice.box.fill("and then")
    expect(alice.row("Bob", other)).to_contain_text("Draft: and then")


def test_a_reload_keeps_what_was_typed(house: Stage, person: People) -> None:
    alice = person("Alice").signs_in()
    alice.starts_with("Bob")
    alice.box.fill("half a thou")
    alice.box.press_sequentially("ght")
    expect(alice.row("Bob")).to_contain_text("Draft: half a thought")
    alice.page.reload()
    expect(alice.box).to_have_value("half a thought")
    alice.says("a whole thought")
    alice.sees("a whole thought")
    alice.page.reload()
    expect(alice.box).to_have_value("")


def test_enter_sends_and_shift_enter_breaks(house: Stage, person: People) -> None:
    alice = person("Alice").signs_in()
    alice.starts_with("Bob")
    alice.box.fill("one")
    alice.box.press("Shift+Enter")
    alice.box.press_sequentially("two")
    alice.box.press("Enter")
    assert alice.sees("one").locator(".message__text").inner_text() == "one\ntwo"
    expect(alice.box).to_have_value("")


def test_what_is_sent_fast_arrives_in_order(house: Stage, person: People) -> None:
    alice, bob = person("Alice").signs_in(), person("Bob").signs_in()
    alice.starts_with("Bob")
    for number in range(12):
        alice.says(f"line {number}")
    bob.opens("Alice")
    bob.sees("line 11")
    for one in (alice, bob):
        one.sees("line 11")
        texts = one.log().get_by_role("article").locator(".message__text").all_inner_texts()
        assert texts == [f"line {number}" for number in range(12)]


def test_what_is_too_long_is_still_there_and_says_why(house: Stage, person: People) -> None:
    alice = person("Alice").signs_in()
    alice.starts_with("Bob")
    alice.says("x" * 70_000)
    expect(alice.page.get_by_role("alert")).to_contain_text("Shorten it")
    expect(alice.box).to_have_value("x" * 70_000)
