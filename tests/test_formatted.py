"""Foreign HTML is drawn only as far as it is harmless, and what somebody formats goes out as it was meant."""

import re
from html import unescape

import pytest
from bs4 import BeautifulSoup
from hypothesis import given
from hypothesis import strategies as st

from tests.nasty import NASTY
from webapp.formatted import DEEPEST, LONGEST, cleaned, formatted, from_markdown
from webapp.markup import clean_text

pytestmark = pytest.mark.filterwarnings("ignore:The input passed in")

ALLOWED = {
    *("b", "strong", "i", "em", "u", "s", "del", "sub", "sup", "code", "pre", "br", "hr", "p", "div", "span", "a"),
    *("blockquote", "ul", "ol", "li", "h1", "h2", "h3", "h4", "h5", "h6", "details", "summary", "bdi"),
    *("table", "thead", "tbody", "tr", "th", "td", "caption"),
}
SCHEMES = ("http://", "https://", "xmpp:", "mailto:", "tel:", "geo:")
PIECES = [
    *NASTY,
    "<b>",
    "</b>",
    "<p>",
    "</p>",
    "<a href='https://a.example/'>",
    "</a>",
    "<ol start='7'><li>",
    "</li></ol>",
]


def harmless(html: str | None) -> None:
    """Only tags and attributes that cannot do anything."""
    for tag in BeautifulSoup(html or "", "html.parser").find_all(True):
        assert tag.name in ALLOWED, tag
        assert set(tag.attrs) <= {"href", "rel", "target", "start", "class", "tabindex", "role"}, tag
        assert tag.get("class") in (None, ["spoiler"], ["message__target"])
        if tag.has_attr("href"):
            assert str(tag["href"]).lower().startswith(SCHEMES)
            assert {"nofollow", "noopener"} <= set(tag["rel"])


@pytest.mark.parametrize(
    "around", ["{}", "<p>{}</p>", "<b>x</b>{}", "<a href='{}'>x</a>", "<span data-mx-spoiler='{}'>x</span>"]
)
def test_nothing_nasty_gets_through(around: str) -> None:
    for text in NASTY:
        html = around.format(text)
        harmless(formatted(html))
        harmless(formatted(cleaned(html)))


def test_the_second_gate_alone_holds_too() -> None:
    for tag in BeautifulSoup("".join(map(cleaned, NASTY)), "html.parser").find_all(True):
        assert tag.name in ALLOWED, tag
        assert set(tag.attrs) <= {"href", "rel", "start", "data-mx-spoiler"}, tag
        assert str(tag.get("href", "https://")).lower().startswith(SCHEMES)


@given(st.lists(st.sampled_from(PIECES) | st.text()).map("".join))
def test_no_mixture_gets_through(html: str) -> None:
    harmless(formatted(html))


@given(st.text(min_size=1))
def test_words_between_tags_are_kept_as_they_are(text: str) -> None:
    words = clean_text(text.replace("\x00", "").replace("\ud800", ""))
    escaped = words.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    drawn = formatted(f"<b>{escaped}</b>")
    shown = re.sub(r"</?(?:b|a)(?: [^>]*)?>", "", str(drawn or ""))
    assert unescape(shown).split() == words.split()


def test_what_is_allowed_looks_as_it_was_meant() -> None:
    html = "<h1>Soup</h1><ol start='3'><li><em>hot</em><br>or not</li></ol><pre><code>&lt;b&gt; https://a.example</code></pre>"
    assert formatted(html) == (
        '<h1 role="presentation">Soup</h1><ol start="3"><li><em>hot</em><br>or not</li></ol>'
        "<pre><code>&lt;b&gt; https://a.example</code></pre>"
    )


def test_an_address_in_formatted_text_is_a_link_as_in_plain_text() -> None:
    (link,) = BeautifulSoup(str(formatted("<b>see https://a.example/x.</b>")), "html.parser").find_all("a")
    assert (link["href"], link["target"]) == ("https://a.example/x", "_blank")


@pytest.mark.parametrize(
    ("html", "told"),
    [
        ("<a href='https://evil.example/'>https://bank.example/login</a>", "(evil.example)"),
        ("<a href='https://evil.example/'>bank.example</a>", "(evil.example)"),
        ("<a href='https://bank.example@evil.example/'>Bank.example</a>", "(evil.example)"),
        ("<a href='https://www.bank.example/a'>bank.example</a>", ""),
        ("<a href='https://evil.example/'>our bank</a>", ""),
    ],
)
def test_a_link_that_says_another_address_than_it_leads_to_tells_both(html: str, told: str) -> None:
    found = BeautifulSoup(str(formatted(html)), "html.parser").find(class_="message__target")
    assert (found.get_text() if found else "") == told


@pytest.mark.parametrize(
    "href", ["/admin", "//evil.example", "javascript:alert(1)", "data:text/html,x", "\u202ehttps://a", "ftp://a"]
)
def test_a_link_that_leads_nowhere_good_leads_nowhere(href: str) -> None:
    assert formatted(f"<a href='{href}'>here</a>") == "<a>here</a>"


def test_direction_overrides_lose_their_power_here_too() -> None:
    assert formatted("<b>a\u202eb</b>") == "<b>ab</b>"


def test_a_spoiler_is_hidden_and_its_reason_is_nothing_that_works() -> None:
    html = "<span data-mx-spoiler='onload=x'>the end</span>"
    assert formatted(html) == '<span class="spoiler" tabindex="0">the end</span>'


@pytest.mark.parametrize(
    "html",
    [
        "x" * (LONGEST + 1),
        "<b>" * (DEEPEST + 1) + "deep",
        "<b><i>wrong</b></i>",
        "<div><b>never closed</div>" * 3,
        "</b>nothing was open",
        "<img src='https://a.example/x.png'>",
        "  <p> </p>",
        "",
    ],
)
def test_what_cannot_be_drawn_leaves_it_to_the_plain_body(html: str) -> None:
    assert formatted(html) is None


def test_what_is_just_short_and_flat_enough_is_drawn() -> None:
    assert formatted("x" * LONGEST) is not None
    assert formatted("<b>" * DEEPEST + "deep" + "</b>" * DEEPEST) is not None
    assert formatted("<p>one<p>two<ul><li>a<li>b</ul>") is not None


def test_a_message_that_would_make_a_parser_repeat_itself_never_reaches_one() -> None:
    """Each block would begin with all the tags before it once more: 60 KB would become megabytes."""
    open_tags = "<div>" + "".join(f"<b title={n}>" for n in range(90)) + "</div>"
    bomb = open_tags + "<div>x</div>" * 5_000
    assert len(cleaned(bomb[:6_000])) > 5 * 6_000
    assert formatted(bomb[:LONGEST]) is None


@pytest.mark.parametrize(
    ("typed", "html"),
    [
        ("**bold** and *not*", "<p><strong>bold</strong> and <em>not</em></p>"),
        ("~~no~~", "<p><s>no</s></p>"),
        ("`x < y`", "<p><code>x &lt; y</code></p>"),
        ("- soup\n- bread", "<ul>\n<li>soup</li>\n<li>bread</li>\n</ul>"),
        ("[here](https://a.example/)", '<p><a href="https://a.example/">here</a></p>'),
        ("*<b>*", "<p><em>&lt;b&gt;</em></p>"),
    ],
)
def test_what_is_formatted_goes_out_so(typed: str, html: str) -> None:
    assert from_markdown(typed) == html


@pytest.mark.parametrize(
    "typed",
    [
        *("Just words\nin two lines", "two\n\nparagraphs", "#hashtag", "2 * 3 * 4", "snake_case_name", "a < b & c"),
        *(
            "    four spaces",
            "&amp; stays",
            "¯\\(ツ)/¯",
            "a\n---",
            "<script>alert(1)</script>",
            "https://a.example/a_b_c",
        ),
        *("[x] or so\n\n[x]: https://a.example", "5 > 3", ":-* *sigh"),
    ],
)
def test_what_nobody_meant_as_formatting_stays_plain(typed: str) -> None:
    assert from_markdown(typed) is None


@given(
    st.text()
    | st.lists(
        st.sampled_from(
            ["*", "**", "`", "~~", "> ", "- ", "1. ", "# ", "a", " ", "\n", "[", "](https://a)", *NASTY[:9]]
        )
    ).map("".join)
)
def test_whatever_is_typed_goes_out_as_something_that_we_would_draw_ourselves(typed: str) -> None:
    html = from_markdown(typed)
    if html is not None:
        page = BeautifulSoup(html, "html.parser")
        assert {tag.name for tag in page.find_all(True)} <= ALLOWED
        assert formatted(html) is not None or not page.get_text().strip()
