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


def test_figures_are_for_this_machine_only(app, browser, alice):
    from starlette.testclient import TestClient

    assert browser(None).get("/metrics").status_code == 404
    here = TestClient(app, base_url="http://localhost", client=("127.0.0.1", 50000)).get("/metrics")
    assert 'hausbote_accounts{state="online"}' in here.text
    assert "hausbote_request_seconds_count" in here.text
    assert "Alice" not in here.text
    proxied = TestClient(app, base_url="http://localhost", client=("127.0.0.1", 50000))
    assert proxied.get("/metrics", headers={"X-Forwarded-For": "203.0.113.7"}).status_code == 404
