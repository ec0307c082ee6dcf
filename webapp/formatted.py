"""Formatted text: foreign HTML made safe to draw, and Markdown made HTML on its way out.

Foreign HTML goes through three gates. It must be well nested and not deep, so that no parser can be kept busy by it;
nh3 leaves only what the list for formatted bodies allows (client-server API, ``m.room.message``), without
pictures and styles; and what is left is written anew, tag by tag, from our own list, with links and characters treated
as in plain text. What does not get through is not drawn: the plain body is.
"""

import re
from functools import lru_cache
from html.parser import HTMLParser
from urllib.parse import urlsplit

import nh3
from markdown_it import MarkdownIt
from markupsafe import Markup, escape

from webapp.markup import LONGEST_LINK, clean_text, drawn, linked

LONGEST = 65_536
DEEPEST = 100
KEPT = 256

_TAGS = {
    *("b", "strong", "i", "em", "u", "s", "del", "sub", "sup", "code", "pre", "br", "hr", "p", "div", "span", "a"),
    *("blockquote", "ul", "ol", "li", "h1", "h2", "h3", "h4", "h5", "h6", "details", "summary"),
    *("table", "thead", "tbody", "tr", "th", "td", "caption"),
}
_ATTRIBUTES = {"a": {"href"}, "ol": {"start"}, "span": {"data-mx-spoiler"}}
_SCHEMES = {scheme.rstrip(":") for scheme in ("http:", "https:", "xmpp:", "mailto:", "tel:", "geo:")}
_WITHOUT_END = {"br", "hr", "img", "input", "wbr", "area", "base", "col", "embed", "link", "meta", "source", "track"}
_END_THEMSELVES = {"p", "li", "dt", "dd", "tr", "td", "th", "thead", "tbody", "option"}
_TAG = re.compile(r"<(/?)([a-zA-Z][a-zA-Z0-9-]*)")
_HOST = re.compile(r"(?:https?://)?((?:[\w-]+\.)+[a-z]{2,})(?=$|[/:?#])", re.IGNORECASE)


@lru_cache(KEPT)
def formatted(html: str) -> Markup | None:
    """Foreign HTML that may be drawn; None where it is too long, too deep, ill nested or says nothing."""
    if len(html) > LONGEST or not _is_orderly(html):
        return None
    left = cleaned(html)
    if len(left) > 2 * len(html) + 1_000:
        return None
    writer = _Writer()
    writer.feed(left)
    writer.close()
    return drawn("".join(writer.parts)) if writer.says_something else None


def cleaned(html: str) -> str:
    """What nh3 leaves of it: the second gate. Not to be drawn without the third."""
    return nh3.clean(
        html,
        tags=_TAGS,
        attributes=_ATTRIBUTES,
        url_schemes=_SCHEMES,
        url_relative="deny",
        link_rel="noopener noreferrer nofollow",
    )


def _is_orderly(html: str) -> bool:
    """Whether each end ends what began last, and nothing is deep: then no parser has to repair or repeat anything.

    It reads less exactly than a parser does and errs on the side of plain text.
    """
    inside: list[str] = []
    for match in _TAG.finditer(html):
        name = match[2].lower()
        if name in _WITHOUT_END:
            continue
        if not match[1]:
            inside.append(name)
            if len(inside) > DEEPEST:
                return False
            continue
        while inside and inside[-1] != name and inside[-1] in _END_THEMSELVES:
            inside.pop()
        if not inside or inside.pop() != name:
            return False
    return True


class _Writer(HTMLParser):
    """Writes what nh3 left anew: only tags and attributes that stand here, everything else escaped."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.parts: list[str] = []
        self.says_something = False
        self._as_it_is = 0
        """Inside of how many links and pieces of code: there, no links are made."""
        self._links: list[tuple[str, list[str]]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in _TAGS:
            return
        self._as_it_is += tag in ("a", "code", "pre")
        given = {name: value or "" for name, value in attrs}
        if tag == "a":
            self._begin_link(given.get("href", ""))
        elif tag == "ol" and re.fullmatch(r"\d{1,6}", given.get("start", "")):
            self.parts.append(f'<ol start="{int(given["start"])}">')
        elif tag == "span" and "data-mx-spoiler" in given:
            self.parts.append('<span class="spoiler" tabindex="0">')
        elif tag[0] == "h" and tag != "hr":
            self.parts.append(f'<{tag} role="presentation">')  # a heading of the message, not of the page
        else:
            self.parts.append(f"<{tag}>")

    def handle_endtag(self, tag: str) -> None:
        if tag not in _TAGS or tag in _WITHOUT_END:
            return
        self._as_it_is -= tag in ("a", "code", "pre")
        self.parts.append(f"</{tag}>")
        if tag == "a" and self._links:
            self._end_link(*self._links.pop())

    def handle_data(self, data: str) -> None:
        text = clean_text(data)
        self.says_something = self.says_something or bool(text.strip())
        for _, said in self._links:
            said.append(text)
        self.parts.append(str(escape(text) if self._as_it_is else linked(text)))

    def _begin_link(self, address: str) -> None:
        scheme = address.partition(":")[0].lower()
        good = scheme in _SCHEMES and len(address) <= LONGEST_LINK and clean_text(address) == address
        self._links.append((address if good else "", []))
        href = f' href="{escape(address)}" rel="noopener noreferrer nofollow" target="_blank"' if good else ""
        self.parts.append(f"<a{href}>")

    def _end_link(self, address: str, said: list[str]) -> None:
        """A link that says another address than it leads to says that too (S22)."""
        claimed, real = _HOST.match("".join(said).strip()), _host_of(address)
        if real and claimed and _bare(claimed[1]) != _bare(real):
            self.parts.append(f' <bdi class="message__target">({escape(real)})</bdi>')


def _host_of(address: str) -> str:
    try:
        return urlsplit(address).hostname or ""
    except ValueError:
        return "?"


def _bare(host: str) -> str:
    return host.lower().removeprefix("www.")


_MARKDOWN = (
    MarkdownIt("commonmark", {"html": False, "breaks": True})
    .enable("strikethrough")
    # What people type without meaning it stays what they typed.
    .disable(["entity", "escape", "image", "lheading", "code", "hr", "html_block", "html_inline", "reference"])
)
_PLAIN = {"paragraph_open", "paragraph_close", "inline", "text", "softbreak", "hardbreak"}


def from_markdown(text: str) -> str | None:
    """What somebody typed as HTML, where they formatted it (CommonMark 0.31, and ~~struck~~); None for plain words."""
    tokens = _MARKDOWN.parse(text)
    kinds = {one.type for token in tokens for one in (token, *(token.children or ()))}
    if kinds <= _PLAIN:
        return None
    html: str = _MARKDOWN.renderer.render(tokens, _MARKDOWN.options, {}).strip()
    return html if len(html) <= LONGEST else None
