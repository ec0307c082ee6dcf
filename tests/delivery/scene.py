"""Alice in her house with an account on a network; Bob and Carol out there, and a room with all of them."""

from abc import ABC, abstractmethod
from pathlib import Path

from tests.program import Program
from tests.visitor import Visitor

PASSWORD = "four otters borrow a lamp"


class Scene(ABC):
    """Everybody is signed in, and Alice has a conversation with each of them and with the room.

    ``address`` is hers on the network; ``conversations`` are the house's ids by ``bob``, ``carol``, ``room``.
    """

    address: str
    conversations: dict[str, int]

    def __init__(self, program: Program, alice: Visitor) -> None:
        self.program = program
        self.alice = alice

    @abstractmethod
    def say(self, name: str, text: str) -> None:
        """Bob, Carol, or Bob in the room, says something."""

    @abstractmethod
    def received(self, name: str) -> list[str]:
        """What arrived over there from Alice, in order."""

    @abstractmethod
    def end(self) -> None:
        """Everybody out there goes home."""

    def start_talk(self, address: str) -> int:
        """Have Alice open a conversation; its id."""
        page = self.alice.page("/conversations/new")
        account = next(o["value"] for o in page.select("select[name=account] option") if self.address in o.get_text())
        answer = self.alice.post_form(page, "/conversations/new", "Start", Account=str(account), Address=address)
        assert answer.status_code == 200, answer.text[-500:]
        return int(answer.url.path.rsplit("/", 1)[-1])

    def try_now(self) -> None:
        """Alice does not want to wait until the house tries again by itself."""
        article = next(a for a in self.alice.page("/networks").select("article") if self.address in a.get_text())
        if "Try now" in article.get_text():
            self.alice.fill_on(article, "/networks", "Try now")

    def sign_in_again_path(self) -> str:
        """Where the house asks Alice to sign in again."""
        networks = self.alice.page("/networks")
        article = next(a for a in networks.select("article") if self.address in a.get_text())
        return str(next(a for a in article.select("a") if "Sign in again" in a.get_text())["href"])

    @property
    def database(self) -> Path:
        return self.program.data_dir / "hausbote.sqlite"
