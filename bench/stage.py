"""The stage for measurements with a real server, a real Prosody and a real Chromium."""

import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from tests.far_side import Background, FarSide
from tests.line import Line
from tests.program import Program
from tests.prosody import Prosody
from tests.visitor import Visitor

PASSWORD = "four otters borrow a lamp"
CHROMIUM = "/usr/bin/chromium"
FLAGS = (
    *("--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"),
    *("--disable-component-update", "--disable-sync"),
)


@dataclass
class Stage:
    """Alice's house, perhaps behind a line that can be cut, her XMPP account, and Bob out there."""

    program: Program
    prosody: Prosody
    line: Line | None
    url: str
    browser: Browser
    background: Background
    bob: FarSide
    raw: FarSide
    """Another device of Alice's: a plain client that receives the same messages."""
    address: str

    def window(self) -> BrowserContext:
        """A fresh browser profile in which Alice is signed in."""
        context = self.browser.new_context(viewport={"width": 1280, "height": 800})
        page = context.new_page()
        page.goto(f"{self.url}/sign-in")
        page.get_by_label("User name").fill("Alice")
        page.get_by_label("Password").fill(PASSWORD)
        page.get_by_role("button", name="Sign in").click()
        page.wait_for_url(f"{self.url}/")
        page.close()
        return context

    def cpu_seconds(self) -> float:
        """Processor time of the server so far."""
        fields = Path(f"/proc/{self.program.process.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / 100

    def resident_mb(self) -> float:
        """Memory of the server now."""
        lines = Path(f"/proc/{self.program.process.pid}/status").read_text().splitlines()
        return next(int(line.split()[1]) for line in lines if line.startswith("VmRSS")) / 1000


@contextmanager
def stage(*, through_line: bool = False) -> Iterator[Stage]:
    """Everything up, Bob and Alice are signed in. A line costs time of its own, so there is one only on request."""
    with ExitStack() as cleanup:
        folder = Path(cleanup.enter_context(tempfile.TemporaryDirectory(prefix="hausbote-bench-")))
        prosody = cleanup.enter_context(Prosody(folder / "prosody"))
        program = Program(
            folder / "house", HAUSBOTE_EXTRA_CA_FILE=str(prosody.ca_file), HAUSBOTE_PRIVATE_SERVERS="127.0.0.1"
        )
        line = cleanup.enter_context(Line(program.port)) if through_line else None
        url = line.url if line else program.url
        program.environment["HAUSBOTE_PUBLIC_URL"] = url
        program.start()
        cleanup.callback(program.stop)
        background = Background()
        cleanup.callback(background.stop)
        address = prosody.add_user("alice", "pw")
        bob = background.sign_in(prosody.add_user("bob", "pw"), "pw", prosody.port, prosody.ca_file)
        with Visitor(url) as alice:
            alice.set_up("Alice", PASSWORD)
            alice.add_xmpp(address, "pw", "127.0.0.1", prosody.port)
            alice.until(lambda: "Online" in alice.account_state(address))
        raw = background.sign_in(address, "pw", prosody.port, prosody.ca_file, device="raw")
        playwright = cleanup.enter_context(sync_playwright())
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=list(FLAGS))
        cleanup.callback(browser.close)
        yield Stage(program, prosody, line, url, browser, background, bob, raw, address)
        for far in (bob, raw):
            background.call(far.sign_out())


def open_talk(made: Stage, context: BrowserContext, greeting: str = "Hello") -> Page:
    """A tab with the conversation with Bob, in front and live."""
    made.background.do(made.bob.say, made.address, greeting)
    page = context.new_page()
    page.goto(made.url)
    page.locator("[data-conversation]", has_text="bob").first.click()
    page.get_by_role("log", name="Messages").get_by_text(greeting, exact=True).wait_for()
    time.sleep(1)
    return page
