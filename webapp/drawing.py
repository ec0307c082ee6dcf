"""Drawing a template for a reader.

One environment a language; every page, every push and every reconnect draws with it, so there is one look. A template
whose name starts with ``_`` is a fragment: one root element, one id, one main variable.
"""

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, tzinfo
from functools import cache, lru_cache
from hashlib import sha256
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from babel.dates import format_date
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from webapp import markup
from webapp.assets import static_url
from webapp.formatted import formatted
from webapp.languages import N_, Sentence, translations

TEMPLATES = Path(__file__).parent.parent / "templates"
TONES = 6

DELIVERY_WORDS = {
    "waiting": ("clock", N_("waiting"), N_("Waiting to be sent")),
    "sending": ("clock", N_("sending"), N_("Being sent")),
    "sent": ("check", N_("sent"), N_("Sent")),
    "delivered": ("check2", N_("delivered"), N_("Delivered")),
    "read": ("eye", N_("read"), N_("Read")),
    "failed": ("alert", N_("not sent"), N_("Not sent")),
    "uncertain": ("alert", N_("not certain"), N_("Not certain")),
}
"""How far an own message came: its sign, a word beside it, and what stands below the newest one."""


@cache
def zone_called(name: str) -> tzinfo:
    """The time zone with this IANA name; the server's own when there is none."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return datetime.now().astimezone().tzinfo or UTC


@dataclass(frozen=True)
class Reader:
    """Who will read a page: their language, time zone, and how they like to read. ``user_id`` None: not signed in."""

    language: str = "en"
    zone: str = ""
    theme: str = ""
    text_size: str = ""
    user_id: int | None = None
    name: str = ""
    is_administrator: bool = False
    enter_sends: bool = True

    def local(self, micros: int) -> datetime:
        """A moment (microseconds since 1970 UTC) on the reader's clock."""
        return datetime.fromtimestamp(micros / 1_000_000, UTC).astimezone(zone_called(self.zone))

    def words(self, sentence: Sentence | str) -> str:
        """A sentence in the reader's language; text as it is."""
        return sentence.in_words(translations(self.language)) if isinstance(sentence, Sentence) else sentence

    def clock(self, micros: int) -> str:
        """The time of day: 14:31."""
        return f"{self.local(micros):%H:%M}"

    def moment(self, micros: int) -> str:
        """Machine-readable, for ``<time datetime>``."""
        return self.local(micros).isoformat(timespec="seconds")

    def today(self) -> date:
        return datetime.now(zone_called(self.zone)).date()

    def day(self, micros: int) -> str:
        """The day line above messages: Today, Yesterday, Monday, 3 May, 3 May 2024."""
        day = self.local(micros).date()
        gettext = translations(self.language).gettext
        if day == self.today():
            return gettext("Today")
        if day == self.today() - timedelta(days=1):
            return gettext("Yesterday")
        return self._date(day, "EEEE")

    def time_and_day(self, micros: int) -> str:
        """A moment in a sentence: 14:31 today, Monday, 14:31, 3 May, 14:31."""
        day = self.local(micros).date()
        return self.clock(micros) if day == self.today() else f"{self._date(day, 'EEEE')}, {self.clock(micros)}"

    def when(self, micros: int) -> str:
        """The short time in a list: the time of day today, Yesterday, the weekday, the date."""
        day, today = self.local(micros).date(), self.today()
        if day == today - timedelta(days=1):
            return translations(self.language).gettext("Yesterday")
        return self.clock(micros) if day == today else self._date(day, "EEE")

    def _date(self, day: date, weekday: str) -> str:
        if timedelta(0) < self.today() - day < timedelta(days=6):
            return format_date(day, weekday, locale=self.language)
        month = "MMMM" if weekday == "EEEE" else "MMM"
        skeleton = f"d. {month}" if self.language == "de" else f"d {month}"
        return format_date(day, skeleton if day.year == self.today().year else f"{skeleton} y", locale=self.language)


def initials(name: str) -> str:
    """One or two letters that stand for somebody."""
    words = [word for word in markup.clean_name(name).split() if word[0].isalnum()]
    if not words:
        return "?"
    return words[0][:2].capitalize() if len(words) == 1 else (words[0][0] + words[1][0]).upper()


@lru_cache(4096)
def tone(key: str) -> int:
    """A colour for a person, 1 to 6: the same one every time."""
    return sha256(key.encode(errors="replace")).digest()[0] % TONES + 1


@cache
def environment(language: str) -> Environment:
    """The one way to draw, in one language."""
    made = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
        extensions=["jinja2.ext.i18n"],
    )
    made.install_gettext_translations(translations(language), newstyle=True)  # type: ignore[attr-defined]  # the extension adds it
    made.filters |= {"linked": markup.linked, "clean_name": markup.clean_name, "initials": initials, "tone": tone}
    made.filters["formatted"] = formatted
    made.globals |= {"static_url": static_url, "icon_symbol": markup.icon_symbol, "delivery_words": DELIVERY_WORDS}
    made.globals["m"] = made.get_template("_macros.html").module  # once, not with each of fifty messages
    return made


def draw(template: str, reader: Reader, **context: Any) -> str:
    """The HTML of a template for this reader."""
    return environment(reader.language).get_template(template).render(reader=reader, **context)
