"""Nothing is changed because another site asked for it (S11)."""

import re

import pytest

from tests.conftest import PASSWORD
from tests.routes import all_routes
from webapp.models import User

pytestmark = pytest.mark.process  # together they take seconds


def changing_routes(app):
    """Every way to change something: method and path, ids filled in."""
    for route in all_routes(app):
        for method in sorted(route.methods - {"GET", "HEAD"}):
            yield method, re.sub(r"\{[^}]+\}", "1", route.path)


def test_every_route_that_changes_something_wants_the_token(app, browser, alice):
    page = browser(alice)
    seen = list(changing_routes(app))
    assert len(seen) > 25
    for method, path in seen:
        for data, headers in (({}, {}), ({"csrf_token": "0" * 64}, {}), ({}, {"X-CSRF-Token": "0" * 64})):
            answer = page.request(method, path, data=data, headers=headers | {"Origin": page.house.settings.origin})
            assert answer.status_code == 403, (method, path)
    assert page.get("/settings").status_code == 200


def test_a_token_of_another_sign_in_is_none(browser, alice, bob, house):
    page, other = browser(alice), browser(bob)
    for token in (other.csrf_token, browser(alice).csrf_token):
        answer = page.post("/settings", data={"csrf_token": token, "theme": "dark"})
        assert answer.status_code == 403
    assert house.database.read(lambda db: db.get(User, alice.id)).theme == ""


def test_a_token_of_another_visit_opens_no_door(browser, alice):
    """Nobody signs a stranger's browser in as themselves."""
    mine, other = browser(), browser()
    token = other.page("/sign-in").find("input", {"name": "csrf_token"})["value"]
    own = mine.page("/sign-in").find("input", {"name": "csrf_token"})["value"]
    form = {"name": "Alice", "password": PASSWORD}
    assert mine.post("/sign-in", data=form | {"csrf_token": token}).status_code == 403
    assert "__Host-sid" not in mine.cookies
    assert mine.post("/sign-in", data=form | {"csrf_token": own}).status_code == 303


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Origin": "http://house.example"},
        {"Origin": "https://house.example:444"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Sec-Fetch-Site": "cross-site", "Origin": "https://house.example"},
    ],
)
def test_another_site_changes_nothing_even_with_the_token(browser, alice, house, headers):
    page = browser(alice)
    answer = page.post("/settings", data={"csrf_token": page.csrf_token, "theme": "dark"}, headers=headers)
    assert answer.status_code == 403
    assert house.database.read(lambda db: db.get(User, alice.id)).theme == ""


def test_the_token_may_come_in_a_header(browser, alice, house):
    page = browser(alice)
    page.post("/settings", data={"theme": "dark"}, headers={"X-CSRF-Token": page.csrf_token})
    assert house.database.read(lambda db: db.get(User, alice.id)).theme == "dark"


def test_nothing_is_changed_by_reading(app):
    for route in all_routes(app):
        if "GET" in route.methods:
            assert route.methods <= {"GET", "HEAD"}, route.path


def test_the_cookies_are_for_this_host_alone_and_out_of_reach_of_scripts(browser, alice):
    visitor = browser()
    visit = visitor.get("/sign-in").headers["set-cookie"]
    signed_in = visitor.submit("/sign-in", {"name": "Alice", "password": PASSWORD}).headers.get_list("set-cookie")
    for cookie in (visit, *signed_in):
        name, attributes = cookie.split("=", 1)[0], cookie.lower()
        assert name.startswith("__Host-")
        for part in ("secure", "httponly", "samesite=lax", "path=/"):
            assert part in attributes
        assert "domain" not in attributes


def test_a_foreign_host_name_gets_no_page(browser, alice):
    for host in ("evil.example", "house.example.evil.example", "house.example/%2f", "a@house.example", ""):
        answer = browser(alice).get("/settings", headers={"Host": host})
        assert answer.status_code == 421, host
        assert "Signed-in devices" not in answer.text


def test_too_long_a_body_is_refused_before_it_is_read(browser, alice):
    page = browser(alice)
    answer = page.submit("/settings", {"theme": "x" * 1_000_001})
    assert answer.status_code == 413
    assert 'role="alert"' in answer.text
    lying = page.post("/settings", content=iter([b"x" * 600_000] * 3), headers={"X-CSRF-Token": page.csrf_token})
    assert lying.status_code == 413
    many = page.post("/settings", data={f"f{n}": "x" for n in range(20_000)}, headers={"X-CSRF-Token": page.csrf_token})
    assert many.status_code in {400, 413, 422}


@pytest.mark.parametrize("token", ["", "0" * 64])
def test_a_form_with_a_file_wants_the_token_too(browser, alice, token):
    page = browser(alice)
    file = {"file": ("a.txt", b"canary")}
    there = {"headers": {"Origin": page.house.settings.origin}, "files": file}
    assert page.post("/settings", data={"csrf_token": token}, **there).status_code == 403
    assert page.post("/settings", data={"csrf_token": page.csrf_token}, **there).status_code == 303


@pytest.mark.parametrize("body", [b"", b"--x", b"--x\r\nContent-Disposition: nonsense\r\n\r\n", b"\xff" * 100])
def test_what_only_pretends_to_be_a_form_is_refused(browser, alice, body):
    headers = {"Content-Type": "multipart/form-data; boundary=x", "Origin": browser(alice).house.settings.origin}
    assert browser(alice).post("/settings", content=body, headers=headers).status_code == 403
