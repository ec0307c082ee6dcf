"""``/health``."""

import pytest

from webapp import __version__


def test_health_answers_to_anybody(browser):
    response = browser(None).get("/health")
    assert response.json() == {"status": "ok", "version": __version__}


NOTHING, OURS = "'none'", "'self'"
POLICY = {
    **dict.fromkeys(("default-src", "frame-ancestors", "base-uri"), NOTHING),
    **dict.fromkeys(("script-src", "style-src", "img-src", "font-src", "manifest-src", "form-action"), OURS),
    "connect-src": f"{OURS} wss://house.example",
}
HEADERS = {
    "cache-control": "no-store",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "referrer-policy": "no-referrer",
    "strict-transport-security": "max-age=31536000",
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
}


def test_every_answer_carries_the_security_headers(browser, alice):
    for answer in (browser(None).get("/health"), browser(alice).get("/nothing-here"), browser(alice).post("/settings")):
        given = answer.headers["content-security-policy"]
        assert dict(part.split(" ", 1) for part in given.split("; ")) == POLICY
        assert {name: answer.headers.get(name) for name in HEADERS} == HEADERS
        for what in ("camera", "geolocation", "microphone"):
            assert f"{what}=()" in answer.headers["permissions-policy"]


@pytest.mark.process
def test_a_mistake_of_ours_carries_them_too(app, browser, alice, monkeypatch):
    from starlette.testclient import TestClient

    from webapp.pages import health

    monkeypatch.setattr(health, "_ask", lambda _db: 1 / 0)
    outside = TestClient(app, base_url="https://house.example", raise_server_exceptions=False)
    answer = outside.get("/health")
    assert answer.status_code == 500
    assert {name: answer.headers.get(name) for name in HEADERS} == HEADERS
    assert "division" not in answer.text


def test_figures_are_for_this_machine_only(app, browser, alice):
    from starlette.testclient import TestClient

    assert browser(None).get("/metrics").status_code == 404
    here = TestClient(app, base_url="http://localhost", client=("127.0.0.1", 50000)).get("/metrics")
    assert 'hausbote_accounts{state="online"}' in here.text
    assert "hausbote_request_seconds_count" in here.text
    assert "Alice" not in here.text
    proxied = TestClient(app, base_url="http://localhost", client=("127.0.0.1", 50000))
    assert proxied.get("/metrics", headers={"X-Forwarded-For": "203.0.113.7"}).status_code == 404
