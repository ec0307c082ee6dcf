"""``/health``."""

from webapp import __version__


def test_health_answers_to_anybody(browser):
    response = browser(None).get("/health")
    assert response.json() == {"status": "ok", "version": __version__}


def test_every_answer_carries_the_security_headers(browser, alice):
    for answer in (browser(None).get("/health"), browser(alice).get("/nothing-here")):
        assert answer.headers["content-security-policy"].startswith("default-src 'none'; script-src 'self'")
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["cache-control"] == "no-store"
        assert answer.headers["strict-transport-security"]
