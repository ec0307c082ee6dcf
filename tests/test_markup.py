"""Foreign text becomes safe HTML, whatever it is."""

from html.parser import HTMLParser

import pytest
from bs4 import BeautifulSoup
from hypothesis import given
from hypothesis import strategies as st

from webapp.markup import clean_name, clean_text, icon_symbol, linked

pytestmark = pytest.mark.filterwarnings("ignore:The input passed in")

NASTY = [
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "<div hx-get=/admin hx-trigger=load>",
    "javascript:alert(1)",
    'https://a.example/" onmouseover="alert(1)',
    "https://a.example/' onclick='x",
    "data:text/html;base64,PHNjcmlwdD4=",
    "xmpp:bob@x.example?message;body=<b>",
    "http://<b>",
    "\u202ehttps://good.example/moc.live",
    "&lt;script&gt;",
    "{{ 7 * 7 }} {% raw %}",
    "https://",
    "((https://a.example/(b))).",
    "\x00\x1b[31mred\x1b[0m",
    "a" * 70_000,
    "https://a.example/" + "a" * 70_000,
    "\ud800",
]


def _only_links(html: str) -> None:
    for tag in BeautifulSoup(html, "html.parser").find_all(True):
        assert tag.name == "a"
        assert set(tag.attrs) == {"href", "rel", "target"}
        assert str(tag["href"]).lower().startswith(("http://", "https://", "xmpp:", "mailto:", "tel:", "geo:"))
        assert "nofollow" in tag["rel"]
        assert "noopener" in tag["rel"]


class _Words(HTMLParser):
    """Gathers what is between the tags, white space included."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.words: list[str] = []

    def handle_data(self, data: str) -> None:
        self.words.append(data)


def _words(html: str) -> str:
    parser = _Words()
    parser.feed(html)
    parser.close()
    return "".join(parser.words)


@pytest.mark.parametrize("text", NASTY)
def test_nasty_text_makes_nothing_but_links(text: str) -> None:
    _only_links(str(linked(text)))


@given(st.text() | st.lists(st.sampled_from([*NASTY[:14], " ", "\n", ")", "."])).map("".join))
def test_any_text_makes_nothing_but_links_and_loses_no_word(text: str) -> None:
    html = str(linked(text))
    _only_links(html)
    assert _words(html) == clean_text(text)


def test_a_link_ends_before_the_full_stop_and_the_closing_bracket() -> None:
    html = str(linked("see (https://a.example/x_(y)), or https://b.example/z."))
    hrefs = [a["href"] for a in BeautifulSoup(html, "html.parser").find_all("a")]
    assert hrefs == ["https://a.example/x_(y)", "https://b.example/z"]


@pytest.mark.parametrize("turner", ["\u202e", "\u202a", "\u2066", "\u2069", "\u200f", "\u061c"])
def test_direction_overrides_lose_their_power(turner: str) -> None:
    assert clean_text(f"a{turner}b") == "ab"
    assert clean_name(f"a{turner}b") == "ab"


def test_a_name_is_one_line_and_not_endless() -> None:
    assert clean_name("  Bob\n\tthe\u2028Builder\x07 ") == "Bob the Builder"
    assert len(clean_name("x" * 10_000)) == 200


@given(st.text())
def test_a_clean_name_stays_as_it_is(text: str) -> None:
    assert clean_name(clean_name(text)) == clean_name(text)


def test_an_icon_file_becomes_a_symbol() -> None:
    svg = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 16 16"><path d="M1 1"/></svg>'
    assert icon_symbol("n-x", svg) == '<symbol id="n-x" viewBox="0 0 16 16"><path d="M1 1"></path></symbol>'
