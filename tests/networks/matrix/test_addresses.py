"""What counts as an address, in all the ways in which people write them."""

import pytest

from webapp.networks.matrix.addresses import (
    NoAddress,
    Place,
    alias,
    event_id,
    local,
    room_id,
    server_name,
    server_of,
    typed,
    user_id,
)

WRITTEN = {
    "@anna:example.org": Place("@anna:example.org"),
    "  @anna:Example.org ": Place("@anna:example.org"),
    "@anna:example.org:8448": Place("@anna:example.org:8448"),
    "@Änne=2f old+style:example.org": Place("@Änne=2f old+style:example.org"),
    "#garden:example.org": Place("#garden:example.org"),
    "!opaque:example.org": Place("!opaque:example.org"),
    "!31hneApxJ_1o-63DmFrpeqnkFfWppnzWso1JvH3ogLM": Place("!31hneApxJ_1o-63DmFrpeqnkFfWppnzWso1JvH3ogLM"),
    "https://matrix.to/#/@anna:example.org": Place("@anna:example.org"),
    "https://matrix.to/#/%23garden%3Aexample.org": Place("#garden:example.org"),
    "https://matrix.to/#/!a:b.org/$event?via=x.org&via=y.org": Place("!a:b.org", ("x.org", "y.org")),
    "matrix.to/#/#garden:example.org": Place("#garden:example.org"),
    "matrix:u/anna:example.org?action=chat": Place("@anna:example.org"),
    "matrix:r/garden:example.org": Place("#garden:example.org"),
    "matrix:roomid/opaque:example.org/e/event?via=x.org": Place("!opaque:example.org", ("x.org",)),
    "@anna:[2001:db8::1]:8448": Place("@anna:[2001:db8::1]:8448"),
}
NONE = [
    *("", " ", "anna", "anna@example.org", "@anna", "@:example.org", "@anna:", "#garden", "!", "!a b:c", "$event"),
    *("@anna:exa mple.org", "@anna:-bad.org", "@anna:host:0", "@anna:host:99999", "@anna:host:12a", "@a\nb:host"),
    *("@" + "a" * 250 + ":b.org", "matrix:x/anna:b.org", "matrix:u/", "https://matrix.to/#/", "https://b.org/@a:b.org"),
    *("@a:[::g]", "@a:\u0435xample.org", "@a\ud800:b.org", "matrix:roomid/a:b.org?via=../..", "x" * 3000),
    *("@anna:example.org:", "!ä:b.org", "@anna:b.org/path", "@ anna:b.org"),
]


@pytest.mark.parametrize("text", WRITTEN)
def test_it_is_understood_in_every_spelling(text: str) -> None:
    assert typed(text) == WRITTEN[text]


@pytest.mark.parametrize("text", NONE)
def test_what_is_none_is_told_apart(text: str) -> None:
    with pytest.raises(NoAddress):
        typed(text)


@pytest.mark.parametrize("text", WRITTEN)
def test_the_normal_form_is_understood_again(text: str) -> None:
    assert typed(str(WRITTEN[text])) == WRITTEN[text]


@pytest.mark.parametrize("check", [user_id, alias, room_id, event_id])
@pytest.mark.parametrize("value", [None, 1, [], {}, b"@a:b.org", "%a:b.org", ""])
def test_what_is_no_text_is_no_address(check, value) -> None:
    with pytest.raises(NoAddress):
        check(value)


def test_an_address_is_taken_apart() -> None:
    assert local("@anna:example.org:8448") == "anna"
    assert server_of("@anna:example.org:8448") == "example.org:8448"
    assert server_of("!without") == ""
    assert event_id("$abc-DEF_1") == "$abc-DEF_1"


@pytest.mark.parametrize("name", ["example.org", "EXAMPLE.org:8448", "1.2.3.4", "[::1]:80", "localhost"])
def test_a_server_is_named(name: str) -> None:
    assert server_name(name) == name.lower()
