"""The line goes down and comes back: the page says so, and misses nothing."""

import time
from collections.abc import Callable

from playwright.sync_api import expect

from tests.journeys.people import PATIENCE, Person
from tests.journeys.stage import Stage

People = Callable[..., Person]


def test_what_was_said_while_the_line_was_down_is_there_when_it_is_back(house: Stage, person: People) -> None:
    alice, bob = person("Alice").signs_in(), person("Bob").signs_in()
    alice.starts_with("Bob")
    alice.says("before")
    bob.opens("Alice")
    bob.sees("before")
    house.line.cut()
    expect(bob.page.get_by_role("status").filter(has_text="No connection to the house")).to_be_visible()
    for number in range(20):
        alice.says(f"missed {number}")
    alice.page.wait_for_timeout(2000)
    assert bob.log().get_by_role("article").count() == 1
    house.line.mend()
    began = time.monotonic()
    bob.sees("missed 19")
    assert time.monotonic() - began < 5
    expect(bob.log().get_by_role("article")).to_have_count(21)
    expect(bob.page.get_by_role("status").filter(has_text="No connection to the house")).to_have_count(0)


def test_the_program_is_started_anew_and_the_page_goes_on(house: Stage, person: People) -> None:
    alice, bob = person("Alice").signs_in(), person("Bob").signs_in()
    alice.starts_with("Bob")
    alice.says("before")
    bob.opens("Alice")
    bob.sees("before")
    house.program.stop()
    alice.says("while it was away")
    expect(alice.page.get_by_role("status").filter(has_text="The house does not answer")).to_be_visible()
    house.program.start()
    bob.sees("while it was away")
    alice.sees("while it was away")
    bob.says("after")
    alice.sees("after")


def test_older_messages_come_while_scrolling_without_a_jump(house: Stage, person: People) -> None:
    alice = person("Alice").signs_in()
    alice.starts_with("Bob")
    for number in range(60):
        alice.says(f"line {number}.")
    alice.sees("line 59.", patience=60_000)
    alice.page.reload()
    log = alice.log()
    expect(log.get_by_role("article")).to_have_count(50)
    log.evaluate("log => { log.scrollTop = -600 }")
    seen = log.get_by_text("line 50.")
    place = seen.bounding_box()
    log.evaluate("log => { log.scrollTop = -99999 }")
    alice.sees("line 0.")
    expect(log.get_by_role("article")).to_have_count(60)
    log.evaluate("log => { log.scrollTop = -600 }")
    assert place is not None
    assert abs(seen.bounding_box()["y"] - place["y"]) < 3


def test_one_who_reads_further_up_is_left_there(house: Stage, person: People) -> None:
    alice, bob = person("Alice").signs_in(), person("Bob").signs_in()
    alice.starts_with("Bob")
    for number in range(30):
        alice.says(f"line {number}.")
    alice.sees("line 29.")
    bob.opens("Alice")
    bob.sees("line 29.")
    log = bob.log()
    log.evaluate("log => { log.scrollTop = -300 }")
    seen = log.get_by_text("line 15.")
    place = seen.bounding_box()
    alice.says("news")
    bob.sees("news")
    assert abs(seen.bounding_box()["y"] - place["y"]) < 3
    bob.page.get_by_role("button", name="New messages").click(timeout=PATIENCE)
    expect(bob.log().get_by_text("news")).to_be_in_viewport()
