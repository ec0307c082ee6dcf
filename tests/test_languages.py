"""Every text for people is in every language, and is chosen as the reader wants."""

import re

import pytest

from webapp.catalogues import extracted, stored
from webapp.languages import LANGUAGES, N_, Sentence, negotiate, translations

PLACEHOLDER = re.compile(r"%\(\w+\)[sd]")


def _texts(message: str | tuple[str, ...] | list[str]) -> list[str]:
    return [message] if isinstance(message, str) else list(message)


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_catalogue_has_every_text_and_no_other(language: str) -> None:
    there = {message.id for message in stored(language) if message.id}
    needed = {message.id for message in extracted() if message.id}
    assert needed - there == set(), "run: make catalogues, then translate"
    assert there - needed == set()


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_text_is_translated_with_the_same_names_in_it(language: str) -> None:
    for message in stored(language):
        names = set(PLACEHOLDER.findall("".join(_texts(message.id))))
        for text in _texts(message.string) if message.id else []:
            assert text.strip(), message.id
            assert set(PLACEHOLDER.findall(text)) == names, message.id


def test_a_sentence_is_put_into_words_late_and_with_sentences_in_it() -> None:
    reason = Sentence(N_("Not sent."))
    told = Sentence("%(said)s (The server says: %(text)s)", {"said": reason, "text": "50% off"})
    kept = Sentence.from_json(told.to_json())
    assert kept.in_words(translations("en")) == "Not sent. (The server says: 50% off)"
    assert kept.in_words(translations("de")) == "Nicht gesendet. (Der Server sagt: 50% off)"


@pytest.mark.parametrize(
    ("header", "language"),
    [("de-AT,de;q=0.9,en;q=0.8", "de"), ("fr, en;q=0.5, de;q=0.7", "de"), ("fr", "en"), ("", "en"), (";q=x,,", "en")],
)
def test_the_language_follows_the_browser(header: str, language: str) -> None:
    assert negotiate(header) == language
