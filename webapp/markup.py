"""Foreign text on its way to the screen. Nothing else in the house marks HTML as safe.

What networks bring is plain text and stays text: it is escaped, addresses in it become links, and characters that could
make it look like something else (control characters, direction overrides; security.md S22) lose their power.
"""

import re
import unicodedata
from functools import cache
from xml.etree import ElementTree as ET

from markupsafe import Markup, escape

# U+200E/F, U+202A-E, U+2066-9, U+061C turn the direction of what follows; the rest cannot be seen or ends a line.
_DIRECTION = "\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069"
_INVISIBLE = "\x00-\x08\x0b-\x1f\x7f-\x9f\u00ad\u180e\u200b\u2028\u2029\u2060-\u2064\u206a-\u206f\ufeff\ufff0-\ufffb"
_TAGS = "\U000e0000-\U000e007f"  # invisible letters; in a text they make flags, in a name they only hide
_HARMFUL = re.compile(f"[{_DIRECTION}{_INVISIBLE}\ud800-\udfff]")
_NOT_IN_NAMES = re.compile(f"[{_DIRECTION}{_INVISIBLE}{_TAGS}\ud800-\udfff]+")

_LINK = re.compile(r"\b(?:https?://|xmpp:|mailto:|tel:|geo:)[^\s<>\"'`]+", re.IGNORECASE)
_CLOSERS = {")": "(", "]": "[", "}": "{"}
LONGEST_NAME = 200
LONGEST_LINK = 2_000


def clean_text(text: str) -> str:
    """The same words without characters that hide, reorder or break something; line breaks and tabs stay."""
    return _HARMFUL.sub("", text.replace("\r\n", "\n").replace("\r", "\n"))


def clean_name(text: str) -> str:
    """A name, a file name, a subject: one line, composed, nothing hidden in it, not endless."""
    one_line = " ".join(_NOT_IN_NAMES.sub("", re.sub(r"[\s\u2028\u2029]+", " ", text)).split())
    return unicodedata.normalize("NFC", one_line)[:LONGEST_NAME]


def _end_of_link(link: str) -> int:
    """Where a link ends: a full stop after it, or a bracket that was opened before it, is not part of it."""
    end = len(link)
    while end:
        last = link[end - 1]
        opener = _CLOSERS.get(last)
        if opener and link.count(opener, 0, end) >= link.count(last, 0, end):
            break
        if not opener and last not in ".,:;!?*_…":
            break
        end -= 1
    return end


def _link(address: str) -> Markup:
    return Markup('<a href="{0}" rel="noopener noreferrer nofollow" target="_blank">{0}</a>').format(address)


def linked(text: str) -> Markup:
    """Plain text as HTML: escaped, cleaned, and with links that can be followed."""
    text = clean_text(text)
    parts: list[Markup] = []
    position = 0
    for match in _LINK.finditer(text):
        end = match.start() + _end_of_link(match.group())
        if end - match.start() > LONGEST_LINK or text[match.start() : end].endswith(("//", ":")):
            continue
        parts += [escape(text[position : match.start()]), _link(text[match.start() : end])]
        position = end
    return Markup("").join([*parts, escape(text[position:])])


def drawn(html: str) -> Markup:
    """What a template of ours made: everything foreign in it was escaped there."""
    return Markup(html)  # noqa: S704 (everything foreign in it was escaped when it was drawn)


def _paths(node: ET.Element) -> Markup:
    """An element of an icon and what it holds, without namespaces."""
    name = node.tag.rpartition("}")[2]
    attributes = Markup("").join(Markup(' {}="{}"').format(k, v) for k, v in node.items())
    return Markup("<{0}{1}>{2}</{0}>").format(name, attributes, Markup("").join(map(_paths, node)))


@cache
def icon_symbol(name: str, svg: str) -> Markup:
    """An icon file of the program as a symbol that pages refer to: ``<use href="#NAME"/>``."""
    root = ET.fromstring(svg)  # noqa: S314 (the program's own file)
    shapes = Markup("").join(map(_paths, root))
    return Markup('<symbol id="{}" viewBox="{}">{}</symbol>').format(name, root.get("viewBox", "0 0 16 16"), shapes)
