"""Words for people, in their language.

Rooms that cannot know who will read (a connector, a verb) hand on a ``Sentence``: an English gettext msgid with named
values. It becomes words at the last moment, when a page is drawn for a person. ``N_`` marks an English text for the
catalogue without translating it. Catalogues are read from their ``.po`` files; nothing has to be compiled.
"""

import json
from dataclasses import dataclass, field
from functools import cache
from gettext import NullTranslations
from io import BytesIO
from pathlib import Path
from typing import Any

from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.support import Translations

LANGUAGES = {"en": "English", "de": "Deutsch"}
FOLDER = Path(__file__).parent / "locales"


def N_(text: str) -> str:  # noqa: N802 (gettext's own name for the mark)
    """Mark an English text for the catalogue and return it unchanged."""
    return text


@dataclass(frozen=True)
class Sentence:
    """A text for a person that is put into words later: ``Sentence(N_("No answer from %(host)s."), {"host": h})``."""

    msgid: str
    values: dict[str, Any] = field(default_factory=dict)

    def __hash__(self) -> int:
        return hash(self.to_json())

    def in_words(self, translations: NullTranslations) -> str:
        """The text in the reader's language; a value that is itself a sentence is put into words too."""
        values = {k: v.in_words(translations) if isinstance(v, Sentence) else v for k, v in self.values.items()}
        return translations.gettext(self.msgid) % values

    def to_json(self) -> str:
        return json.dumps({"msgid": self.msgid, "values": self.values}, default=_as_json, sort_keys=True)

    @classmethod
    def from_json(cls, text: str) -> "Sentence":
        return json.loads(text, object_hook=_from_json)  # type: ignore[no-any-return]


def _as_json(value: object) -> object:
    if isinstance(value, Sentence):
        return {"msgid": value.msgid, "values": value.values}
    raise TypeError(f"a sentence holds text, numbers and sentences, not {type(value).__name__}")


def _from_json(data: dict[str, Any]) -> object:
    return Sentence(data["msgid"], data["values"]) if data.keys() == {"msgid", "values"} else data


@cache
def translations(language: str) -> NullTranslations:
    """The catalogue of a language of ``LANGUAGES``; English for any other."""
    path = FOLDER / language / "LC_MESSAGES" / "messages.po"
    if language not in LANGUAGES or not path.is_file():
        return NullTranslations()
    with path.open("rb") as file:
        catalogue = read_po(file, locale=language)
    compiled = BytesIO()
    write_mo(compiled, catalogue)
    compiled.seek(0)
    return Translations(compiled)


def negotiate(accept_language: str) -> str:
    """The best of ``LANGUAGES`` for an Accept-Language header (RFC 9110 section 12.5.4); English if none fits."""
    wishes: list[tuple[float, str]] = []
    for part in accept_language[:1000].split(","):
        tag, _, weight = part.strip().partition(";q=")
        try:
            wishes.append((float(weight or 1), tag.partition("-")[0].lower()))
        except ValueError:
            continue
    for wish, language in sorted(wishes, key=lambda pair: -pair[0]):
        if wish > 0 and language in LANGUAGES:
            return language
    return "en"
