"""Where people come over plain http, and not only from this machine, whoever looks after the house is told (A1)."""

import pytest

from webapp.settings import Settings

pytestmark = pytest.mark.process  # together they take seconds

PAGES = ("/", "/people", "/search", "/networks", "/settings", "/conversations/new", "/admin")


@pytest.fixture
def settings(settings):
    """The same house, reached by a name of its own and without https."""
    folders = {"data_dir": settings.data_dir, "key_file": settings.key_file}
    return Settings(_env_file=None, public_url="http://house.example", **folders)


@pytest.mark.parametrize("path", PAGES)
def test_administrators_are_warned_on_every_page(browser, alice, path):
    page = browser(alice).page(path)
    assert "plain http" in page.body.get_text()
    assert page.find("a", href="/admin#exposed") or page.find(id="exposed")


def test_nobody_else_is_troubled_with_it(browser, alice, bob):
    for path in PAGES[:-1]:
        assert "plain http" not in browser(bob).get(path).text
    assert "plain http" not in browser().get("/sign-in").text
