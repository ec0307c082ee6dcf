"""Somebody who uses the house without JavaScript: pages are read, forms are filled in by their labels and posted.

Knows the outside only: addresses, labels, buttons. Used where a real browser would be too slow, or must outlive the
server.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass
from types import TracebackType
from typing import Any

import httpx
from bs4 import BeautifulSoup, Tag

PATIENCE = 30.0


@dataclass(frozen=True)
class Bubble:
    """A message as the page shows it."""

    id: int
    text: str
    own: bool
    delivery: str


class Visitor:
    """A person with cookies."""

    def __init__(self, url: str) -> None:
        # Browsers send a Secure cookie to http://localhost; this client needs to be told.
        self.http = httpx.Client(base_url=url, timeout=35, follow_redirects=True, headers={"origin": url})
        self.cookies: dict[str, str] = {}
        self.http.event_hooks = {"request": [self._attach], "response": [self._keep]}

    def __enter__(self) -> "Visitor":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.http.close()

    def page(self, path: str) -> BeautifulSoup:
        """A page; fails if it is none."""
        answer = self.http.get(path)
        answer.raise_for_status()
        return BeautifulSoup(answer.text, "html.parser")

    def fill(self, path: str, button: str, **fields: str) -> BeautifulSoup:
        """Fill in the form with this button on a page; field names are labels, with _ for spaces."""
        return self.fill_on(self.page(path), path, button, **fields)

    def fill_on(self, page: Tag, path: str, button: str, **fields: str) -> BeautifulSoup:
        """The same on a page that was read already."""
        answer = self.post_form(page, path, button, **fields)
        return BeautifulSoup(answer.text, "html.parser")

    def post_form(self, page: Tag, path: str, button: str, **fields: str) -> httpx.Response:
        """Post the form with this button and return the answer, whatever it is."""
        form, pressed = _form_with(page, button)
        data = _values(form)
        if pressed.get("name"):
            data[str(pressed["name"])] = str(pressed.get("value", ""))
        for label, value in fields.items():
            data[_field_called(form, label.replace("_", " "))] = value
        return self.http.post(str(form.get("action") or path), data=data)

    def set_up(self, name: str, password: str) -> None:
        """Become the first administrator."""
        self.fill("/setup", "Create administrator", User_name=name, Password=password)

    def sign_in(self, name: str, password: str) -> None:
        """Sign in."""
        self.fill("/sign-in", "Sign in", User_name=name, Password=password)

    def add_xmpp(self, address: str, password: str, server: str, port: int) -> None:
        """Add an account, as the form asks for it."""
        fields = {"Address": address, "Password": password, "Server": server, "Port": str(port)}
        self.fill("/networks/add/xmpp", "Connect", **fields)

    def account_state(self, address: str) -> str:
        """The text of the account's article on the networks page; empty if it is not there."""
        for article in self.page("/networks").select("article"):
            if address in article.get_text():
                return article.get_text(" ", strip=True)
        return ""

    def conversations(self) -> dict[str, int]:
        """The rows of the inbox: accessible name and id."""
        rows = self.page("/").select("[data-conversation]")
        return {row.get_text(" ", strip=True): int(str(row["data-conversation"])) for row in rows}

    def conversation_called(self, name: str) -> int:
        """The id of the conversation whose row starts with this name; waits for it."""
        return self.until(lambda: next((i for n, i in self.conversations().items() if name in n.split("\n")[0]), None))

    def bubbles(self, conversation: int) -> list[Bubble]:
        """The messages that the conversation's page shows."""
        return [_bubble(article) for article in self.page(f"/conversations/{conversation}").select("[data-message]")]

    def send(self, conversation: int, text: str) -> httpx.Response:
        """Write a message on the conversation's page."""
        page = self.page(f"/conversations/{conversation}")
        return self.post_form(page, "", "Send", Message=text)

    def until(self, true: Callable[[], Any], seconds: float = PATIENCE) -> Any:
        """Wait until something is true, and return it."""
        ends = time.monotonic() + seconds
        while not (value := true()):
            assert time.monotonic() < ends, "it did not happen in time"
            time.sleep(0.05)
        return value

    def _attach(self, request: httpx.Request) -> None:
        if self.cookies:
            request.headers["cookie"] = "; ".join(f"{name}={value}" for name, value in self.cookies.items())

    def _keep(self, response: httpx.Response) -> None:
        for line in response.headers.get_list("set-cookie"):
            name, _, rest = line.partition("=")
            value = rest.partition(";")[0].strip('"')
            if value and "max-age=0" not in line.lower():
                self.cookies[name] = value
            else:
                self.cookies.pop(name, None)


def _bubble(article: Tag) -> Bubble:
    text = article.select_one(".message__text")
    return Bubble(
        id=int(str(article["data-message"])),
        text=text.get_text() if text else "",
        own=article.has_attr("data-own"),
        delivery=str(article.get("data-delivery", "")),
    )


def _form_with(page: Tag, button: str) -> tuple[Tag, Tag]:
    for form in page.select("form"):
        for candidate in form.select("button"):
            if button in (candidate.get_text(" ", strip=True), candidate.get("aria-label")):
                return form, candidate
    raise AssertionError(f"no form with a button {button!r}: {page.get_text(' ', strip=True)[:400]}")


def _values(form: Tag) -> dict[str, str]:
    values: dict[str, str] = {}
    for field in form.select("input[name], textarea[name], select[name]"):
        kind = field.get("type")
        if kind in ("checkbox", "radio") and not field.has_attr("checked"):
            continue
        values[str(field["name"])] = _value(field)
    return values


def _value(field: Tag) -> str:
    if field.name == "textarea":
        return field.get_text()
    if field.name == "select":
        chosen = field.select_one("option[selected]") or field.select_one("option")
        return str(chosen.get("value", chosen.get_text())) if chosen else ""
    return str(field.get("value", "on" if field.get("type") == "checkbox" else ""))


def _field_called(form: Tag, label: str) -> str:
    for field in form.select("input[name], textarea[name], select[name]"):
        names = [str(field.get("aria-label", ""))]
        names += [tag.get_text(" ", strip=True) for tag in form.select(f'label[for="{field.get("id")}"]')]
        if field.parent is not None and field.parent.name == "label":
            names.append(field.parent.get_text(" ", strip=True))
        if any(name == label or name.startswith(f"{label} ") for name in names):
            return str(field["name"])
    raise AssertionError(f"no field {label!r} in {form.get_text(' ', strip=True)[:200]}")
