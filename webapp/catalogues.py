"""``python -m webapp.catalogues``: gather every text for people, from code and templates, into the catalogues.

New texts are added empty, texts that nobody uses any more are dropped; English is filled in with the text itself.
"""

from collections.abc import Iterator
from io import BytesIO
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po, write_po

from webapp.languages import FOLDER, LANGUAGES

ROOT = Path(__file__).parent.parent
METHODS = {
    "webapp": [("**.py", "python")],
    "templates": [("**.html", "jinja2")],
}
KEYWORDS = {"_": None, "gettext": None, "ngettext": (1, 2), "N_": None}


def extracted() -> Catalog:
    """Every text for people that there is."""
    catalog = Catalog(project="Hausbote", charset="utf-8", fuzzy=False)
    for place, context, text in _texts():
        catalog.add(text, locations=[(place, 0)], context=context)
    return catalog


def _texts() -> Iterator[tuple[str, str | None, str | tuple[str, ...]]]:
    for folder, methods in METHODS.items():
        found = extract_from_dir(ROOT / folder, methods, {"**.html": {"trimmed": "true"}}, KEYWORDS, ())
        for name, _line, text, _comments, context in found:
            yield f"{folder}/{name}", context, text


def path_of(language: str) -> Path:
    """Where a language's catalogue lies."""
    return FOLDER / language / "LC_MESSAGES" / "messages.po"


def stored(language: str) -> Catalog:
    """The catalogue of a language as it is; an empty one if there is none."""
    path = path_of(language)
    if not path.is_file():
        return Catalog(locale=language, project="Hausbote", charset="utf-8", fuzzy=False)
    with path.open("rb") as file:
        return read_po(file, locale=language)


def update(language: str) -> Catalog:
    """The catalogue of a language with all texts of today and none of yesterday."""
    catalog = stored(language)
    catalog.update(extracted(), no_fuzzy_matching=True)
    catalog.obsolete.clear()
    for message in catalog:
        message.locations = []
        if language == "en" and message.id:
            message.string = message.id
    return catalog


def main() -> None:
    """Write every catalogue anew."""
    for language in LANGUAGES:
        text = BytesIO()
        write_po(text, update(language), width=118, omit_header=True, sort_output=True, no_location=True)
        path_of(language).parent.mkdir(parents=True, exist_ok=True)
        path_of(language).write_bytes(text.getvalue())


if __name__ == "__main__":
    main()
