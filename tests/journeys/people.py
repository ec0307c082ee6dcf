"""People in browsers. They know what is on the screen: names of fields, buttons and links; nothing of the inside."""

import re
import time
from typing import Any

from playwright.sync_api import Browser, ConsoleMessage, Locator, Page, expect

PASSWORD = "four otters borrow a lamp"
PATIENCE = 30_000


class Person:
    """Somebody in front of a browser. ``page`` is the tab that they look at."""

    def __init__(self, browser: Browser, url: str, name: str, **options: Any) -> None:
        self.name = name
        self.url = url
        options = {"viewport": {"width": 1280, "height": 800}, "timezone_id": "Europe/Berlin"} | options
        self._context = browser.new_context(locale=options.pop("locale", "en-GB"), **options)
        self._context.set_default_timeout(PATIENCE)
        self.complaints: list[str] = []
        self.page = self.new_tab()

    def new_tab(self) -> Page:
        page = self._context.new_page()
        page.on("console", self._note)
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        return page

    def _note(self, message: ConsoleMessage) -> None:
        if message.type == "error" and "Content Security Policy" in message.text:
            self.complaints.append(message.text)

    def leave(self) -> None:
        self._context.close()
        assert self.complaints == []

    def goes_to(self, path: str) -> None:
        self.page.goto(self.url + path)

    def sets_up(self) -> "Person":
        self.goes_to("/setup")
        self._fills_in("Create administrator")
        return self

    def joins(self, invite: str) -> "Person":
        self.page.goto(invite)
        self._fills_in("Join")
        return self

    def signs_in(self) -> "Person":
        self.goes_to("/sign-in")
        self._fills_in("Sign in")
        return self

    def _fills_in(self, button: str) -> None:
        self.page.get_by_label("User name").fill(self.name)
        self.page.get_by_label("Password", exact=True).fill(PASSWORD)
        self.page.get_by_role("button", name=button).click()
        expect(self.page.get_by_role("navigation", name="Main")).to_be_visible()

    def invites(self) -> str:
        """Makes an invite; returns the link."""
        self.goes_to("/admin")
        self.page.get_by_role("button", name="Invite someone").click()
        self.page.get_by_role("button", name="Create invite").click()
        return self.page.get_by_label("Invite link").input_value()

    def starts_with(self, whom: str) -> None:
        """Opens a conversation with somebody of the house."""
        self.goes_to("/")
        expect(self.row("Family")).to_be_visible()
        self.page.get_by_role("button", name="New conversation").click()
        self.page.get_by_label("Address", exact=True).fill(whom)
        self.page.get_by_role("button", name="Start").click()
        expect(self.page.get_by_role("region", name=whom)).to_be_visible()

    def row(self, name: str, page: Page | None = None) -> Locator:
        """The row of a conversation in the list."""
        rows = (page or self.page).get_by_role("list", name="Conversations")
        return rows.get_by_role("link", name=re.compile(f"^{re.escape(name)}"))

    def opens(self, name: str, page: Page | None = None) -> None:
        self.row(name, page).click()
        expect((page or self.page).get_by_role("region", name=name)).to_be_visible()

    def looks_until_there_is(self, name: str) -> None:
        """Without a script a page only changes when it is asked for again."""
        end = time.monotonic() + PATIENCE / 1000
        self.goes_to("/")
        while not self.row(name).count() and time.monotonic() < end:
            self.page.wait_for_timeout(200)
            self.goes_to("/")

    @property
    def box(self) -> Locator:
        return self.page.get_by_role("textbox", name="Message")

    def says(self, text: str) -> None:
        self.box.fill(text)
        self.box.press("Enter")

    def log(self, page: Page | None = None) -> Locator:
        return (page or self.page).get_by_role("log", name="Messages")

    def sees(self, text: str, page: Page | None = None, patience: int = PATIENCE) -> Locator:
        """Waits until a message with this text is there; returns it."""
        message = self.log(page).get_by_role("article").filter(has_text=text)
        expect(message).to_have_count(1, timeout=patience)
        return message
