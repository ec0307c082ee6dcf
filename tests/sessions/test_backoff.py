"""Waiting before trying again (D8): long enough, not in step, and not for ever."""

import random

import pytest

from webapp.sessions import backoff
from webapp.sessions.backoff import FIRST_SECONDS, LONGEST_SECONDS, QUIET_SECONDS, Backoff

CEILINGS = [2, 4, 8, 16, 32, 64, 128, 256, 300, 300, 300]
RUNS = 400


@pytest.fixture(autouse=True)
def _always_the_same() -> None:
    random.seed(8)


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The time, in seconds; a test may set it."""
    time = [1000.0]
    monkeypatch.setattr(backoff.time, "monotonic", lambda: time[0])
    return time


def test_every_wait_is_anywhere_between_a_second_and_a_ceiling_that_doubles() -> None:
    runs = [[one.next() for _ in CEILINGS] for one in (Backoff() for _ in range(RUNS))]
    for ceiling, waits in zip(CEILINGS, zip(*runs, strict=True), strict=True):
        room = ceiling - FIRST_SECONDS
        assert FIRST_SECONDS <= min(waits) < FIRST_SECONDS + 0.05 * room, "short ones happen: full jitter"
        assert ceiling - 0.05 * room < max(waits) <= ceiling
        assert sum(waits) / RUNS == pytest.approx(FIRST_SECONDS + room / 2, rel=0.1)
    assert CEILINGS[-1] == LONGEST_SECONDS


def test_fifty_accounts_of_a_server_that_is_down_for_five_minutes_try_six_hundred_times_at_most() -> None:
    """R7, without the time that the attempts take."""
    for _ in range(20):
        assert sum(attempts_within(300) for _ in range(50)) <= 600


def attempts_within(seconds: float) -> int:
    """How often one account tries."""
    waiting, passed, attempts = Backoff(), 0.0, 0
    while passed < seconds:
        attempts += 1
        passed += waiting.next()
    return attempts


def test_a_line_that_held_for_a_minute_starts_anew(clock: list[float]) -> None:
    waiting = Backoff()
    for held, starts_anew in ((QUIET_SECONDS - 1, False), (QUIET_SECONDS, True)):
        for _ in range(9):
            waiting.next()
        waiting.online()
        clock[0] += held
        after = [waiting.next() for _ in range(2)]
        assert (max(after) <= 4) is starts_anew


@pytest.mark.parametrize(("asked_for", "least"), [(120.0, 120), (7.0, 7), (0.01, FIRST_SECONDS)])
def test_what_the_network_asks_for_is_waited_out_however_often_but_not_in_step(asked_for: float, least: float) -> None:
    """R6: a second more at most; nobody is asked more often than every second."""
    waiting = Backoff()
    waits = [waiting.next(asked_for) for _ in range(RUNS)]
    assert least <= min(waits) < least + 0.05
    assert least + 0.45 < max(waits) <= least + 0.5


def test_after_that_it_goes_on_as_if_it_had_waited_by_itself() -> None:
    waiting = Backoff()
    for _ in range(9):
        waiting.next(1.0)
    assert max(waiting.next() for _ in range(RUNS)) > LONGEST_SECONDS * 0.9
