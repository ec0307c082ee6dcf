"""Times, names and words as a reader sees them."""

from datetime import UTC, datetime, timedelta

import pytest
from jinja2 import UndefinedError

from webapp.drawing import Reader, environment, initials, tone
from webapp.models.columns import now, to_micros

BERLIN = Reader(zone="Europe/Berlin")


def test_the_clock_is_the_readers_own() -> None:
    moment = to_micros(datetime(2026, 1, 5, 23, 30, tzinfo=UTC))
    assert BERLIN.clock(moment) == "00:30"
    assert Reader(zone="UTC").clock(moment) == "23:30"
    assert BERLIN.moment(moment) == "2026-01-06T00:30:00+01:00"


def test_a_zone_that_does_not_exist_falls_back_to_the_servers() -> None:
    assert Reader(zone="../../etc/passwd").clock(now())
    assert Reader(zone="x" * 5000).clock(now())


def test_days_have_names_as_long_as_those_are_clear() -> None:
    today = to_micros(datetime.combine(BERLIN.today(), datetime.min.time(), tzinfo=BERLIN.local(now()).tzinfo))
    day = int(timedelta(days=1) / timedelta(microseconds=1))
    assert BERLIN.day(today + day // 2) == "Today"
    assert BERLIN.day(today - day // 2) == "Yesterday"
    assert BERLIN.day(today - 3 * day + day // 2).endswith("day")
    assert BERLIN.day(to_micros(datetime(2020, 5, 3, 12, tzinfo=UTC))) == "3 May 2020"
    assert Reader(language="de").day(to_micros(datetime(2020, 5, 3, 12, tzinfo=UTC))) == "3. Mai 2020"


def test_a_moment_in_a_sentence_names_the_day_unless_it_is_today() -> None:
    midday = to_micros(datetime.now(BERLIN.local(now()).tzinfo).replace(hour=12, minute=0))
    assert BERLIN.time_and_day(midday) == "12:00"
    long_ago = to_micros(datetime(2020, 5, 3, 12, tzinfo=UTC))
    assert BERLIN.time_and_day(long_ago) == "3 May 2020, 14:00"
    assert Reader(language="de", zone="UTC").time_and_day(long_ago) == "3. Mai 2020, 12:00"


@pytest.mark.parametrize(
    ("name", "letters"),
    [("Alice", "Al"), ("Bob Builder", "BB"), ("bob@x.example", "Bo"), ("", "?"), ("🙂", "?"), ("Öz Ünal", "ÖÜ")],
)
def test_initials_stand_for_a_name(name: str, letters: str) -> None:
    assert initials(name) == letters


def test_a_person_keeps_their_colour() -> None:
    assert tone("alice@x.example") == tone("alice@x.example")
    assert {tone(str(number)) for number in range(100)} == {1, 2, 3, 4, 5, 6}


def test_text_is_escaped_and_what_is_missing_is_an_error() -> None:
    template = environment("en").from_string("<b>{{ name }}</b>")
    assert template.render(name="<i>") == "<b>&lt;i&gt;</b>"
    with pytest.raises(UndefinedError):
        template.render()


def test_a_banner_may_carry_something_or_nothing() -> None:
    text = '{% import "_macros.html" as m %}{{ m.banner("Plain") }}{% call m.banner("With") %}<i>more</i>{% endcall %}'
    drawn = environment("en").from_string(text).render()
    assert "Plain" in drawn
    assert "<i>more</i>" in drawn
