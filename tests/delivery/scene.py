"""Alice in her house with an XMPP account; Bob and Carol out there, and a room with all of them."""

from collections.abc import Coroutine
from pathlib import Path
from typing import Any, TypeVar

from tests.far_side import Background, FarSide
from tests.program import Program
from tests.prosody import Prosody
from tests.visitor import Visitor

T = TypeVar("T")
# A room that is still there when its server comes back.
LASTING = (
    "<query xmlns='http://jabber.org/protocol/muc#owner'><x xmlns='jabber:x:data' type='submit'>"
    "<field var='FORM_TYPE'><value>http://jabber.org/protocol/muc#roomconfig</value></field>"
    "<field var='muc#roomconfig_persistentroom'><value>1</value></field></x></query>"
)
PASSWORD = "four otters borrow a lamp"


class Scene:
    """Everybody is signed in, and Alice has a conversation with each of them and with the room."""

    def __init__(self, program: Program, prosody: Prosody, alice: Visitor, background: Background) -> None:
        self.program = program
        self.prosody = prosody
        self.alice = alice
        self.background = background
        self.address = prosody.add_user("alice", "pw")
        self.far = {name: self._far(name) for name in ("bob", "carol")}
        self.room = f"garden@{prosody.muc}"
        background.call(self.far["bob"].join(self.room, "Bob"))
        background.call(self.far["bob"].ask("set", LASTING, self.room))
        alice.add_xmpp(self.address, "pw", "127.0.0.1", prosody.port)
        alice.until(lambda: "Online" in alice.account_state(self.address))
        self.conversations = {name: self._start(f"{name}@{prosody.host}") for name in self.far}
        self.conversations["room"] = self._start(self.room)

    def _far(self, name: str) -> FarSide:
        address = self.prosody.add_user(name, "pw")
        return self.background.sign_in(address, "pw", self.prosody.port, self.prosody.ca_file)

    def _start(self, address: str) -> int:
        page = self.alice.page("/conversations/new")
        account = next(o["value"] for o in page.select("select[name=account] option") if self.address in o.get_text())
        answer = self.alice.post_form(page, "/conversations/new", "Start", Account=str(account), Address=address)
        assert answer.status_code == 200, answer.text[-500:]
        return int(answer.url.path.rsplit("/", 1)[-1])

    def say(self, name: str, text: str) -> None:
        """Bob, Carol, or Bob in the room, says something."""
        if name == "room":
            self.background.do(self.far["bob"].say, self.room, text, kind="groupchat")
        else:
            self.background.do(self.far[name].say, self.address, text)

    def received(self, name: str) -> list[str]:
        """What arrived over there from Alice, in order."""
        who, sender = ("bob", self.room) if name == "room" else (name, self.address)
        return [body for body in self.far[who].bodies(sender) if body.startswith("out ")]

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        """Run a coroutine where the other side lives."""
        return self.background.call(work)

    def try_now(self) -> None:
        """Alice does not want to wait until the house tries again by itself."""
        article = next(a for a in self.alice.page("/networks").select("article") if self.address in a.get_text())
        if "Try now" in article.get_text():
            self.alice.fill_on(article, "/networks", "Try now")

    @property
    def database(self) -> Path:
        return self.program.data_dir / "hausbote.sqlite"

    def end(self) -> None:
        """Everybody out there goes home."""
        for far in self.far.values():
            self.background.call(far.sign_out())
