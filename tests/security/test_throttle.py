"""Whoever guesses passwords waits; whoever knows theirs comes in (A7)."""

import random
import secrets

import pytest

from tests.conftest import PASSWORD
from webapp.messaging.throttle import FREE_FAILURES, SECOND, Attempt, admit, attempt, clear
from webapp.models import Throttle
from webapp.models.columns import now

pytestmark = pytest.mark.process

KEY = secrets.token_bytes(32)
START = 1_800_000_000 * SECOND


def tried(db, house, who: Attempt, at: int) -> bool:
    """Whether this attempt would be evaluated."""
    return admit(db, who, at) == 0


def test_ten_thousand_guesses_from_fifty_places_are_hardly_heard(house):
    """In a quarter of an hour of fake time, against one name."""
    chance = random.Random(7)

    def attack(db):
        evaluated = 0
        for guess in range(10_000):
            place = f"203.0.113.{chance.randrange(50)}"
            at = START + guess * 90 * SECOND // 1000
            evaluated += tried(db, house, attempt(KEY, "alice", place), at)
        return evaluated

    assert house.database.write(attack) <= 60


def test_guesses_over_a_whole_day_are_hardly_heard(house):
    def attack(db):
        return sum(
            tried(db, house, attempt(KEY, "alice", f"203.0.113.{guess % 50}"), START + guess * 8 * SECOND)
            for guess in range(10_000)
        )

    assert house.database.write(attack) <= 110


def test_the_owner_comes_in_during_the_attack(house):
    def attack(db):
        for guess in range(500):
            admit(db, attempt(KEY, "alice", f"203.0.113.{guess % 50}"), START + guess * SECOND // 10)
        stranger = attempt(KEY, "alice", "198.51.100.7")
        owner = attempt(KEY, "alice", "198.51.100.7", known_browser="r4nd0m")
        at = START + 60 * SECOND
        return tried(db, house, stranger, at), tried(db, house, owner, at)

    assert house.database.write(attack) == (False, True)


def test_many_names_from_one_place_are_slowed_down(house):
    def spray(db):
        return sum(tried(db, house, attempt(KEY, f"name{n}", "203.0.113.1"), START + n * SECOND) for n in range(500))

    assert house.database.write(spray) <= 30


def test_one_network_of_ipv6_is_one_place(house):
    def spray(db):
        places = (f"2001:db8::{n:x}" for n in range(1, 400))
        return sum(tried(db, house, attempt(KEY, f"n{place}", place), START) for place in places)

    assert house.database.write(spray) <= 30


def test_the_house_hears_two_hundred_a_minute(house):
    def spray(db):
        return sum(tried(db, house, attempt(KEY, f"n{n}", f"10.{n // 250}.{n % 250}.1"), START) for n in range(1000))

    assert house.database.write(spray) == 200


def test_the_wait_doubles_up_to_a_quarter_of_an_hour(house):
    def waits(db):
        at, found = START, []
        for place in range(22):
            who = attempt(KEY, "alice", f"10.0.{place}.1")
            assert admit(db, who, at) == 0
            if place >= FREE_FAILURES - 1:
                found.append(admit(db, who, at))
                at += found[-1] * SECOND
        return found

    found = house.database.write(waits)
    assert found[:4] == [2, 4, 8, 16]
    assert found[-1] == max(found) == 900


def test_a_good_sign_in_clears_the_way(house):
    def story(db):
        who = attempt(KEY, "alice", "10.0.0.1")
        for _ in range(4):
            admit(db, who, START)
        clear(db, who)
        return [admit(db, who, START) for _ in range(5)]

    assert house.database.write(story) == [0] * 5


def test_the_rows_name_neither_people_nor_places(house):
    house.database.write(admit, attempt(KEY, "alice", "203.0.113.9"), START)
    rows = house.database.read(lambda db: db.get(Throttle, attempt(KEY, "alice", "203.0.113.9").who))
    assert rows.subject.isalnum()
    assert len(rows.subject) == 64


def test_at_the_door_the_wait_is_said_and_the_known_browser_is_let_in(browser, alice):
    known = browser()
    assert known.submit("/sign-in", {"name": "Alice", "password": PASSWORD}).status_code == 303
    known.submit("/sign-out")
    stranger = browser()
    codes = [stranger.submit("/sign-in", {"name": "Alice", "password": "wrong"}).status_code for _ in range(6)]
    assert codes[:5] == [403] * 5
    assert codes[5] == 429
    waiting = stranger.submit("/sign-in", {"name": "Alice", "password": PASSWORD})
    assert waiting.status_code == 429
    assert int(waiting.headers["retry-after"]) >= 1
    assert 'role="alert"' in waiting.text
    assert 'value="Alice"' in waiting.text
    assert known.submit("/sign-in", {"name": "Alice", "password": PASSWORD}).status_code == 303


def test_a_made_up_known_browser_is_a_stranger(browser, alice, bob):
    """Also one with a new name for each guess, and one that only Bob was ever known in."""
    liar, other = browser(), browser()
    other.submit("/sign-in", {"name": "Bob", "password": PASSWORD})
    forged = [f"{number}.{'0' * 64}" for number in range(6)]
    for mark in forged:
        liar.cookies.set("__Host-known", mark)
        answer = liar.submit("/sign-in", {"name": "Alice", "password": "wrong"})
    assert answer.status_code == 429
    for mark in ("x.y", "~~~", ".", other.cookies["__Host-known"]):
        liar.cookies.set("__Host-known", mark)
        assert liar.submit("/sign-in", {"name": "Alice", "password": "wrong"}).status_code == 429


def test_a_known_browser_waits_as_well_when_it_guesses(browser, alice):
    known = browser()
    known.submit("/sign-in", {"name": "Alice", "password": PASSWORD})
    known.submit("/sign-out")
    codes = [known.submit("/sign-in", {"name": "Alice", "password": "wrong"}).status_code for _ in range(6)]
    assert codes == [403] * 5 + [429]


@pytest.mark.parametrize(
    "name", ["", "x" * 100_000, "\x00", "\ud800".encode("utf-8", "surrogatepass").decode("latin-1")]
)
def test_strange_names_are_only_wrong(browser, alice, name):
    assert browser().submit("/sign-in", {"name": name, "password": "wrong"}).status_code == 403


def test_old_counts_are_forgotten(house):
    from webapp.messaging.throttle import forget_old

    house.database.write(admit, attempt(KEY, "alice", "203.0.113.9"), START)
    house.database.write(forget_old, max(START, now()) + 25 * 3600 * SECOND)
    assert house.database.read(lambda db: db.get(Throttle, attempt(KEY, "alice", "203.0.113.9").who)) is None
